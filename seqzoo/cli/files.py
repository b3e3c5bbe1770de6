"""Commands about a model's files: `verify`, `fetch` and `push`."""

import sys
from typing import Annotated

import typer

import seqzoo
from seqzoo.cli.options import Name
from seqzoo.cli.training import evaluate
from seqzoo.hub.errors import one_line


def verify(
    context: typer.Context,
    name: Name,
    score: Annotated[
        bool,
        typer.Option(
            "--score", help="Score the model on its test data too, as evaluate does."
        ),
    ] = False,
) -> None:
    """Check the hash of every file of a model."""
    files = seqzoo.verify(name)
    for file, is_intact in files:
        print(f"{'ok' if is_intact else 'DAMAGED'}  {file}")
    if damaged := [file for file, is_intact in files if not is_intact]:
        raise ValueError(f"{len(damaged)} of {len(files)} files of {name} are damaged.")
    if score:
        sys.stdout.flush()  # the evaluation takes minutes
        evaluate(context, name)


def fetch(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Names, as for run.")
    ],
) -> None:
    """Download missing files of models and check them."""
    from seqzoo.zoo import fetch as fetch_files

    refused = []
    for name in names:
        try:
            fetch_files(name)
        except (KeyError, ValueError, OSError) as error:
            if len(names) == 1:
                raise
            refused.append(name)
            print(f"seqzoo: error: {one_line(error)}", file=sys.stderr)
        else:
            print(f"{name} is complete", file=sys.stderr)
    if refused:
        raise ValueError(
            f"{len(refused)} of {len(names)} models are not complete: "
            f"{', '.join(refused)}."
        )


def push(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME_OR_FOLDER", help="A name of `seqzoo list`, or a folder (./x)."
        ),
    ] = None,
    repo: Annotated[
        str | None,
        typer.Argument(metavar="REPO", help="The Hub repository to write: owner/name."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Push the whole zoo; needs --org.")
    ] = False,
    org: Annotated[
        str | None,
        typer.Option(
            help="With --all: the owner of the repositories, one for each model name."
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Make new repositories private.")
    ] = False,
) -> None:
    """Upload a model to the Hub."""
    is_private = private or None  # None: the owner's default
    if everything:
        if org is None or name is not None:
            raise ValueError(
                "push --all needs --org ORG, and takes no NAME_OR_FOLDER and no REPO."
            )
        _push_all(org, is_private)
    elif name is None or repo is None or org is not None:
        raise ValueError(
            "push needs NAME_OR_FOLDER and REPO, such as lstm_char_lm me/lstm_char_lm; "
            "or --all --org ORG."
        )
    else:
        print(seqzoo.push(name, repo, private=is_private))


def _push_all(org: str, private: bool | None) -> None:
    """Pushes every model, and reports those that are damaged at the end.

    An error that would stop every model, such as a missing permission, is raised.
    """
    names = seqzoo.list_models()
    refused = []
    for name in names:
        try:
            pushed = seqzoo.push(name, f"{org}/{name}", private=private)
        except (ValueError, FileNotFoundError) as error:
            refused.append(name)
            print(f"{name} was not pushed: {error}", file=sys.stderr)
        else:
            print(f"{name}  {pushed}", flush=True)
    if refused:
        raise ValueError(
            f"{len(refused)} of {len(names)} models were not pushed: "
            f"{', '.join(refused)}. Repair them, then push --all again."
        )
