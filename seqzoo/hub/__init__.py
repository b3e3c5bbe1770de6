"""Model folders: written, hashed, and read from the bundle, the Hub cache or the Hub.

`manifest` says what the bytes must be, `repo` talks to the Hub, `sources` finds the
bytes, `info` describes a model, `folder` turns the bytes into a model and back, with
`weights` for the arrays, `push` publishes them. None of them imports Keras, NumPy or
huggingface_hub before it must.
"""

from seqzoo.hub.folder import restore, save
from seqzoo.hub.info import ModelInfo, count_parameters, describe
from seqzoo.hub.manifest import Manifest, Pin, read_manifest, write_manifest
from seqzoo.hub.push import push_folder, push_model
from seqzoo.hub.repo import Repo, is_offline, resolve
from seqzoo.hub.sources import (
    Files,
    read_bundled,
    read_folder,
    read_repo,
    verify_folder,
)

__all__ = [
    "Files",
    "Manifest",
    "ModelInfo",
    "Pin",
    "Repo",
    "count_parameters",
    "describe",
    "is_offline",
    "push_folder",
    "push_model",
    "read_bundled",
    "read_folder",
    "read_manifest",
    "read_repo",
    "resolve",
    "restore",
    "save",
    "verify_folder",
    "write_manifest",
]
