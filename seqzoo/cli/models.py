"""Commands that use a model: `list`, `info`, `run` and `plot`."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import seqzoo
from seqzoo.cli.options import Name, arguments, with_options
from seqzoo.cli.signatures import verbs

# Inputs of one call: enough to fill batches of similar lengths, few enough that the
# first answers of a long file come soon.
LINES_PER_CALL = 1000


def list_(
    pattern: Annotated[
        str, typer.Argument(metavar="[PATTERN]", help="Shell pattern, such as 'vit_*'.")
    ] = "*",
    task: Annotated[
        str | None, typer.Option(help="Only models of this task, such as translation.")
    ] = None,
    max_params: Annotated[
        int | None, typer.Option(help="Only models of at most this many parameters.")
    ] = None,
) -> None:
    """Print the names of the trained models."""
    for name in seqzoo.list_models(pattern, task=task, max_params=max_params):
        print(name)


def info(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a model's task, size, scores, data and licence."""
    record = seqzoo.info(name)
    print(_json_text(dataclasses.asdict(record), indent=2) if as_json else record)


def run(
    name: Name,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Texts, or paths of images, recordings or series, as the model's task "
            "wants; `-` stands for the lines of standard input.",
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each input.")
    ] = False,
    attention: Annotated[
        bool,
        typer.Option(
            "--attention", help="With --json: add tokens and attention weights."
        ),
    ] = False,
    **options: Any,
) -> None:
    """Run a model on inputs and print its answers."""
    texts = _texts(inputs)
    model = seqzoo.load(name)
    wanted = [*options, *(["return_attention"] if attention else [])]
    task = _task_of(model, wanted)
    if attention and not as_json:
        raise ValueError("--attention needs --json: the weights are numbers.")
    for i in range(0, len(texts), LINES_PER_CALL):
        part = texts[i : i + LINES_PER_CALL]
        answers = task.answers(model, part, as_json, **options)
        for given, answer in zip(part, answers, strict=True):
            if as_json:
                print(_json_text(task.answer_json(given, answer, attention)))
                continue
            for line in task.answer_lines(given, answer):
                print(line)
        if len(texts) > LINES_PER_CALL:
            print(f"{i + len(part)} of {len(texts)} inputs done", file=sys.stderr)


def run_with_options() -> Callable[..., None]:
    """`run` with the arguments of all tasks' verbs as options."""
    labels = {task.replace("-", " "): verb for task, verb in verbs().items()}
    return with_options(run, labels)


def plot(
    name: Name,
    out: Annotated[
        Path,
        typer.Option(
            help="The file to write. Its suffix is the format: .png, .svg or .pdf; for "
            "the kind text also .html."
        ),
    ],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="A text, or the path of an image, as the kind of figure wants.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="Which of these figures. Default: the figure of the model's task."
        ),
    ] = None,
    **options: Any,
) -> None:
    """Draw a figure of a model and print its path."""
    from seqzoo.plot.model_plots import draw

    print(draw(name, text, out, kind, options))


def plot_with_options() -> Callable[..., None]:
    """`plot` with the arguments of all drawing functions as options."""
    from seqzoo.plot.model_plots import KINDS

    command = with_options(plot, KINDS)
    lines = [f"{k}: {(f.__doc__ or '').splitlines()[0]}" for k, f in KINDS.items()]
    # Typer keeps the line breaks of a paragraph that begins with this sign.
    command.__doc__ = "\n".join([str(plot.__doc__), "", "\b", *lines])
    return command


def _task_of(model: Any, options: Iterable[str]) -> Any:
    """The class of a model's task, if its verb has the options.

    Raises:
        ValueError: If `seqzoo run` does not know the task, or the verb lacks an option.
    """
    from seqzoo.tasks import TASKS

    if model.task not in TASKS:
        raise ValueError(
            f"`seqzoo run` knows {', '.join(TASKS)}. Received: a model for "
            f"{model.task}. Load it in Python with seqzoo.load."
        )
    task = TASKS[model.task]
    known = arguments(getattr(task, task.verb))
    for name in options:
        if name not in known:
            option = name.removeprefix("return_").replace("_", "-")
            raise ValueError(
                f"--{option} is not for {model.task}, which this model does. Leave it "
                "out."
            )
    return task


def _json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON that keeps umlauts; values without a JSON form become text."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def _texts(inputs: Sequence[str]) -> list[str]:
    """The inputs, with the lines of standard input in place of each `-`."""
    texts: list[str] = []
    for text in inputs:
        texts += [line.rstrip("\r\n") for line in sys.stdin] if text == "-" else [text]
    return texts
