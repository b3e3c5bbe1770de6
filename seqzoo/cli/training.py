"""Recipes from a shell: `train` and `evaluate`."""

import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer

import seqzoo
from seqzoo.hub.names import bundle_folder, is_bare


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


def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trained model.")],
) -> None:
    """Score a trained model on its test data again; compare with its record."""
    folder = bundle_folder() / name if is_bare(name) else Path(name).expanduser()
    folder = folder.absolute()
    # The recipe of a folder is that of its name, as a run of it has left it.
    _run_recipe(folder.name, ["--evaluate", "--out", str(folder.parent)], context)


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
    package = Path(seqzoo.__file__).resolve().parent
    for folder in (package / "recipes", package.parent / "recipes"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"There are no recipes beside {package}. Install seqzoo again, or clone it."
    )
