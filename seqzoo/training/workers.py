"""Batches made ahead by other processes, where one is slower than the steps."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from seqzoo.training.recipe import Recipe

AHEAD = 2  # batches that wait, for each process


class BatchMakers:
    """Processes that have the recipe too, for the sake of its batches.

    They make the very batches of `Recipe.train`, in its order, and leave the
    accelerator alone. Each reads the data itself. Use it in a `with` statement.

    Args:
        make_recipe: Makes the recipe; such that another process can be told of it: a
            function of a module that can be imported, or `functools.partial` of one.
        count: How many processes.

    Raises:
        ValueError: If there is not at least one.
    """

    def __init__(self, make_recipe: Callable[[], Recipe], count: int):
        if count < 1:
            raise ValueError(
                f"It takes at least one process to make batches. Received: {count}"
            )
        self._count = count
        self._pool = ProcessPoolExecutor(
            count,
            multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(make_recipe,),
        )
        with _without_accelerator():  # which the processes inherit, as all start now
            self._pool.submit(int)

    def __enter__(self) -> "BatchMakers":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def instead_of(self, train: Callable[[int], Any]) -> Callable[[int], "Batches"]:
        """A `Recipe.train` that gives the batches of the recipe's own.

        Raises:
            ValueError: In a call, if they cannot be made one by one.
        """

        def made_elsewhere(epoch: int) -> Batches:
            own = train(epoch)
            if not isinstance(own, Sequence):
                raise ValueError(
                    "Other processes make the batches of recipes whose `train` gives a "
                    f"sequence. Received: {type(own).__name__}. Train it without "
                    "workers."
                )
            return Batches(self, epoch, len(own))

        return made_elsewhere

    def ahead(self, epoch: int, count: int) -> Iterator[Any]:
        """Batches in order, while a few more are being made.

        Raises:
            OSError: If a process has ended, as one does that the system kills.
        """
        waiting: deque[Any] = deque()
        try:
            for index in range(count):
                waiting.append(self._pool.submit(_batch, epoch, index))
                if len(waiting) > AHEAD * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise OSError(
                "A process that makes batches has ended. It says above why, or the "
                "system killed it for its memory: each holds the data. Try fewer "
                "workers; the run goes on after its last epoch."
            ) from error


class Batches:
    """One epoch's, with their number."""

    def __init__(self, makers: BatchMakers, epoch: int, count: int):
        self._makers, self._epoch, self._count = makers, epoch, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        return self._makers.ahead(self._epoch, self._count)


@contextmanager
def _without_accelerator() -> Iterator[None]:
    hidden = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
    before = {name: os.environ.get(name) for name in hidden}
    os.environ.update(hidden)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_recipe: Recipe
_epoch: tuple[int, Any] = (-1, None)


def _start(make_recipe: Callable[[], Recipe]) -> None:
    global _recipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _recipe = make_recipe()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # returns when it was killed, too
        os._exit(1)


def _batch(epoch: int, index: int) -> Any:
    global _epoch
    if _epoch[0] != epoch:
        _epoch = epoch, _recipe.train(epoch)
    return _epoch[1][index]
