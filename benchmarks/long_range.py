"""Adding problem and copy memory: what a model still knows after many steps.

    python -m benchmarks.long_range --task adding --model tcn --out long_range.json
    python -m benchmarks.long_range --model gru --chrono-steps 600 --state checkpoints/a
    python -m benchmarks.long_range --table long_range.json

Sizes and lengths of Bai et al. (2018, arxiv.org/abs/1803.01271, sections 4 and 5).
Every batch is drawn anew, from the seed and the number of the step alone, and the test
sequences from another seed. Who learns nothing comes to the guess level, which stands
beside every loss. With `--state` a run that was cut goes on where it was saved last.

Departs from the authors' code: Adam for both tasks, where it takes RMSprop for copy
memory; a learning rate that falls; gradients clipped in both; fresh batches, where it
has a fixed set; one marker in each half of the adding problem, where it puts the two
anywhere; kernels of the inputs that start without regard to the number of units; and,
with `--chrono-steps`, gates that remember for long from the start.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.long_range_tasks import TASKS, TEST, Settings, batch, default_units
from seqzoo.layers import CELLS, Recurrent, TemporalConvNet, named_cell
from seqzoo.training.record import environment, write_json

TEST_SEQUENCES = 1000
REPORT = 100  # steps between two lines, over which the loss is averaged


@dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0  # in training, all sessions together
    losses: list[float] = field(default_factory=list)  # since the last line
    running_loss: float | None = None  # their mean at the last line


def network(settings: Settings) -> keras.Model:
    """One recurrent layer or a TCN, and a dense layer, with fresh weights, compiled."""
    keras.utils.set_random_seed(settings.seed)
    task = TASKS[settings.task]
    inputs = keras.Input((settings.sequence_steps, task.features))
    if settings.model == "tcn":
        blocks = [settings.units] * settings.blocks
        y = TemporalConvNet(
            blocks, settings.kernel_size, return_sequences=task.at_every_step
        )(inputs)
    else:
        # Glorot's initial kernel of so few inputs is hardly heard.
        cell = named_cell(
            settings.model,
            settings.units,
            kernel_initializer="lecun_uniform",
            chrono_steps=settings.chrono_steps,
        )
        y = Recurrent(cell, return_sequences=task.at_every_step)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(task.outputs)(y))
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, settings.train_steps, alpha=0.01
    )
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=settings.clip_norm)
    model.compile(optimizer=optimizer, loss=task.loss())
    optimizer.build(model.trainable_variables)
    return model


def train(
    settings: Settings,
    target: float = 0.0,
    state: Path | None = None,
    save_every: int = 500,
) -> tuple[keras.Model, Progress]:
    """Trains, or goes on with, a model until the running loss is at most `target`.

    The running loss is the mean of the last `REPORT` steps, each on a batch that the
    model had not seen.

    Args:
        settings: Whose run.
        target: The loss that suffices.
        state: Folder to save the run in; nothing is saved without one.
        save_every: Steps after which it is saved.

    Raises:
        ValueError: If the loss is not finite, or `state` holds the same model on the
            same task with other settings.
    """
    model = network(settings)
    file = state and state / f"{settings.title}.safetensors"
    progress = Progress()
    if file and file.exists():
        progress = restore(file, model, settings)
        print(f"{settings.title}: going on after step {progress.step}", flush=True)
    started = time.monotonic() - progress.seconds
    while progress.step < settings.train_steps:
        if progress.running_loss is not None and progress.running_loss <= target:
            break
        loss = float(model.train_on_batch(*batch(settings, progress.step)))
        if not math.isfinite(loss):
            raise ValueError(
                f"The loss is {loss} in step {progress.step + 1}. Lower the learning "
                "rate or the norm at which gradients are clipped."
            )
        progress.step += 1
        progress.losses.append(loss)
        progress.seconds = time.monotonic() - started
        if progress.step % REPORT == 0:
            progress.running_loss = float(np.mean(progress.losses))
            progress.losses.clear()
            print(
                f"{settings.title}: step {progress.step}  "
                f"loss {progress.running_loss:.3g}  guess {settings.guess:.3g}  "
                f"{progress.seconds:.0f} s",
                flush=True,
            )
        if file and progress.step % save_every == 0:
            save(file, model, settings, progress)
    if file:
        save(file, model, settings, progress)
    return model, progress


def variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Of the model and of its optimizer, in an order that processes share."""
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {
        f"{name}/{i}": variable
        for name, group in groups.items()
        for i, variable in enumerate(group)
    }


def save(
    file: Path, model: keras.Model, settings: Settings, progress: Progress
) -> None:
    """Writes the run whole or not at all."""
    from safetensors.numpy import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        key: np.array(keras.ops.convert_to_numpy(variable), order="C")
        for key, variable in variables(model).items()
    }
    text = json.dumps({"settings": asdict(settings), "progress": asdict(progress)})
    partial = file.with_suffix(".partial")
    save_file(arrays, partial, metadata={"seqzoo": text})
    os.replace(partial, file)


def restore(file: Path, model: keras.Model, settings: Settings) -> Progress:
    """Gives the model and its optimizer what `save` wrote.

    Raises:
        ValueError: If it was written by a run with other settings.
    """
    from safetensors import safe_open

    with safe_open(file, framework="numpy") as tensors:
        saved = json.loads(tensors.metadata()["seqzoo"])
        wanted = asdict(settings)
        changed = [key for key in wanted if saved["settings"].get(key) != wanted[key]]
        if changed:
            raise ValueError(
                f"{file} is of a run with another {', '.join(changed)}. "
                "Remove it or name another folder."
            )
        for key, variable in variables(model).items():
            variable.assign(tensors.get_tensor(key))
    return Progress(**saved["progress"])


def result(settings: Settings, model: keras.Model, progress: Progress) -> dict:
    """What the table shows of a run, and its circumstances."""
    rng = np.random.default_rng([settings.seed, TEST])
    test = TASKS[settings.task].draw(TEST_SEQUENCES, settings.length, rng)
    return {
        **asdict(settings),
        "parameters": model.count_params(),
        "train_steps": progress.step,
        "seconds": round(progress.seconds, 1),
        "running_loss": progress.running_loss,
        "test_loss": model.evaluate(*test, batch_size=100, verbose=0),
        "test_sequences": TEST_SEQUENCES,
        "guess": settings.guess,
        **environment(),
    }


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The results in Markdown, by task, length and model."""
    lines = [
        "| task | T | model | parameters | steps | seconds | test loss | guess |",
        "|---|---|---|---|---|---|---|---|",
    ]
    order = ("task", "length", "model")
    for row in sorted(results.values(), key=lambda row: [row[key] for key in order]):
        lines.append(
            f"| {row['task']} | {row['length']} | {row['model']} | "
            f"{row['parameters']:,} | {row['train_steps']:,} | {row['seconds']:.0f} | "
            f"{row['test_loss']:.3g} | {row['guess']:.3g} |"
        )
    return "\n".join(lines)


def read(file: Path) -> dict[str, Any]:
    """The results in a file, by the titles of the runs."""
    return json.loads(file.read_text("utf-8"))


def merge(file: Path, title: str, row: Mapping[str, Any]) -> None:
    """Puts a run's result among those in the file, in place of an older one."""
    results = read(file) if file.exists() else {}
    partial = file.with_suffix(".partial")
    write_json(partial, {**results, title: row})
    partial.replace(file)


def given(flag: Any, default: Any) -> Any:
    """The flag, or the default of the task where there was none."""
    return default if flag is None else flag


def main() -> None:
    """Train, print the row, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=tuple(TASKS), default="adding")
    parser.add_argument("--model", choices=(*CELLS, "tcn"), default="tcn")
    parser.add_argument(
        "--length", type=int, metavar="T", help="steps (adding) or delay (copy)"
    )
    parser.add_argument("--steps", type=int, help="at most so many batches")
    parser.add_argument(
        "--chrono-steps",
        type=int,
        default=0,
        help="of a gated cell, as in seqzoo.layers.Cell",
    )
    parser.add_argument(
        "--target",
        type=float,
        default=5e-5,
        help="running loss that ends the training, default: %(default)s",
    )
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--units", type=int, help="default: the paper's size")
    for name in ("blocks", "kernel-size", "clip-norm", "batch-size", "seed"):
        default = getattr(Settings, name.replace("-", "_"))
        parser.add_argument(
            f"--{name}",
            type=type(default),
            default=default,
            help="default: %(default)s",
        )
    parser.add_argument("--state", type=Path, help="a folder to save the run in")
    parser.add_argument(
        "--save-every", type=int, default=500, help="steps, default: %(default)s"
    )
    parser.add_argument("--out", type=Path, help="a JSON file to add the result to")
    parser.add_argument(
        "--table", type=Path, help="train nothing: print the results in this file"
    )
    flags = parser.parse_args()
    if flags.table:
        print(table(read(flags.table)))
        return
    task = TASKS[flags.task]
    try:
        settings = Settings(
            task=flags.task,
            length=given(flags.length, task.length),
            model=flags.model,
            units=given(flags.units, default_units(flags.task, flags.model)),
            learning_rate=given(flags.learning_rate, task.learning_rate),
            train_steps=given(flags.steps, task.train_steps),
            chrono_steps=flags.chrono_steps,
            blocks=flags.blocks,
            kernel_size=flags.kernel_size,
            clip_norm=flags.clip_norm,
            batch_size=flags.batch_size,
            seed=flags.seed,
        )
        model, progress = train(
            settings,
            flags.target,
            flags.state,
            flags.save_every,
        )
    except ValueError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    row = result(settings, model, progress)
    print(table({settings.title: row}))
    if flags.out:
        merge(flags.out, settings.title, row)


if __name__ == "__main__":
    main()
