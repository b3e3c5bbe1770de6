"""Files as their upstream publishes them, never used before their sha256 is checked.

`SEQZOO_DATA_DIR` names a folder that already holds them, and then nothing is
downloaded. Otherwise they are downloaded once, into `SEQZOO_CACHE` or the user's cache.
"""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class UpstreamFile:
    """One file of a public data set.

    Args:
        path: Where it lies in the data folder, such as `multi30k/train.en.gz`.
        url: Where upstream publishes it.
        sha256: Of the bytes that upstream publishes, in hexadecimal.
    """

    path: str
    url: str
    sha256: str


def read_bytes(file: UpstreamFile) -> bytes:
    """The file's bytes, checked.

    In `SEQZOO_DATA_DIR` a file that upstream publishes plain may also lie
    gzip-compressed, as `path` + `.gz`; the sha256 is that of the plain bytes.

    Raises:
        FileNotFoundError: If `SEQZOO_DATA_DIR` is set and lacks the file.
        ValueError: If the bytes are not those of upstream.
        ConnectionError: If the file cannot be downloaded.
    """
    data_dir = os.environ.get("SEQZOO_DATA_DIR")
    if data_dir:
        return _read_local(Path(data_dir) / file.path, file)
    return _download(file).read_bytes()


def _read_local(path: Path, file: UpstreamFile) -> bytes:
    compressed = path.with_name(path.name + ".gz")
    if path.is_file():
        data = path.read_bytes()
    elif compressed.is_file():
        try:
            data = gzip.decompress(compressed.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"{compressed} must be a whole gzip file. Received: {error}. "
                f"Get {file.url} again."
            ) from error
        path = compressed
    else:
        raise FileNotFoundError(
            f"SEQZOO_DATA_DIR={os.environ['SEQZOO_DATA_DIR']} must hold {file.path}, "
            f"which does not exist. Put {file.url} there, or unset SEQZOO_DATA_DIR "
            "to download it."
        )
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise ValueError(
            f"{path} must have sha256 {file.sha256}. Received: {found} "
            f"({len(data)} bytes). Remove it and get {file.url} again."
        )
    return data


def _download(file: UpstreamFile) -> Path:
    """The path of the downloaded file; pooch checks it and keeps it in the cache."""
    # Only a download needs pooch.
    import pooch

    path = Path(os.environ.get("SEQZOO_CACHE") or pooch.os_cache("seqzoo")) / file.path
    try:
        fetched = pooch.retrieve(
            file.url, f"sha256:{file.sha256}", fname=path.name, path=path.parent
        )
    except ValueError as error:
        raise ValueError(
            f"{file.url} must have sha256 {file.sha256}. Received: {error}. "
            "Upstream has changed the file or the download was cut short: try "
            "again, or put the right file into SEQZOO_DATA_DIR."
        ) from error
    except OSError as error:
        raise ConnectionError(
            f"{file.url} could not be downloaded to {path}: {error}. Check the "
            f"network, or put the file into a folder as {file.path} and set "
            "SEQZOO_DATA_DIR to that folder."
        ) from error
    return Path(fetched)
