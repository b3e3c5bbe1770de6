"""What the Hub is told of a model: the front matter of its card.

The Hub groups models by `pipeline_tag`, one of its own tasks, and by `library_name`.
Ours is not `keras`: for that name it would print a way to load the model that expects
another kind of file.
"""

from collections.abc import Mapping
from typing import Any

LIBRARY = "seqzoo"
TAGS = ("keras", "seqzoo")
# Tasks of ours that the Hub has under the same name.
HUB_TASKS = (
    "image-classification",
    "image-to-text",
    "object-detection",
    "text-generation",
    "time-series-forecasting",
    "translation",
)
# What a classifier of sequences reads, its processor knows.
SEQUENCE_TAGS = {
    "GreyImageProcessor": "image-classification",
    "LogMelProcessor": "audio-classification",
}


def pipeline_tag(spec: Mapping[str, Any]) -> str | None:
    """The Hub's task for a model, by its `config.json`; None if it has none."""
    if spec.get("task") == "sequence-classification":
        processor = spec.get("processor") or {}
        return SEQUENCE_TAGS.get(str(processor.get("class")))
    task = str(spec.get("task"))
    return task if task in HUB_TASKS else None


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
    """A card for a model that nobody has written one for."""
    return f"""{front_matter(spec)}

# {repo_id.split("/")[1]}

A `{spec["class"]}` for {spec.get("task")}, saved with seqzoo.

## Usage

```python
import seqzoo

model = seqzoo.load("hf:{repo_id}")
```
"""
