"""`main`: the command line of every recipe."""

import argparse
import dataclasses
import functools
import itertools
import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from seqzoo import zoo
from seqzoo.hub.errors import one_line
from seqzoo.hub.manifest import METRICS
from seqzoo.hub.storage import WEIGHTS_DTYPES
from seqzoo.ops.allocator import keep_freed_memory
from seqzoo.training.loop import DTYPES, run
from seqzoo.training.recipe import Recipe
from seqzoo.training.seeds import run_seeds
from seqzoo.training.writing import TOLERANCE, store_again

SMOKE_STEPS = 2
REPLAY_TOLERANCE = 0.005  # of a score: backends round differently

Data = TypeVar("Data")


def main(
    make_recipe: Callable[[Data], Recipe],
    *,
    data: Callable[[], Data],
    toy: Callable[[], Data],
    read: Callable[[Path], Data] | None = None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Runs a recipe by its flags; an error is one line and exit status 2.

    Args:
        make_recipe: The recipe, a function of data.
        data: Reads the real data.
        toy: Makes data of the same form without files, for `--smoke`.
        read: Reads a file of the user's, for `--text FILE`; None: no such flag.
        arguments: Flags; by default those of the process.
    """
    parser = _parser(takes_file=read is not None)
    flags = parser.parse_args(arguments)

    def chosen_recipe() -> Recipe:
        if read is None or flags.text is None:
            return make_recipe(data())
        return make_recipe(read(flags.text))

    try:
        if flags.evaluate:
            _replay(chosen_recipe(), flags.out)
        elif flags.store:
            _store(chosen_recipe(), flags.out, flags.store)
        elif flags.smoke:
            _smoke(lambda: make_recipe(toy()), flags.seed, flags.dtype)
        else:
            keep_freed_memory()  # the process does nothing else
            train: Callable[..., Path] = functools.partial(run, seed=flags.seed)
            if flags.seeds is not None:
                train = functools.partial(run_seeds, seeds=flags.seeds)
            train(
                chosen_recipe,
                folder=flags.out,
                checkpoint_dir=flags.checkpoint_dir,
                epochs=flags.epochs,
                resume=not flags.no_resume,
                dtype=flags.dtype,
                workers=flags.workers,
                force=flags.force,
                finish=flags.finish,
            )
    except KeyboardInterrupt:
        print(
            "Stopped. The same command resumes after the last epoch; with --finish it "
            "writes the best model so far.",
            file=sys.stderr,
        )
        raise SystemExit(130) from None
    except (ValueError, KeyError, OSError, ImportError) as error:
        if flags.debug:
            raise
        parser.exit(2, f"{parser.prog}: {one_line(error)}\n")


def _smoke(make_recipe: Callable[[], Recipe], seed: int, dtype: str | None) -> None:
    """Trains two steps, then does everything that follows, in a temporary folder."""

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
    """Scores the trained model again and compares with its record."""
    model = _trained(recipe, folder)
    record = json.loads((folder / recipe.name / "metrics.json").read_text("utf-8"))
    trained_on, given = record.get("data_sha256"), dict(recipe.data_sha256)
    if trained_on and trained_on != given:
        raise ValueError(
            f"{folder / recipe.name} was scored on other data: {_hashes(trained_on)}. "
            f"Received: {_hashes(given)}. Give the same files."
        )
    recorded = {name: entry["value"] for name, entry in record["metrics"].items()}
    differing = []
    for name, metric in recipe.evaluate(model).items():
        before = recorded.get(name, math.nan)
        print(f"{name} {metric.value:.4f} {metric.unit}, recorded {before:.4f}")
        # Not `>`, so that NaN differs, too.
        if not abs(metric.value - before) <= REPLAY_TOLERANCE * abs(before):
            differing.append(name)
    if differing:
        raise ValueError(
            f"{', '.join(differing)} differ from metrics.json by more than "
            f"{REPLAY_TOLERANCE:.1%}. Were the weights, the data or the code changed?"
        )


def _store(recipe: Recipe, folder: Path, dtype: Any) -> None:
    """Stores the trained model in another precision."""
    target = store_again(recipe, _trained(recipe, folder), folder, dtype)
    record = json.loads((target / METRICS).read_text("utf-8"))
    for name, metric in record["metrics"].items():
        print(f"{name} {metric['value']:.4f} {metric['unit']} as {dtype}")
    print(f"Wrote {target}")


def _trained(recipe: Recipe, folder: Path) -> Any:
    """The trained model of a recipe."""
    # By name, since the weights may lie in the Hub cache alone.
    is_bundled = folder.resolve() == zoo.bundle_folder().resolve()
    return zoo.load(recipe.name if is_bundled else folder / recipe.name)


def _hashes(files: Mapping[str, str]) -> str:
    return ", ".join(f"{name} of sha256 {sha[:12]}" for name, sha in files.items())


def _parser(takes_file: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Train this recipe and write weights/<name>/. The same command "
        "resumes an interrupted run after its last finished epoch."
    )
    add = parser.add_argument
    add("--seed", type=int, default=0, help="seed of the run; default: %(default)s")
    add(
        "--seeds",
        type=int,
        nargs="+",
        metavar="SEED",
        help="train once with each of these seeds, and record the mean and the "
        "standard deviation of the scores; the first gives the model",
    )
    add("--epochs", type=int, help="number of epochs; default: the recipe's")
    add(
        "--smoke", action="store_true", help="train two steps on toy data, keep nothing"
    )
    add(
        "--evaluate",
        action="store_true",
        help="train nothing; score the trained model again and compare",
    )
    add(
        "--store",
        choices=WEIGHTS_DTYPES,
        help="train nothing; store the trained model in this precision, unless a score "
        f"moves by more than {TOLERANCE:.1%}% and by more than its spread",
    )
    weights, checkpoints = Path("weights"), Path("checkpoints")
    add("--out", type=Path, default=weights, help="folder; default: %(default)s")
    add(
        "--checkpoint-dir",
        type=Path,
        default=checkpoints,
        help="folder of unfinished runs; default: %(default)s",
    )
    add(
        "--no-resume", action="store_true", help="start again, overwrite the checkpoint"
    )
    add(
        "--finish",
        action="store_true",
        help="train no more; write the best model of an interrupted run",
    )
    add(
        "--force",
        action="store_true",
        help="replace a published model, or the model of another seed",
    )
    add("--dtype", choices=DTYPES, help="of training; evaluation is in float32")
    add(
        "--workers",
        type=int,
        default=0,
        metavar="COUNT",
        help="processes that prepare batches, for a GPU; default: none but this one",
    )
    add("--debug", action="store_true", help="show the traceback of an error")
    if takes_file:
        help_text = "train on this UTF-8 text; the model is then called NAME_FILE"
        add("--text", type=Path, metavar="FILE", help=help_text)
    return parser
