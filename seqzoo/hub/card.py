"""The front matter of a model card, which the Hub reads.

The Hub groups models by `pipeline_tag`, one of its own tasks, and by `library_name`.
Ours is not `keras`: for that name the Hub shows code that loads another kind of file.
"""

from collections.abc import Mapping
from typing import Any

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
    return f"""{front_matter(spec)}

# {repo_id.split("/")[1]}

A `{spec["class"]}` for {spec.get("task")}, saved with seqzoo.

## Usage

```python
import seqzoo

model = seqzoo.load("hf:{repo_id}")
```
"""
