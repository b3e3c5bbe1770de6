"""A model's files, parsed once: all that building and describing a model needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from seqzoo.convert import family_of, is_foreign
from seqzoo.hub.manifest import CONFIG, METRICS, parse_json
from seqzoo.hub.sources import Files
from seqzoo.hub.tensors import Tensors

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

Readers = dict[str, Callable[[], "Array"]]


@dataclass(frozen=True)
class SavedModel:
    """A parsed model, in our format or converted to it."""

    files: Files
    spec: Mapping[str, Any]  # `config.json`, in our format: class, config, ...
    record: Mapping[str, Any]  # of `metrics.json`; empty without one
    tensors: Tensors | None  # those that the model uses; None if they were not read
    # The tensors and our Config -> for each weight, by key, a function that reads it.
    weights: Callable[[Tensors, Any], Readers]

    @property
    def params(self) -> int | None:
        """Number of weights; None if the record lacks it and no tensors were read."""
        if self.tensors is None or "params" in self.record:
            return self.record.get("params")
        return self.tensors.num_elements


def parse(files: Files) -> SavedModel:
    """Parses a model's files, whichever library wrote them.

    Raises:
        ValueError: If a file is damaged, or the checkpoint's family is unknown.
    """
    contents, origin = files.contents, files.origin
    where = f"{CONFIG} of {origin}"
    spec = parse_json(contents[CONFIG], where)
    weights, is_ignored = _own_weights, _none
    if is_foreign(spec):
        family = family_of(spec, origin)
        spec = family.spec(spec, contents, origin)
        weights, is_ignored = partial(family.weights, where=origin), family.is_ignored
    if not isinstance(spec.get("class"), str) or not isinstance(
        spec.get("config"), dict
    ):
        raise ValueError(
            f"{where} must hold a `class` and its `config`. "
            f"Received keys: {sorted(spec)}. Write the folder with seqzoo.save."
        )
    return SavedModel(
        files=files,
        spec=spec,
        record=parse_json(contents[METRICS], f"{METRICS} of {origin}")
        if METRICS in contents
        else {},
        tensors=None
        if files.weights is None
        else Tensors(files.weights, origin, is_ignored),
        weights=weights,
    )


def _own_weights(tensors: Tensors, config: Any) -> Readers:
    """The weights of our own format: its tensors have the keys of the model."""
    return {key: partial(tensors.__getitem__, key) for key in tensors}


def _none(name: str) -> bool:
    return False
