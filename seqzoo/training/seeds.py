"""Several seeds of one recipe: a model of each, and the spread of their scores."""

import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqzoo.hub.manifest import METRICS
from seqzoo.training.logs import say
from seqzoo.training.loop import run
from seqzoo.training.recipe import Recipe
from seqzoo.training.writing import record_again


def run_seeds(
    make_recipe: Callable[[], Recipe],
    seeds: Sequence[int],
    *,
    folder: Path = Path("weights"),
    checkpoint_dir: Path = Path("checkpoints"),
    **settings: Any,
) -> Path:
    """Trains a recipe with several seeds, one after another.

    The model of the first seed is written to `folder/<name>/`, that of another seed to
    `checkpoint_dir/seed_<seed>/<name>/`. Then the record of the first gets the mean of
    each score over the seeds, and its spread: the standard deviation with n - 1.

    Args:
        make_recipe: Makes the recipe; called for each seed, after it is set.
        seeds: At least two different seeds.
        folder: Folder that gets the folder of the first model.
        checkpoint_dir: Folder of unfinished runs and of the other models.
        **settings: As in `run`.

    Returns:
        The folder of the first model.

    Raises:
        ValueError: If there are fewer than two seeds, or one comes twice; else as `run`
            does.
    """
    if len(set(seeds)) != len(seeds) or len(seeds) < 2:
        raise ValueError(
            "`seeds` must be at least two different numbers, such as 0 1 2. "
            f"Received: {' '.join(map(str, seeds)) or 'none'}"
        )
    settings |= {"checkpoint_dir": checkpoint_dir}
    written = []
    for seed in seeds:
        say(f"Seed {seed} of {', '.join(map(str, seeds))}")
        first = seed == seeds[0]
        place = Path(folder) if first else Path(checkpoint_dir) / f"seed_{seed}"
        written.append(run(make_recipe, seed=seed, folder=place, **settings))
    records = [json.loads((one / METRICS).read_text("utf-8")) for one in written]
    record = records[0]
    for name, metric in record["metrics"].items():
        values = [each["metrics"][name]["value"] for each in records]
        metric["seeds"] = list(seeds)
        metric["mean"] = statistics.mean(values)
        metric["spread"] = statistics.stdev(values)
        line = f"{name} {metric['mean']:.5g} ± {metric['spread']:.2g}"
        say(f"{line} {metric['unit']}, mean of {len(seeds)} seeds")
    record_again(make_recipe(), record, written[0])
    return written[0]
