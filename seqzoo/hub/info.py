"""What the record says of a trained model; reading it builds nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seqzoo.hub.saved import SavedModel

TEXTS = ("paper", "data", "licence", "derived_from", "recipe")  # of the record


@dataclass(frozen=True, repr=False)
class ModelInfo:
    """A trained model's record: its architecture, its scores, its origin.

    The values come from `config.json`, `metrics.json` and `manifest.json`. Those that
    the files lack are None or empty.
    """

    name: str  # the argument of `load`
    task: str  # such as "translation"
    class_name: str  # such as "Seq2Seq"
    params: int | None  # number of weights
    config: Mapping[str, Any] = field(default_factory=dict)
    # name -> {value, unit, split, examples, seeds, spread}
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # name -> {value, source}: a published value of the same metric
    published: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    paper: str | None = None
    data: str | None = None
    licence: str | None = None
    derived_from: str | None = None  # the model whose weights it began with, by hash
    recipe: str | None = None
    repo_id: str | None = None  # Hub repository that serves the same files
    revision: str | None = None  # its commit
    processor: str | None = None  # class of the processor, which encodes its inputs

    def rows(self) -> list[tuple[str, str]]:
        """The label and the text of every known fact, for people."""
        size = "" if self.params is None else f", {self.params:,} parameters"
        rows = [("task", self.task), ("class", self.class_name + size)]
        for name, metric in self.metrics.items():
            rows.append((name, _score(metric, self.published.get(name))))
        for label in TEXTS:
            if text := getattr(self, label):
                rows.append((label.replace("_", " "), text))
        if self.repo_id and self.revision:
            rows.append(("hub", f"hf:{self.repo_id}@{self.revision}"))
        return rows

    def __repr__(self) -> str:
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        lines = [f"  {label:{width}}  {text}" for label, text in rows]
        return "\n".join([self.name, *lines])


def describe(name: str, saved: SavedModel) -> ModelInfo:
    """The record of a parsed model."""
    spec, record, files = saved.spec, saved.record, saved.files
    processor = spec.get("processor")
    return ModelInfo(
        name=name,
        task=str(spec.get("task")),
        class_name=spec["class"],
        params=saved.params,
        config=spec["config"],
        metrics=record.get("metrics", {}),
        published=record.get("published", {}),
        **{key: record.get(key) for key in TEXTS},
        repo_id=files.repo_id,
        revision=files.revision,
        processor=processor.get("class") if isinstance(processor, dict) else None,
    )


def _score(metric: Mapping[str, Any], published: Mapping[str, Any] | None) -> str:
    """One line for a metric: `38.2 +- 0.1 BLEU (test, 1,000 examples, 3 seeds)`."""
    value = metric.get("value")
    value = f"{value:.4g}" if isinstance(value, float) else f"{value}"
    if metric.get("spread"):
        value += f" +- {metric['spread']}"
    if metric.get("unit"):
        value += f" {metric['unit']}"
    circumstances = [str(metric["split"])] if metric.get("split") else []
    if metric.get("examples"):
        circumstances.append(f"{metric['examples']:,} examples")
    if seeds := metric.get("seeds"):
        circumstances.append(f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}")
    line = f"{value} ({', '.join(circumstances)})" if circumstances else value
    if published:
        line += f"; published {published.get('value')} ({published.get('source')})"
    return line
