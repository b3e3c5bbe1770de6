"""What `seqzoo run` prints: each task says how its answers look."""

import json
from collections.abc import Iterator, Mapping, Sequence
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


def output_lines(
    task: Any,
    model: Any,
    inputs: Sequence[str],
    options: Mapping[str, Any],
    as_json: bool,
    attention: bool,
) -> Iterator[str]:
    """The lines to print for a model's answers to the inputs.

    Args:
        task: The class of the model's task.
        model: The loaded model.
        inputs: Texts, or paths of images or recordings.
        options: Arguments of the task's verb.
        as_json: Whether to print one JSON object for each input.
        attention: Whether the objects hold attention weights.
    """
    answers = task.answers(model, inputs, as_json, **options)
    for given, answer in zip(inputs, answers, strict=True):
        if as_json:
            yield json_text(task.answer_json(given, answer, attention))
        else:
            yield from task.answer_lines(given, answer)
