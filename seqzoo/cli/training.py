"""Commands that run recipes: `train` and `evaluate`."""

import runpy
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import seqzoo
from seqzoo.hub.manifest import METRICS, parse_json
from seqzoo.hub.names import bundle_folder, is_bare


def train(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The name of a recipe, or a file of yours (./my.py)."
        ),
    ],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="FLAGS...", help="Options of the recipe; try --help."),
    ] = None,
) -> None:
    """Train a model by its recipe.

    The arguments after NAME go to the recipe. `seqzoo recipe NAME` prints one, to be
    copied and changed.
    """
    _run_recipe(name, flags or [], context)


def recipe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a recipe.")],
) -> None:
    """Print a recipe, such as for `seqzoo recipe NAME > my.py`."""
    print(_recipe_file(name).read_text("utf-8"), end="")


def evaluate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trained model.")],
) -> None:
    """Score a model again and compare with its record."""
    folder = bundle_folder() / name if is_bare(name) else Path(name).expanduser()
    folder = folder.absolute()
    script = folder.name  # a run names the folder after the recipe
    if (folder / METRICS).is_file():
        record = parse_json((folder / METRICS).read_bytes(), str(folder / METRICS))
        script = Path(str(record.get("recipe", script))).stem
        if script != folder.name:
            raise ValueError(
                f"{name} was trained on data of its own, which are needed. Type: "
                f"seqzoo train {script} --evaluate --out {folder.parent} "
                f"{shlex.join(record.get('arguments', ()))}"
            )
    _run_recipe(script, ["--evaluate", "--out", str(folder.parent)], context)


def _run_recipe(name: str, flags: list[str], context: typer.Context) -> None:
    """Runs a recipe's file in this process, as `python -m recipes.NAME` would."""
    path = _recipe_file(name)
    folder = recipes_folder()
    before = sys.argv
    # `main` removed --debug; the recipe handles its own errors.
    sys.argv = [name, *flags, *(["--debug"] if context.obj else [])]
    sys.path.append(str(folder.parent))  # recipes may share a module of their folder
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as stop:
        # A recipe parses its flags itself and may stop there.
        if isinstance(stop.code, str):
            raise ValueError(stop.code) from None
        raise typer.Exit(stop.code or 0) from None
    finally:
        sys.argv = before
        sys.path.remove(str(folder.parent))


def _recipe_file(name: str) -> Path:
    """The file of a recipe by its name, or the user's own by its path."""
    if name.endswith(".py"):
        path = Path(name).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"There is no recipe {path}. Check the path.")
        return path
    folder = recipes_folder()
    names = sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))
    if name not in names:
        raise KeyError(f"No recipe is named {name!r}. Recipes: {', '.join(names)}.")
    return folder / f"{name}.py"


def recipes_folder() -> Path:
    """The folder of the recipes: beside the package in a clone, inside in a wheel."""
    package = Path(seqzoo.__file__).resolve().parent
    for folder in (package / "recipes", package.parent / "recipes"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"There are no recipes in or beside {package}. Install seqzoo again."
    )
