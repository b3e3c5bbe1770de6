"""Data sets of tensorflow_datasets, or an error at once where there is no network."""

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

# Hosts of data sets; one that answers is enough, for others may be blocked.
HOSTS = ("storage.googleapis.com", "github.com", "www.cs.toronto.edu")
PATIENCE = 3  # seconds for a connection
PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def from_tfds(name: str, **options: Any) -> Any:
    """The examples of `tensorflow_datasets.load(name, **options)`, as NumPy arrays.

    Raises:
        ConnectionError: If the data set is neither here nor can be downloaded.
    """
    folder = data_folder()
    if not (folder / name).is_dir() and not _is_online():
        raise ConnectionError(
            f"The data set {name} is not in {folder}, and there is no network to "
            f"download it: none of {', '.join(HOSTS)} answers. Check the network, or "
            "set SEQZOO_DATA_DIR to a folder whose part tfds/ has it, or TFDS_DATA_DIR "
            "to a folder that has it."
        )
    import tensorflow_datasets as tfds

    return tfds.as_numpy(tfds.load(name, data_dir=str(folder), **options))


def data_folder() -> Path:
    """The folder of the data sets.

    `TFDS_DATA_DIR`, the part `tfds` of `SEQZOO_DATA_DIR` if there is one, or
    tensorflow_datasets' own folder.
    """
    if chosen := os.environ.get("TFDS_DATA_DIR"):
        return Path(chosen).expanduser()
    shared = os.environ.get("SEQZOO_DATA_DIR")
    if shared and (Path(shared) / "tfds").is_dir():
        return Path(shared) / "tfds"
    return Path("~/tensorflow_datasets").expanduser()


def _is_online() -> bool:
    """Whether a connection can be made; assumed behind a proxy."""
    if any(os.environ.get(name) for name in PROXIES):
        return True
    for host in HOSTS:
        with contextlib.suppress(OSError):
            socket.create_connection((host, 443), PATIENCE).close()
            return True
    return False
