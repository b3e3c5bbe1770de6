"""`run`: from a recipe to `weights/<name>/`."""

import dataclasses
import itertools
import json
import math
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seqzoo.hub.manifest import replace_file
from seqzoo.tasks.base import Task, variables_by_key
from seqzoo.tasks.persistence import dtype_policy
from seqzoo.training.checkpoints import (
    ADVICE,
    Checkpoints,
    Progress,
    batch_digest,
)
from seqzoo.training.logs import EpochBar, csv_of, duration, say, tensorboard
from seqzoo.training.recipe import Recipe
from seqzoo.training.record import environment, exact_products
from seqzoo.training.signals import StopSignals
from seqzoo.training.workers import BatchWorkers
from seqzoo.training.writing import LOG, repository_of, write_model

DTYPES = ("float32", "mixed_bfloat16")


def run(
    make_recipe: Callable[[], Recipe],
    *,
    seed: int = 0,
    folder: Path = Path("weights"),
    checkpoint_dir: Path = Path("checkpoints"),
    epochs: int | None = None,
    resume: bool = True,
    run_eagerly: bool = False,
    dtype: str | None = None,
    workers: int = 0,
    force: bool = False,
    finish: bool = False,
) -> Path:
    """Trains a recipe, or resumes it, and writes the model with its record.

    The seed is set before the recipe is made, because layers draw their initial weights
    when they are made. After each epoch the model is validated and everything is saved
    to `checkpoint_dir/<name>/` (with seed 1 `<name>_seed_1`, and so on); a run that was
    killed resumes from there and ends with the same weights. After the last epoch the
    weights with the best validation score are rounded to the precision in which they
    are saved, evaluated on test data once, and written to `folder/<name>/`, completely
    or not at all.

    Args:
        make_recipe: Makes the recipe; called once, after the seed is set.
        seed: Seed of Python, NumPy, Keras and the backend.
        folder: Folder that gets the trained model's folder.
        checkpoint_dir: Folder of the state of unfinished runs.
        epochs: Number of epochs in place of the recipe's; its schedule and the reach
            of its averages become as much shorter or longer.
        resume: False starts again and overwrites the checkpoint.
        run_eagerly: As in `keras.Model.compile`: no step is compiled.
        dtype: One of `DTYPES`, the Keras dtype policy of training; None is Keras's
            own. "mixed_bfloat16" is faster where the processor has bfloat16. Weights,
            averages and the evaluated model are float32.
        workers: Number of worker processes that prepare batches; 0 is none.
        force: Replaces a published model, and the model of another seed.
        finish: Trains no more, and writes the best model of the checkpoint.

    Returns:
        The folder of the trained model.

    Raises:
        FileExistsError: If the folder holds a published model or that of another seed.
        BlockingIOError: If another run uses the checkpoint.
        ValueError: If the checkpoint is of another recipe, the loss is not finite,
            validation does not return what the recipe monitors, or `dtype` is none of
            `DTYPES`.
    """
    if dtype is not None and dtype not in DTYPES:
        raise ValueError(
            f"`dtype` must be one of {', '.join(DTYPES)}. Received: dtype={dtype!r}"
        )
    keras.utils.set_random_seed(seed)
    with dtype_policy(dtype):
        recipe = make_recipe()
        recipe.model.ensure_built()  # every weight, before the optimizer asks for them
    if epochs is not None:
        recipe = recipe.with_epochs(epochs)
    model = recipe.model
    model.compile(
        optimizer=recipe.optimizer,
        loss=recipe.loss,
        jit_compile=_jit_compile(recipe, run_eagerly),
        run_eagerly=run_eagerly,
    )
    model.optimizer.build(model.trainable_variables)

    if not force:
        _refuse_to_replace(Path(folder) / recipe.name, seed)
    logs = Path(checkpoint_dir) / (recipe.name + (f"_seed_{seed}" if seed else ""))
    checkpoints = Checkpoints(logs, recipe, seed, dtype)
    with checkpoints.locked():
        progress = (checkpoints.resume() if resume else None) or Progress()
        if progress.step:
            within = f", step {progress.epoch_steps}" if progress.epoch_steps else ""
            say(f"Resuming {recipe.name} after epoch {progress.epoch}{within}: {logs}")
        if progress.epoch < recipe.epochs and not finish:
            _refuse_other_batches(recipe, progress, logs)
            say(_expectation(recipe, progress, Path(folder)))
            progress.environment = environment()
            if dtype is not None:
                progress.environment["training_dtype"] = dtype
            _train(recipe, progress, checkpoints, logs, workers)
        if progress.best_epoch is None:
            raise ValueError(
                f"There is no whole epoch in {logs}, so there is nothing to finish."
                if not progress.epoch
                else f"`{recipe.monitor}` was not a number in any of {progress.epoch} "
                "epochs, so no weights could be chosen. See train_log.csv."
            )
        checkpoints.restore_best()
        if dtype is not None:
            recipe = dataclasses.replace(recipe, model=_twin(model))
        with exact_products():
            return write_model(recipe, progress, Path(folder), seed)


def _train(
    recipe: Recipe,
    progress: Progress,
    checkpoints: Checkpoints,
    logs: Path,
    workers: int,
) -> None:
    """Trains the epochs that are left."""
    with (
        tensorboard(logs / "tensorboard") as board,
        BatchWorkers(recipe.train, workers) if workers else nullcontext() as pool,
        StopSignals() as signals,
    ):
        if pool is not None:
            recipe = dataclasses.replace(recipe, train=pool.batches)
        for epoch in range(progress.epoch, recipe.epochs):
            _train_epoch(recipe, epoch, progress, checkpoints, signals)
            replace_file(logs / LOG, csv_of(progress.history))
            board(progress.history[-1])


def _refuse_other_batches(recipe: Recipe, progress: Progress, logs: Path) -> None:
    """Refuses to go on with a training on other data."""
    if not progress.first_batch:
        return
    batch = next(iter(recipe.train(0)), None)
    if batch is None or batch_digest(batch) != progress.first_batch:
        raise ValueError(
            f"{logs} is of a run on other data: its first batch is not that of "
            f"{recipe.name} now. {ADVICE}"
        )


def _refuse_to_replace(folder: Path, seed: int) -> None:
    """Refuses to replace a published model, or the model of another seed."""
    advice = "Keep it by --out FOLDER, or replace it by --force."
    if repository := repository_of(folder):
        raise FileExistsError(f"{folder} is the published model {repository}. {advice}")
    try:
        record = json.loads((folder / "metrics.json").read_text("utf-8"))
    except (OSError, ValueError):
        return
    if record.get("seed", seed) != seed:
        raise FileExistsError(
            f"{folder} is the model of seed {record['seed']}, not {seed}. {advice}"
        )


def _expectation(recipe: Recipe, progress: Progress, folder: Path) -> str:
    """What a person wants to know before a training starts."""
    epochs = recipe.epochs - progress.epoch
    amount = f"{epochs} epochs"
    if isinstance(recipe.train, Sized):
        amount = f"{epochs * len(recipe.train):,} steps in {amount}"
    if recipe.minutes is not None:
        minutes = recipe.minutes * epochs / recipe.epochs
        amount += f", {duration(60 * minutes)} on two CPU cores"
    about = f"{recipe.about}; " if recipe.about else ""
    return f"{about}{amount}. The model will be in {folder / recipe.name}"


def _twin(model: Task) -> Task:
    """A copy of the model in Keras's current dtype policy."""
    twin = type(model)(model.config)
    twin.processor = model.processor
    twin.ensure_built()
    for key, variable in variables_by_key(model).items():
        variables_by_key(twin)[key].assign(variable)
    return twin


def _jit_compile(recipe: Recipe, run_eagerly: bool) -> bool | str:
    """The argument of `compile`. True would call PyTorch's compiler on PyTorch."""
    if run_eagerly:
        return False
    return True if recipe.xla and keras.backend.backend() == "tensorflow" else "auto"


def _train_epoch(
    recipe: Recipe,
    epoch: int,
    progress: Progress,
    checkpoints: Checkpoints,
    signals: StopSignals,
) -> None:
    """Trains and validates one epoch, or the rest of it, and saves the run's state."""
    started = time.monotonic() - progress.epoch_seconds
    model = recipe.model
    title = f"epoch {epoch + 1}/{recipe.epochs}"
    batches = recipe.train(epoch)
    bar = EpochBar(title, batches)
    total, steps = progress.epoch_loss, progress.epoch_steps
    for batch in signals.until_received(_from_step(batches, steps)):
        if not progress.first_batch:
            progress.first_batch = batch_digest(batch)
        # Not `fit`: it would replace the raw weights by the averages at its end.
        loss = float(model.train_on_batch(*batch, return_dict=True)["loss"])
        if not math.isfinite(loss):
            raise ValueError(
                f"The loss is {loss} in {title}, step {steps + 1}. Lower the learning "
                "rate or clip the gradient."
            )
        total, steps = total + loss, steps + 1
        bar.step(steps, total / steps)
    bar.close()
    if signals.received is not None:
        progress.step += steps - progress.epoch_steps
        progress.epoch_steps, progress.epoch_loss = steps, total
        progress.epoch_seconds = time.monotonic() - started
        checkpoints.save(progress)
        signals.stop(f"step {steps} of {title}")
    if not steps:
        raise ValueError(f"`train({epoch})` of {recipe.name} gave no batch.")

    with averaged_weights(model):
        scores = {key: float(value) for key, value in recipe.validate(model).items()}
        if recipe.monitor not in scores:
            raise ValueError(
                f"`validate` must return the monitored {recipe.monitor!r}. "
                f"Received: {sorted(scores)}"
            )
        score = scores[recipe.monitor]
        is_best = recipe.is_better(score, progress.best_score)
        if is_best:
            progress.best_epoch, progress.best_score = epoch + 1, score
            checkpoints.keep_best()
        sample = recipe.sample(model) if recipe.sample else ""

    seconds = time.monotonic() - started
    progress.epoch = epoch + 1
    progress.step += steps - progress.epoch_steps
    progress.epoch_steps, progress.epoch_loss, progress.epoch_seconds = 0, 0.0, 0.0
    progress.seconds += seconds
    row = {
        "epoch": epoch + 1,
        "step": progress.step,
        "seconds": round(seconds, 2),
        "loss": total / steps,
        "learning_rate": float(model.optimizer.learning_rate),
        **{f"validation_{name}": value for name, value in scores.items()},
    }
    progress.history.append(row)
    checkpoints.save(progress)
    values = "  ".join(f"{name} {value:.5g}" for name, value in list(row.items())[2:])
    line = f"{title}  {steps} steps  {values}{'  (best)' if is_best else ''}"
    if epochs_left := recipe.epochs - progress.epoch:
        line += f"  {duration(epochs_left * progress.seconds / progress.epoch)} left"
    say(line)
    if sample:
        say(textwrap.indent(sample, "    "))
    if epochs_left and signals.received is not None:
        signals.stop(title)


def _from_step(batches: Iterable[Any], steps: int) -> Iterable[Any]:
    """The batches without the first `steps`, which are not even made if possible."""
    if not steps:
        return batches
    if isinstance(batches, Sequence):
        return (batches[index] for index in range(steps, len(batches)))
    return itertools.islice(batches, steps, None)


@contextmanager
def averaged_weights(model: Task) -> Iterator[None]:
    """Inside, the model has its optimizer's averaged weights, if it keeps any."""
    variables = model.trainable_variables
    raw = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
    model.optimizer.finalize_variable_values(variables)
    for variable in variables:
        # A copy: on JAX the averages would share a buffer with the weights, which a
        # compiled step may reuse.
        variable.assign(np.array(keras.ops.convert_to_numpy(variable)))
    try:
        yield
    finally:
        for variable, value in zip(variables, raw, strict=True):
            variable.assign(value)
