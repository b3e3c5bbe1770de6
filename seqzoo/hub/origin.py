"""What a loaded model came from: its licence and data travel with its copies."""

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqzoo.hub.manifest import FORMAT, Pin
from seqzoo.hub.saved import SavedModel

_LICENCE = re.compile(r"^licen[sc]e:[ \t]*(\S+)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Origin:
    """The folder or repository that a model was loaded from."""

    name: str  # the argument of `load`, without the folders of this machine
    sha256: str | None  # of its one file of weights, in our format
    weights_dtype: str  # one of `storage.WEIGHTS_DTYPES`, of its tensors
    record: Mapping[str, Any]  # of its `metrics.json`, with the licence of its card
    card: str | None  # its `README.md`, if it was read
    repo_id: str | None = None
    revision: str | None = None

    def __str__(self) -> str:
        if self.sha256:
            text = f"{self.name} at sha256 {self.sha256}"
        elif self.revision:
            text = f"hf:{self.repo_id}@{self.revision}"
        else:
            text = self.name
        earlier = self.record.get("derived_from")
        return f"{text}, derived from {earlier}" if earlier else text


def origin_of(name: str, saved: SavedModel) -> Origin:
    """The origin of a model that is loaded from these files."""
    files = saved.files
    card = files.card
    record = dict(saved.record)
    if card and "licence" not in record and card.startswith("---\n"):
        front = card[4:].partition("\n---")[0]
        if match := _LICENCE.search(front):
            record["licence"] = match[1].strip("\"'")
    is_path = name.startswith((".", "/", "~")) or "\\" in name
    return Origin(
        name=str(record.get("name") or re.split(r"[/\\]", name.rstrip("/\\"))[-1])
        if is_path
        else name,
        sha256=files.weights_sha256,
        weights_dtype=_stored_dtype(files.weights),
        record=record,
        card=card,
        repo_id=files.repo_id,
        revision=files.revision,
    )


def record_of_copy(
    origin: Origin, weights: bytes, params: int, task: str
) -> dict[str, Any]:
    """The `metrics.json` of a model that was loaded and is saved again.

    The scores stay if the weights are the very same. Else they would be false; paper,
    data and licence stay.
    """
    derived = {"derived_from": str(origin)}
    if is_same(origin, weights):
        return {"seqzoo_format": FORMAT, **origin.record, **derived}
    kept = {
        key: origin.record[key]
        for key in ("paper", "data", "licence")
        if origin.record.get(key)
    }
    if "data" in kept:
        kept["data"] = f"{kept['data']} (of {origin.name}; later training is not noted)"
    return {
        "seqzoo_format": FORMAT,
        "task": task,
        "metrics": {},
        **kept,
        **derived,
        "params": params,
    }


def is_same(origin: Origin, weights: bytes) -> bool:
    """Whether the file of weights has the bytes of the original."""
    return origin.sha256 is not None and Pin.of(weights).sha256 == origin.sha256


def _stored_dtype(weights: Any) -> str:
    """The dtype in the headers of safetensors files, which have been read before."""
    dtypes = set()
    for file in [weights] if isinstance(weights, bytes) else list(weights or ()):
        if isinstance(file, bytes):
            (size,) = struct.unpack("<Q", file[:8])
            header = json.loads(file[8 : 8 + size])
        else:
            with file.open("rb") as stream:
                (size,) = struct.unpack("<Q", stream.read(8))
                header = json.loads(stream.read(size))
        dtypes |= {
            entry["dtype"] for key, entry in header.items() if key != "__metadata__"
        }
    if "I8" in dtypes:
        return "int8"
    return "float16" if dtypes == {"F16"} else "float32"
