"""The `seqzoo` command: every verb of the library for a shell.

Standard output carries the answer and nothing else; progress and errors go to standard
error. An error is one line and exit status 2; `--debug` shows where it came from.
"""

import contextlib
import dataclasses
import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import seqzoo
from seqzoo.answers import json_text, printer
from seqzoo.terminal import one_line, prefer_utf8, quiet_libraries

# Lines that are translated in one call: enough to fill batches of like lengths, few
# enough that the first answers of a long file come soon.
LINES_PER_CALL = 1000

app = typer.Typer(
    help="Trained sequence models by name. `seqzoo run NAME INPUT...` runs one.",
    add_completion=False,
    rich_markup_mode=None,  # plain help: it is read by scripts and in narrow windows
    pretty_exceptions_enable=False,
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name of `seqzoo list`, a folder (./x) or hf:owner/name."
    ),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: What follows `seqzoo`; the process's own by default.

    Returns:
        0, or 2 after an error, or 130 after Ctrl-C, or 1 if whoever read standard
        output stopped reading.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]
    # Anywhere before `--`: people add it to the end of the line that went wrong.
    arguments = [a for a in arguments[:end] if a != "--debug"] + arguments[end:]
    prefer_utf8()
    arguments = arguments or ["--help"]
    with contextlib.nullcontext() if debug else quiet_libraries():
        try:
            status = app(
                arguments, prog_name="seqzoo", standalone_mode=False, obj=debug
            )
            sys.stdout.flush()
            return int(status or 0)
        except BrokenPipeError:
            # The interpreter flushes once more at exit, which must find an open file.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            return 130
        except Exception as error:
            if debug:
                traceback.print_exc()
            print(f"seqzoo: error: {one_line(error)}", file=sys.stderr)
            return 2


def _print_version(wanted: bool) -> None:
    if wanted:
        print(seqzoo.__version__)
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and stop.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    # `main` has taken --debug out of the arguments; it stands here for the help.
    del debug, version


@app.command("list")
def list_(
    pattern: Annotated[
        str, typer.Argument(metavar="[PATTERN]", help="Shell pattern, such as 'vit_*'.")
    ] = "*",
    task: Annotated[
        str | None, typer.Option(help="Only models of this task, such as translation.")
    ] = None,
    max_params: Annotated[
        int | None, typer.Option(help="Only models of at most so many parameters.")
    ] = None,
) -> None:
    """Print the names of the trained models, one a line."""
    for name in seqzoo.list_models(pattern, task=task, max_params=max_params):
        print(name)


@app.command()
def info(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what is known of a model: task, parameters, scores, data, licence."""
    found = seqzoo.info(name)
    print(json_text(dataclasses.asdict(found), indent=2) if as_json else found)


@app.command()
def run(
    name: Name,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Each one a text, or the path of a picture or recording; `-` is "
            "every line of stdin.",
        ),
    ],
    beam_size: Annotated[
        int | None,
        typer.Option(min=1, help="Translation: hypotheses kept at each step; 5."),
    ] = None,
    length_penalty: Annotated[
        float | None,
        typer.Option(help="Translation: 0 favours short answers, 1 does not; 1."),
    ] = None,
    n_best: Annotated[
        int | None, typer.Option(min=1, help="Translation: answers for each input; 1.")
    ] = None,
    max_new_tokens: Annotated[
        int | None, typer.Option(min=0, help="Generation: tokens to add; 256.")
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Generation: 0 takes the most probable token; 1."),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Generation: draw from so many tokens; all.")
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Generation: draw from so much mass; all.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Generation: repeats a text.")
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="Classification: labels for each input; 1."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Detection: lowest score printed; 0.5."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object for each input.")
    ] = False,
    attention: Annotated[
        bool,
        typer.Option("--attention", help="With --json: tokens and attention weights."),
    ] = False,
) -> None:
    """Run a model on texts and print its answers."""
    texts = _texts(inputs)
    model = seqzoo.load(name)
    options = {
        "as_json": as_json,
        "attention": attention or None,
        "beam_size": beam_size,
        "length_penalty": length_penalty,
        "n_best": n_best,
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "seed": seed,
        "top": top,
        "threshold": threshold,
    }
    answer = printer(model, options)
    for i in range(0, len(texts), LINES_PER_CALL):
        part = texts[i : i + LINES_PER_CALL]
        for line in answer(model, part):
            print(line)
        if len(texts) > LINES_PER_CALL:
            print(f"{i + len(part)} of {len(texts)} inputs done", file=sys.stderr)


@app.command()
def plot(
    name: Name,
    out: Annotated[
        Path, typer.Option(help="The file to write: .png, .svg or .pdf; text: .html.")
    ],
    text: Annotated[
        str | None, typer.Argument(metavar="[INPUT]", help="What the model reads.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="alignment, text, gates, gradients, training; the task's."),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(help="Text, gates, gradients: from 0; the last.")
    ] = None,
    unit: Annotated[
        int | None, typer.Option(help="Text: from 0; the one that varies most.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Text: characters expected next; 3.")
    ] = None,
    beam_size: Annotated[
        int | None, typer.Option(min=1, help="Alignment: hypotheses kept; 5.")
    ] = None,
    pieces: Annotated[
        bool, typer.Option("--pieces", help="Alignment: sub-word pieces, not words.")
    ] = False,
) -> None:
    """Draw what a model looks at, does or learned, and print the file's name."""
    from seqzoo.pictures import draw

    settings = {"layer": layer, "unit": unit, "top": top, "beam_size": beam_size}
    print(draw(name, text, out, kind, {**settings, "pieces": pieces or None}))


@app.command()
def verify(name: Name) -> None:
    """Hash every file of a model and print which ones are as they were published."""
    checked = seqzoo.verify(name)
    for file, good in checked:
        print(f"{'ok' if good else 'DAMAGED'}  {file}")
    if damaged := [file for file, good in checked if not good]:
        raise ValueError(
            f"{len(damaged)} of {len(checked)} files of {name} are damaged."
        )


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As for run.")],
) -> None:
    """Make sure that the files of models are on this machine, and right."""
    from seqzoo.zoo import fetch as fetch_files

    for name in names:
        fetch_files(name)
        print(f"{name} is complete", file=sys.stderr)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a recipe.")],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="FLAGS...", help="For the recipe; try --help."),
    ] = None,
) -> None:
    """Train a model by its recipe. What follows NAME goes to the recipe."""
    _run_recipe(name, flags or [], context)


@app.command()
def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trained model.")],
) -> None:
    """Score a trained model on its test data again; compare with its record."""
    from seqzoo.zoo import bundle_folder

    _run_recipe(name, ["--evaluate", "--out", str(bundle_folder())], context)


def _run_recipe(name: str, flags: list[str], context: typer.Context) -> None:
    """Runs a recipe's file in this process, as `python -m recipes.NAME` would."""
    folder = recipes_folder()
    names = sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))
    if name not in names:
        raise KeyError(f"No recipe is named {name!r}. There is: {', '.join(names)}.")
    before = sys.argv
    # `main` took --debug out wherever it stood; the recipe catches its own errors.
    sys.argv = [name, *flags, *(["--debug"] if context.obj else [])]
    sys.path.append(str(folder.parent))  # recipes may share a module of their folder
    try:
        runpy.run_path(str(folder / f"{name}.py"), run_name="__main__")
    except SystemExit as stop:
        # A recipe parses its flags itself and may stop there.
        if isinstance(stop.code, str):
            raise ValueError(stop.code) from None
        raise typer.Exit(stop.code or 0) from None
    finally:
        sys.argv = before
        sys.path.remove(str(folder.parent))


def recipes_folder() -> Path:
    """Where the recipes are: beside the package in a clone, in it in a wheel."""
    package = Path(__file__).resolve().parent
    for folder in (package / "recipes", package.parent / "recipes"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"There are no recipes beside {package}. Install seqzoo again, or clone it."
    )


def _texts(inputs: Sequence[str]) -> list[str]:
    """The inputs, each `-` replaced by the lines of standard input."""
    texts: list[str] = []
    for text in inputs:
        texts += [line.rstrip("\r\n") for line in sys.stdin] if text == "-" else [text]
    return texts
