"""Files as their upstream publishes them, never used before their sha256 is checked.

`SEQZOO_DATA_DIR` names a folder that already holds them, and then nothing is
downloaded. Otherwise pooch downloads them once, to `SEQZOO_CACHE` or the user cache.
"""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UpstreamFile:
    """One file of a public data set."""

    path: str  # in the data folder, such as multi30k/train.en.gz
    url: str  # where upstream publishes it
    sha256: str  # of the bytes that upstream publishes, in hexadecimal


def read_bytes(file: UpstreamFile) -> bytes:
    """The file's bytes, checked.

    In `SEQZOO_DATA_DIR` a file that upstream publishes plain may also lie
    gzip-compressed, as `path` + `.gz`; the sha256 is that of the plain bytes.

    Raises:
        FileNotFoundError: If `SEQZOO_DATA_DIR` is set and lacks the file.
        ValueError: If the bytes are not those of upstream.
        ConnectionError: If the file cannot be downloaded.
    """
    folder = os.environ.get("SEQZOO_DATA_DIR")
    return _local_bytes(Path(folder), file) if folder else _downloaded_bytes(file)


def _local_bytes(folder: Path, file: UpstreamFile) -> bytes:
    path = folder / file.path
    if not path.is_file():
        path = path.with_name(path.name + ".gz")
    if not path.is_file():
        raise FileNotFoundError(
            f"SEQZOO_DATA_DIR={folder} must hold {file.path}, which is missing. Put "
            f"{file.url} there, or unset SEQZOO_DATA_DIR to download it."
        )
    data = path.read_bytes()
    if path.name != Path(file.path).name:
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"{path} must be a whole gzip file. Received: {error}. Get {file.url} "
                "again."
            ) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != file.sha256:
        raise ValueError(
            f"{path} must have sha256 {file.sha256}. Received: {sha256} "
            f"({len(data)} bytes). Remove it and get {file.url} again."
        )
    return data


def _downloaded_bytes(file: UpstreamFile) -> bytes:
    import pooch  # only a download needs it

    store = pooch.create(
        path=pooch.os_cache("seqzoo"),
        env="SEQZOO_CACHE",
        base_url="",
        registry={file.path: f"sha256:{file.sha256}"},
        urls={file.path: file.url},
    )
    try:
        return Path(store.fetch(file.path)).read_bytes()
    except ValueError as error:
        raise ValueError(
            f"{file.url} must have sha256 {file.sha256}. Received: {error}. Upstream "
            "has changed the file or the download was cut short: try again, or put the "
            "right file into SEQZOO_DATA_DIR."
        ) from error
    except OSError as error:
        raise ConnectionError(
            f"{file.url} could not be downloaded to {store.path}: {error}. Check the "
            f"network, or put the file into a folder as {file.path} and set "
            "SEQZOO_DATA_DIR to that folder."
        ) from error
