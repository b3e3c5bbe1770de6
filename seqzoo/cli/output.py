"""What `seqzoo run` prints: each task says how its answers look."""

import json
from collections.abc import Mapping
from typing import Any

from seqzoo.cli.options import arguments


def json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON that keeps umlauts; values without a JSON form become text."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def task_of(model: Any, options: Mapping[str, Any], attention: bool) -> Any:
    """The class of a model's task, once the options are those of its verb.

    Args:
        model: The loaded model.
        options: The options that the command line gives.
        attention: Whether it asks for attention weights.

    Raises:
        ValueError: If `seqzoo run` does not know the task, or the verb does not have
            an option.
    """
    from seqzoo.tasks import TASKS

    if model.task not in TASKS:
        raise ValueError(
            f"`seqzoo run` knows {', '.join(TASKS)}. Received: a model for "
            f"{model.task}. Load it in Python with seqzoo.load."
        )
    task = TASKS[model.task]
    known = arguments(getattr(task, task.verb))
    for name in (*options, *(["return_attention"] if attention else [])):
        if name not in known:
            option = name.removeprefix("return_").replace("_", "-")
            raise ValueError(
                f"--{option} is not for {model.task}, which this model does. Leave it "
                "out."
            )
    return task
