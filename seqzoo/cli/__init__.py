"""The `seqzoo` command: every verb of the library for a shell.

Standard output carries answers alone; progress and errors go to standard error. An
error is one line and exit status 2; `--debug` shows its traceback. The commands are
functions of `models`, `demo`, `files` and `training`.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import seqzoo
from seqzoo.cli import demo, files, models, training
from seqzoo.cli.terminal import (
    error_line,
    open_streams,
    prefer_utf8,
    quiet_libraries,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: What follows `seqzoo`; the process's own by default.

    Returns:
        0; 2 after an error; 130 after Ctrl-C; 1 if the reader of standard output
        closed it.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]
    # Allowed anywhere before `--`: people add it to the end of a line that failed.
    arguments = [a for a in arguments[:end] if a != "--debug"] + arguments[end:]
    open_streams()
    prefer_utf8()
    arguments = arguments or ["--help"]
    with contextlib.nullcontext() if debug else quiet_libraries():
        try:
            status = build_app(arguments)(
                arguments, prog_name="seqzoo", standalone_mode=False, obj=debug
            )
            sys.stdout.flush()
            return int(status or 0)
        except BrokenPipeError:
            # The interpreter flushes once more at exit, and needs an open file for it.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            return 130
        except Exception as error:
            if debug:
                traceback.print_exc()
            print(f"seqzoo: error: {error_line(error)}", file=sys.stderr)
            return 2


def _print_version(wanted: bool) -> None:
    if wanted:
        print(seqzoo.__version__)
        raise typer.Exit


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
    # `main` removes --debug from the arguments; it is declared here for the help.
    del debug, version


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """The commands in the order of the help.

    Args:
        arguments: The command line: it decides which options are needed.
    """
    app = typer.Typer(
        help="Trained sequence models by name. Try: seqzoo run NAME INPUT...",
        add_completion=False,
        rich_markup_mode=None,  # scripts read the help too
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    app.command("list")(models.list_)
    app.command()(models.info)
    # The options of these two come from the source of other modules, so they are added
    # only if the command is used.
    app.command()(models.run_with_options() if "run" in arguments else models.run)
    app.command()(models.plot_with_options() if "plot" in arguments else models.plot)
    app.command()(demo.demo)
    app.command()(files.verify)
    app.command()(files.fetch)
    app.command(
        context_settings={
            "ignore_unknown_options": True,
            "allow_interspersed_args": False,
        }
    )(training.train)
    app.command()(training.recipe)
    app.command()(training.evaluate)
    app.command()(files.push)
    return app
