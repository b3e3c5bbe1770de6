"""`main`: the command line of every recipe."""

import argparse
import dataclasses
import itertools
import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from seqzoo import zoo
from seqzoo.hub.errors import one_line
from seqzoo.ops.allocator import keep_freed_memory
from seqzoo.training.loop import DTYPES, run
from seqzoo.training.recipe import Recipe

SMOKE_STEPS = 2
REPLAY_TOLERANCE = 0.005  # of a score: other backends round other ties

Data = TypeVar("Data")


def main(
    make_recipe: Callable[[Data], Recipe],
    *,
    data: Callable[[], Data],
    toy: Callable[[], Data],
    read: Callable[[Path], Data] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Runs a recipe as its flags say; ends the process with one line on errors.

    Args:
        make_recipe: The recipe, a function of data.
        data: Reads the real data.
        toy: Makes data of the same form, without files, for `--smoke`.
        read: Reads a reader's own file instead, if the recipe can be trained on one:
            gives the command `--text FILE`.
        arguments: Instead of the process's own.
    """
    parser = _parser(takes_file=read is not None)
    flags = parser.parse_args(arguments)

    def own_or_public() -> Recipe:
        if read is None or flags.text is None:
            return make_recipe(data())
        recipe = make_recipe(read(flags.text))
        # Not under the trained name, whose folder it would replace.
        return dataclasses.replace(recipe, name=f"{recipe.name}_{flags.text.stem}")

    try:
        if flags.evaluate:
            _replay(own_or_public(), flags.out)
        elif flags.smoke:
            _smoke(lambda: make_recipe(toy()), flags.seed, flags.dtype)
        else:
            keep_freed_memory()  # this process has nothing else to do
            run(
                own_or_public,
                seed=flags.seed,
                folder=flags.out,
                checkpoint_dir=flags.checkpoint_dir,
                epochs=flags.epochs,
                resume=not flags.no_resume,
                dtype=flags.dtype,
                workers=flags.workers,
            )
    except KeyboardInterrupt:
        print(
            "Stopped; the same command goes on after the last epoch.", file=sys.stderr
        )
        raise SystemExit(130) from None
    except (ValueError, KeyError, OSError, ImportError) as error:
        if flags.debug:
            raise
        parser.exit(2, f"{parser.prog}: {one_line(error)}\n")


def _smoke(make_recipe: Callable[[], Recipe], seed: int, dtype: str | None) -> None:
    """Two steps, then everything that follows training, in a folder that vanishes."""

    def shortened() -> Recipe:
        recipe = make_recipe()
        train = recipe.train
        return dataclasses.replace(
            recipe,
            epochs=1,
            train=lambda epoch: itertools.islice(train(epoch), SMOKE_STEPS),
        )

    with tempfile.TemporaryDirectory() as folder:
        written = run(
            shortened,
            seed=seed,
            folder=Path(folder) / "weights",
            checkpoint_dir=Path(folder) / "checkpoints",
            dtype=dtype,
            run_eagerly=True,  # two steps are not worth a graph
        )
        files = ", ".join(sorted(path.name for path in written.iterdir()))
    print(f"Smoke test passed: {SMOKE_STEPS} steps on toy data, then {files}; removed.")


def _replay(recipe: Recipe, folder: Path) -> None:
    """Scores the trained model again and compares with what its record says."""
    # By its name, what the bundle lacks may lie in the Hub cache.
    is_bundled = folder.resolve() == zoo.bundle_folder().resolve()
    model = zoo.load(recipe.name if is_bundled else folder / recipe.name)
    record = json.loads((folder / recipe.name / "metrics.json").read_text("utf-8"))
    recorded = {name: entry["value"] for name, entry in record["metrics"].items()}
    differing = []
    for name, metric in recipe.evaluate(model).items():
        before = recorded.get(name, math.nan)
        print(f"{name} {metric.value:.4f} {metric.unit}, recorded {before:.4f}")
        # So that no number at all is no equal number either.
        if not abs(metric.value - before) <= REPLAY_TOLERANCE * abs(before):
            differing.append(name)
    if differing:
        raise ValueError(
            f"{', '.join(differing)} differ from metrics.json by more than "
            f"{REPLAY_TOLERANCE:.1%}. Were the weights, the data or the code changed?"
        )


def _parser(takes_file: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Train this recipe and write weights/<name>/. A run that was "
        "stopped goes on after its last epoch."
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument(
        "--smoke", action="store_true", help="two steps on toy data, nothing is kept"
    )
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="train nothing: score the trained model on test data again, compare",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("weights"), help="default: %(default)s"
    )
    parser.add_argument(
        "--checkpoint-dir",
        type=Path,
        default=Path("checkpoints"),
        help="default: %(default)s",
    )
    parser.add_argument(
        "--no-resume", action="store_true", help="begin anew, overwrite the checkpoint"
    )
    parser.add_argument(
        "--dtype",
        choices=DTYPES,
        help="of training; what is evaluated is float32",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="COUNT",
        help="processes that make batches, for an accelerator; default: this one",
    )
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error"
    )
    if takes_file:
        parser.add_argument(
            "--text",
            type=Path,
            metavar="FILE",
            help="train on this UTF-8 text; NAME_FILE is the model's name then",
        )
    return parser
