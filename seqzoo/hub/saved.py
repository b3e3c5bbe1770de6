"""A model's files, parsed once: all that building and describing a model needs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from seqzoo.convert import family_of, is_foreign
from seqzoo.hub.checks import Shapes, check_record
from seqzoo.hub.manifest import CONFIG, METRICS, QUANTIZED_FORMAT, parse_json
from seqzoo.hub.sources import Files
from seqzoo.hub.storage import dequantized
from seqzoo.hub.tensors import Readers, read_tensors


@dataclass(frozen=True)
class SavedModel:
    """A parsed model, in our format or converted to it."""

    files: Files
    spec: Mapping[str, Any]  # `config.json`, in our format: class, config, ...
    record: Mapping[str, Any]  # of `metrics.json`; empty without one
    params: int | None  # number of weights; None if neither the record nor a file says
    # Our Config, whether the head may be fresh -> a function that reads each weight, by
    # key; None without weights
    weights: Callable[[Any, bool], Readers] | None
    shapes: Shapes | None  # of the weights, by key; None if they are converted
    num_tensors: int  # of the weights' files
    num_elements: int  # of these tensors


def parse(files: Files) -> SavedModel:
    """Parses a model's files, whichever library wrote them.

    Raises:
        ValueError: If a file is damaged, or the checkpoint's family is unknown.
    """
    contents, origin = files.contents, files.origin
    where = f"{CONFIG} of {origin}"
    spec = parse_json(contents[CONFIG], where)
    record = {}
    if METRICS in contents:
        record = parse_json(contents[METRICS], f"{METRICS} of {origin}")
        check_record(record, f"{METRICS} of {origin}")
    shapes: dict[str, tuple[int, ...]] = {}
    readers: Readers = {}
    if files.weights is not None:
        shapes, readers = read_tensors(files.weights, origin)
    if spec.get("seqzoo_format") == QUANTIZED_FORMAT:
        shapes, readers = dequantized(shapes, readers, origin)
    weights: Callable[[Any, bool], Readers] = partial(_same_keys, readers)
    converts = is_foreign(spec)
    if converts:
        family = family_of(spec, origin)
        spec = family.spec(spec, contents, origin)
        names = family.full_names(readers)
        shapes = {names[name]: shape for name, shape in shapes.items()}
        readers = {names[k]: v for k, v in readers.items()}
        readers = {k: v for k, v in readers.items() if not family.is_ignored(k)}
        weights = partial(family.weights, readers, where=origin)
    if not isinstance(spec.get("class"), str) or not isinstance(
        spec.get("config"), dict
    ):
        raise ValueError(
            f"{where} must hold a `class` and its `config`. "
            f"Received keys: {sorted(spec)}. Write the folder with seqzoo.save."
        )
    num_elements = sum(math.prod(shapes[name]) for name in readers)
    return SavedModel(
        files=files,
        spec=spec,
        record=record,
        params=record.get("params", num_elements or None),
        weights=None if files.weights is None else weights,
        shapes=None if converts else shapes,
        num_tensors=len(readers),
        num_elements=num_elements,
    )


def _same_keys(readers: Readers, config: Any, fresh_head: bool) -> Readers:
    """The weights of a file in our format: its tensors have the model's keys."""
    return readers
