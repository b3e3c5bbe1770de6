"""The front matter of a model card, which the Hub reads.

The Hub groups models by `pipeline_tag`, one of its own tasks, and by `library_name`.
Ours is not `keras`: for that name the Hub shows code that loads another kind of file.
"""

from collections.abc import Mapping
from typing import Any

from seqzoo.hub.origin import Origin

LIBRARY = "seqzoo"
TAGS = ("keras", "seqzoo")


def pipeline_tag(spec: Mapping[str, Any]) -> str | None:
    """The Hub's task for a model, by its `config.json`; None if it has none.

    Its processor may know it better than its task: a classifier of sequences may
    classify images or sounds.
    """
    from seqzoo.processors import PROCESSORS
    from seqzoo.tasks import TASKS  # imports Keras

    processor = PROCESSORS.get((spec.get("processor") or {}).get("class", ""))
    task = TASKS.get(str(spec.get("task")))
    tag: str | None = getattr(processor, "hub_task", None)
    return tag or getattr(task, "hub_task", None)


def front_matter(spec: Mapping[str, Any], **fields: Any) -> str:
    """The YAML that a card begins with.

    Args:
        spec: The model's `config.json`.
        **fields: More fields of `huggingface_hub.ModelCardData`.
    """
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        library_name=LIBRARY,
        pipeline_tag=pipeline_tag(spec),
        tags=list(TAGS),
        **fields,
    )
    return f"---\n{data.to_yaml()}\n---"


def bare_card(spec: Mapping[str, Any], repo_id: str) -> str:
    """The card of a model that was saved without one."""
    return _card(spec, repo_id.split("/")[1], f"hf:{repo_id}", "", {})


def card_of_copy(
    spec: Mapping[str, Any], origin: Origin, record: Mapping[str, Any], is_same: bool
) -> str:
    """The card of a model that was loaded and is saved again.

    Args:
        spec: The model's `config.json`.
        origin: What it was loaded from.
        record: Its `metrics.json`.
        is_same: Whether its weights are still those of the original.
    """
    source = record["derived_from"]
    if is_same and origin.card:
        return (
            f"{origin.card.rstrip()}\n\n## Origin\n\nAn unchanged copy of {source}.\n"
        )
    lines = [
        f"An unchanged copy of {source}."
        if is_same
        else f"Derived from {source}: its weights have been changed since."
    ]
    licence = record.get("licence")
    lines.append(
        f"The licence of the original: {licence}. What is derived from it must keep it."
        if licence
        else "The original states no licence. Ask its owner before you publish this."
    )
    for label in ("data", "paper"):
        if record.get(label):
            lines.append(f"{label.capitalize()}: {record[label]}.")
    fields = {"license": licence, "base_model": origin.revision and origin.repo_id}
    return _card(
        spec,
        spec["class"],
        "./folder",
        "\n\n".join(lines),
        {key: value for key, value in fields.items() if value},
    )


def _card(
    spec: Mapping[str, Any],
    title: str,
    address: str,
    text: str,
    fields: Mapping[str, Any],
) -> str:
    return f"""{front_matter(spec, **fields)}

# {title}

A `{spec["class"]}` for {spec.get("task")}, saved with seqzoo.

{text}

## Usage

```python
import seqzoo

model = seqzoo.load("{address}")
```
""".replace("\n\n\n\n", "\n\n")
