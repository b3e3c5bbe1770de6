"""What is known of a trained model without building it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqzoo.convert import is_foreign
from seqzoo.hub.manifest import CONFIG, METRICS, PREPROCESSOR, WEIGHTS, parse_json
from seqzoo.hub.sources import Files


@dataclass(frozen=True, repr=False)
class ModelInfo:
    """A trained model's record: what it is, what it scores, where it is from.

    Everything is read from `config.json`, `metrics.json` and `manifest.json`; what they
    do not say is None or empty.
    """

    name: str  # as given to `load`
    task: str  # such as "translation"
    class_name: str  # such as "Seq2Seq"
    params: int | None  # number of weights
    config: Mapping[str, Any] = field(default_factory=dict)
    # name -> {value, unit, split, examples, seeds, spread}
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # name -> {value, source}: what others report for the same metric
    published: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    paper: str | None = None
    data: str | None = None
    licence: str | None = None
    recipe: str | None = None
    repo_id: str | None = None  # Hub repository that serves the same files
    revision: str | None = None  # its commit
    processor: str | None = None  # class of what reads its inputs

    def __repr__(self) -> str:
        size = "" if self.params is None else f", {self.params:,} parameters"
        rows = [("task", self.task), ("class", self.class_name + size)]
        for name, metric in self.metrics.items():
            rows.append((name, _score(metric, self.published.get(name))))
        for label in ("paper", "data", "licence", "recipe"):
            if text := getattr(self, label):
                rows.append((label, text))
        if self.repo_id and self.revision:
            rows.append(("hub", f"hf:{self.repo_id}@{self.revision}"))
        width = max(len(label) for label, _ in rows)
        lines = [f"  {label:{width}}  {text}" for label, text in rows]
        return "\n".join([self.name, *lines])


def describe(name: str, files: Files) -> ModelInfo:
    """The record of a model from its files.

    Raises:
        ValueError: If a file of the record is unreadable.
    """
    contents = files.contents
    spec = read_spec(files)
    processor = spec.get("processor")
    record = (
        parse_json(contents[METRICS], f"{METRICS} of {files.origin}")
        if METRICS in contents
        else {}
    )
    params = record.get("params")
    if params is None and WEIGHTS in contents:
        params = count_parameters(contents[WEIGHTS])
    if files.foreign is not None:
        from seqzoo.convert.transformers import parameters

        settings = parse_json(contents[CONFIG], files.origin)
        params = parameters(settings, files.foreign, files.origin)
    return ModelInfo(
        name=name,
        task=str(spec.get("task")),
        class_name=str(spec["class"]),
        params=params,
        config=spec["config"],
        metrics=record.get("metrics", {}),
        published=record.get("published", {}),
        paper=record.get("paper"),
        data=record.get("data"),
        licence=record.get("licence"),
        recipe=record.get("recipe"),
        repo_id=files.repo_id,
        revision=files.revision,
        processor=processor.get("class") if isinstance(processor, dict) else None,
    )


def read_spec(files: Files) -> dict[str, Any]:
    """The checked `config.json`.

    Raises:
        ValueError: If it does not name a class and its config.
    """
    where = f"{CONFIG} of {files.origin}"
    spec = parse_json(files.contents[CONFIG], where)
    if is_foreign(spec):
        from seqzoo.convert import transformers

        return transformers.spec(spec, _preprocessor(files), files.origin)
    if not isinstance(spec.get("class"), str) or not isinstance(
        spec.get("config"), dict
    ):
        raise ValueError(
            f"{where} must hold a `class` and its `config`. "
            f"Received keys: {sorted(spec)}. Write the folder with seqzoo.save."
        )
    return spec


def _preprocessor(files: Files) -> dict[str, Any] | None:
    if PREPROCESSOR not in files.contents:
        return None
    where = f"{PREPROCESSOR} of {files.origin}"
    return parse_json(files.contents[PREPROCESSOR], where)


def count_parameters(data: bytes) -> int:
    """The number of weights in a safetensors file, by its header.

    Raises:
        ValueError: If it has none.
    """
    length = int.from_bytes(data[:8], "little")  # of the JSON header that follows
    where = f"The header of {WEIGHTS}"
    if length > len(data) - 8:
        raise ValueError(
            f"{where} claims {length:,} bytes; the file has {len(data):,}. Fetch or "
            "save it again."
        )
    header = parse_json(data[8 : 8 + length], where)
    try:
        return sum(
            math.prod(tensor["shape"])
            for key, tensor in header.items()
            if key != "__metadata__"
        )
    except (TypeError, KeyError) as error:
        raise ValueError(
            f"{where} lacks the shape of a tensor ({error!r}). Fetch or save it again."
        ) from None


def _score(metric: Mapping[str, Any], published: Mapping[str, Any] | None) -> str:
    """One line for a metric: `38.2 +- 0.1 BLEU (test, 1,000 examples, 3 seeds)`."""
    value = metric.get("value")
    value = f"{value:.4g}" if isinstance(value, float) else f"{value}"
    if metric.get("spread"):
        value += f" +- {metric['spread']}"
    if metric.get("unit"):
        value += f" {metric['unit']}"
    circumstances = [str(metric[key]) for key in ("split",) if metric.get(key)]
    if metric.get("examples"):
        circumstances.append(f"{metric['examples']:,} examples")
    if seeds := metric.get("seeds"):
        circumstances.append(f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}")
    line = f"{value} ({', '.join(circumstances)})" if circumstances else value
    if published:
        line += f"; published {published.get('value')} ({published.get('source')})"
    return line
