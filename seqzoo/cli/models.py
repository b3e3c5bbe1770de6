"""Commands that use a model: `list`, `info`, `run` and `plot`."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

import seqzoo
from seqzoo.cli.inputs import STDIN, Input, Lines, answered, parts
from seqzoo.cli.options import Name, arguments, with_options
from seqzoo.cli.refusals import OnError, Refused, located, print_hints
from seqzoo.cli.signatures import verbs
from seqzoo.hub.errors import one_line

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
    names = seqzoo.list_models(pattern, task=task, max_params=max_params)
    for name in names:
        print(name)
    if not names:
        tasks = {seqzoo.info(name).task for name in seqzoo.list_models()}
        print(
            f"No model fits. Tasks: {', '.join(sorted(tasks))}. seqzoo list prints "
            "every name.",
            file=sys.stderr,
        )


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
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Texts, or paths of images, recordings or series, as the model's task "
            "wants; `-` stands for the lines of standard input, which are answered as "
            "they come.",
        ),
    ] = None,
    example: Annotated[
        bool,
        typer.Option(
            "--example", help="Answer a sample that comes with seqzoo, and no INPUT."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each input.")
    ] = False,
    attention: Annotated[
        bool,
        typer.Option(
            "--attention", help="With --json: add tokens and attention weights."
        ),
    ] = False,
    on_error: Annotated[
        OnError | None,
        typer.Option(
            "--on-error",
            help="After an input that is refused: fail stops with status 2; skip "
            "reports it, answers the others, and ends with status 0. A skipped line of "
            "standard input gives an empty line, with --json an object with its error. "
            "Default: fail at a line; answer the others after an argument, and end "
            "with status 2.",
        ),
    ] = None,
    **options: Any,
) -> None:
    """Run a model on inputs and print its answers."""
    if bool(inputs) == example:
        raise ValueError(
            "Give an INPUT, or --example to try a sample. See seqzoo run --help."
        )
    inputs = inputs or []
    lines: Iterable[list[Input]]
    lines = Lines(LINES_PER_CALL) if STDIN in inputs else []
    model = seqzoo.load(name)
    if example:
        inputs = [model.example()]
        print(f"INPUT: {inputs[0]}", file=sys.stderr)
    wanted = [*options, *(["return_attention"] if attention else [])]
    task = _task_of(model, wanted)
    if attention and not as_json:
        raise ValueError("--attention needs --json: the weights are numbers.")
    stops = OnError.fail if lines or len(inputs) == 1 else OnError.skip
    stops = on_error or stops

    def answer(texts: list[str]) -> Any:
        return task.answers(model, texts, as_json, **options)

    count, refused = 0, Refused()
    for part in parts(inputs, lines, LINES_PER_CALL):
        for given, result in answered(answer, part):
            if isinstance(result, Exception):
                if stops == OnError.fail:
                    raise located(result, given)
                refused.report(result, given)
                printed = [""] if given.line else []
                if as_json:
                    error = {"input": given.text, "error": one_line(result)}
                    printed = [_json_text(error)]
            elif as_json:
                printed = [_json_text(task.answer_json(given.text, result, attention))]
            else:
                printed = list(task.answer_lines(given.text, result))
            for line in printed:
                print(line)
            sys.stdout.flush()
            if not isinstance(result, Exception):
                print_hints(model, given, result, name)
        count += len(part)
        if count > LINES_PER_CALL or len(inputs) > LINES_PER_CALL:
            total = "" if lines else f" of {len(inputs)}"
            print(f"{count}{total} inputs done", file=sys.stderr)
    refused.conclude(count, is_error=on_error is None)


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
