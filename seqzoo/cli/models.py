"""What a person asks of a model: `list`, `info`, `run` and `plot`."""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import seqzoo
from seqzoo.cli.names import Name
from seqzoo.cli.output import json_text, printer

# Lines that are translated in one call: enough to fill batches of like lengths, few
# enough that the first answers of a long file come soon.
LINES_PER_CALL = 1000


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


def info(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what is known of a model: task, parameters, scores, data, licence."""
    found = seqzoo.info(name)
    print(json_text(dataclasses.asdict(found), indent=2) if as_json else found)


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


def plot(
    name: Name,
    out: Annotated[
        Path, typer.Option(help="The file to write: .png, .svg or .pdf; text: .html.")
    ],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[INPUT]",
            help="What the model reads: a text, or the path of a picture.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="alignment, text, gates, gradients, attention, detections, training; "
            "the task's."
        ),
    ] = None,
    layer: Annotated[
        int | None,
        typer.Option(
            help="Text, gates, gradients, detections: from 0; the last. Attention: "
            "from 0; all, followed through."
        ),
    ] = None,
    head: Annotated[
        int | None,
        typer.Option(
            help="Detections, attention of a layer: from 0; the mean over all."
        ),
    ] = None,
    unit: Annotated[
        int | None, typer.Option(help="Text: from 0; the one that varies most.")
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Text: characters expected next; 3. Detections: queries drawn; 4.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Detections: lowest score drawn; 0.5."),
    ] = None,
    beam_size: Annotated[
        int | None, typer.Option(min=1, help="Alignment: hypotheses kept; 5.")
    ] = None,
    pieces: Annotated[
        bool, typer.Option("--pieces", help="Alignment: sub-word pieces, not words.")
    ] = False,
) -> None:
    """Draw what a model looks at, does or learned, and print the file's name."""
    from seqzoo.plot.model_plots import draw

    options = {
        "layer": layer,
        "head": head,
        "unit": unit,
        "top": top,
        "threshold": threshold,
        "beam_size": beam_size,
        "pieces": pieces or None,
    }
    print(draw(name, text, out, kind, options))


def _texts(inputs: Sequence[str]) -> list[str]:
    """The inputs, each `-` replaced by the lines of standard input."""
    texts: list[str] = []
    for text in inputs:
        texts += [line.rstrip("\r\n") for line in sys.stdin] if text == "-" else [text]
    return texts
