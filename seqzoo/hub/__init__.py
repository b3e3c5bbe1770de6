"""Folders of models: written, pinned, read from the bundle, the Hub cache or the Hub.

A load descends through `sources` (finds and verifies the files; `repo` talks to the
Hub), `saved` (parses them once) and `build` (makes the model). `folder` writes a
model, `push` publishes it, `info` describes it, `manifest` pins its files. Nothing here
imports Keras, NumPy or huggingface_hub before it is needed.
"""

from seqzoo.hub.folder import save
from seqzoo.hub.info import ModelInfo
from seqzoo.hub.manifest import Manifest, Pin, read_manifest, write_manifest

__all__ = ["Manifest", "ModelInfo", "Pin", "read_manifest", "save", "write_manifest"]
