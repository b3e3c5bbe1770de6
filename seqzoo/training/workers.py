"""Worker processes that prepare training batches, where one process is too slow.

grain makes the same batches but starts its processes anew for each epoch, needs absl's
flags parsed, and leaks shared memory when a worker is killed.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from unittest import mock

WAITING = 2  # batches prepared ahead, for each worker

Train = Callable[[int], Iterable[Any]]


class BatchWorkers:
    """Worker processes that prepare the batches of `Recipe.train`, in its order.

    Each worker receives `train` with its data by pickle and leaves the accelerator
    alone. Use it in a `with` statement.

    Args:
        train: A picklable `Recipe.train`, such as those of `seqzoo.data`, whose epochs
            are sequences.
        count: Number of processes.

    Raises:
        ValueError: If there is not at least one, or `train` cannot be pickled.
    """

    def __init__(self, train: Train, count: int):
        if count < 1:
            raise ValueError(f"At least one worker is needed. Received: {count}")
        try:
            pickled = pickle.dumps(train)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ValueError(
                "Workers receive `train` by pickle, so it must be a data set of "
                f"`seqzoo.data` or a function of a module. Received: {error}. Train it "
                "without workers."
            ) from error
        self._train, self._count = train, count
        self._pool = ProcessPoolExecutor(
            count,
            multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(pickled,),
        )
        # The workers, which all start now, inherit this: they leave the GPU alone.
        with mock.patch.dict(
            os.environ, JAX_PLATFORMS="cpu", CUDA_VISIBLE_DEVICES="-1"
        ):
            self._pool.submit(int)

    def __enter__(self) -> "BatchWorkers":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def batches(self, epoch: int) -> "PreparedEpoch":
        """The batches of an epoch, prepared by the workers: `Recipe.train`.

        Raises:
            ValueError: If the batches of the epoch have no indices.
        """
        batches = self._train(epoch)
        if not isinstance(batches, Sequence):
            raise ValueError(
                "Workers prepare batches by index, so `train` must return a sequence. "
                f"Received: {type(batches).__name__}. Train it without workers."
            )
        return PreparedEpoch(self, epoch, len(batches))

    def prefetch(self, epoch: int, count: int) -> Iterator[Any]:
        """The batches of an epoch in order, while workers prepare the next ones.

        Raises:
            OSError: If a worker has ended, as when the system kills it.
        """
        waiting: deque[Any] = deque()
        try:
            for index in range(count):
                waiting.append(self._pool.submit(_batch, epoch, index))
                if len(waiting) > WAITING * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise OSError(
                "A worker process has ended. Its message is above, or the system "
                "killed it for its memory: each worker holds the data. Try fewer "
                "workers. The run resumes after its last epoch."
            ) from error


class PreparedEpoch:
    """The batches of one epoch, with their number."""

    def __init__(self, workers: BatchWorkers, epoch: int, count: int):
        self._workers, self._epoch, self._count = workers, epoch, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        return self._workers.prefetch(self._epoch, self._count)


_train: Train
_epoch: tuple[int, Any] = (-1, None)  # the last epoch and its batches


def _start(pickled: bytes) -> None:
    global _train
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _train = pickle.loads(pickled)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # returns when it was killed, too
        os._exit(1)


def _batch(epoch: int, index: int) -> Any:
    global _epoch
    if _epoch[0] != epoch:
        _epoch = epoch, _train(epoch)
    return _epoch[1][index]
