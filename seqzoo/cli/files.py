"""A model's files from a shell: `verify`, `fetch` and `push`."""

import sys
from typing import Annotated

import typer

import seqzoo
from seqzoo.cli.names import Name
from seqzoo.cli.training import evaluate


def verify(
    context: typer.Context,
    name: Name,
    score: Annotated[
        bool,
        typer.Option("--score", help="Replay the evaluation too, as evaluate does."),
    ] = False,
) -> None:
    """Hash every file of a model and print which ones are as they were published."""
    checked = seqzoo.verify(name)
    for file, good in checked:
        print(f"{'ok' if good else 'DAMAGED'}  {file}")
    if damaged := [file for file, good in checked if not good]:
        raise ValueError(
            f"{len(damaged)} of {len(checked)} files of {name} are damaged."
        )
    if score:
        sys.stdout.flush()  # what follows takes minutes
        evaluate(context, name)


def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As for run.")],
) -> None:
    """Make sure that the files of models are on this machine, and right."""
    from seqzoo.zoo import fetch as fetch_files

    for name in names:
        fetch_files(name)
        print(f"{name} is complete", file=sys.stderr)


def push(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME_OR_FOLDER", help="A name of `seqzoo list`, or a folder (./x)."
        ),
    ] = None,
    repo: Annotated[
        str | None,
        typer.Argument(metavar="REPO", help="A repository of the Hub: owner/name."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Push the whole zoo; wants --org.")
    ] = False,
    org: Annotated[
        str | None,
        typer.Option(
            help="With --all: whose repositories, which are named as the models."
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Make new repositories private.")
    ] = False,
) -> None:
    """Upload a model to the Hub and pin its manifest to the commit."""
    is_private = private or None  # None: as the owner's settings say
    if everything:
        if org is None or name is not None:
            raise ValueError("push --all wants --org ORG and neither name nor REPO.")
        _push_all(org, is_private)
    elif name is None or repo is None or org is not None:
        raise ValueError(
            "push wants NAME_OR_FOLDER REPO, such as lstm_char_lm me/lstm_char_lm; or "
            "--all --org ORG."
        )
    else:
        print(seqzoo.push(name, repo, private=is_private))


def _push_all(org: str, private: bool | None) -> None:
    """Pushes every model; one that is damaged does not keep the others from it.

    What would stop the next one too, such as a missing permission, stops it at once.
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
            f"{', '.join(refused)}. Mend them, then push --all again."
        )
