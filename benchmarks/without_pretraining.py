"""The network of recipes/bert_imdb_sentiment.py without its pretraining.

    python -m benchmarks.without_pretraining --out without_pretraining.json

The same Config, processor, batches and optimizer, from fresh weights and for twice as
many epochs; the best epoch by validation is tested. An interrupted run resumes.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import seqzoo
from recipes.bert_imdb_sentiment import PRETRAINED, recipe
from seqzoo import data
from seqzoo.training import Recipe, run
from seqzoo.training.record import write_json

# Fields of the training's record that the result repeats.
CIRCUMSTANCES = (
    "params",
    "epochs",
    "train_steps",
    "seconds",
    "seed",
    "validation",
    "device",
    "backend",
    "versions",
    "commit",
    "dirty",
)


def fresh_recipe() -> Recipe:
    """The recipe from fresh weights, under a name of its own."""
    made = recipe(data.imdb(), seqzoo.load(PRETRAINED), is_pretrained=False)
    return dataclasses.replace(made, name="bert_imdb_fresh")


def main() -> None:
    """Train it, print its accuracy, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    parser.add_argument("--dtype", help="of training, as for a recipe")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    checkpoints = Path("checkpoints")
    parser.add_argument(
        "--checkpoint-dir",
        type=Path,
        default=checkpoints,
        help="folder of unfinished runs; default: %(default)s",
    )
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as weights:
        written = run(
            fresh_recipe,
            seed=flags.seed,
            folder=Path(weights),
            checkpoint_dir=flags.checkpoint_dir,
            dtype=flags.dtype,
        )
        record = json.loads((written / "metrics.json").read_text("utf-8"))
    accuracy = record["metrics"]["accuracy"]
    print(f"without pretraining: {accuracy['value']:.2f} %")
    if flags.out:
        result = {
            "command": "python -m benchmarks.without_pretraining",
            "accuracy": accuracy["value"],
            "examples": accuracy["examples"],
            **{key: record[key] for key in CIRCUMSTANCES if key in record},
        }
        write_json(flags.out, result)


if __name__ == "__main__":
    main()
