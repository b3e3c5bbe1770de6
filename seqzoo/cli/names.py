"""The argument of commands about one model."""

from typing import Annotated

import typer

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name of `seqzoo list`, a folder (./x) or hf:owner/name."
    ),
]
