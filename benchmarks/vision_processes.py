"""The processes of `benchmarks/vision.py`: each has one library and steps when told to.

A library is imported in its process alone, so that threads, memory and settings of the
others do not reach it.
"""

import dataclasses
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

OURS, OURS_JIT, THEIRS, PRODUCT = "seqzoo", "seqzoo jit", "PyTorch", "product"
SIDE = 2048  # of the matrices of the product
WEIGHTS = "weights.npz"  # of the model that is trained


@dataclasses.dataclass(frozen=True)
class Task:
    """What is timed.

    Attributes:
        case: "vit", "swin" or "detr", of transformers; or "training".
        size: Height and width of the images.
        batch: How many.
        dtype: What is computed in.
        threads: Of PyTorch; TensorFlow and JAX read theirs from the environment.
        folder: For the weights, which PyTorch's process draws.
    """

    case: str
    size: tuple[int, int]
    batch: int
    dtype: str
    threads: int
    folder: Path

    def pixels(self):
        """Random images of inference."""
        import numpy as np

        shape = (self.batch, *self.size, 3)
        return np.random.default_rng(0).normal(size=shape).astype("float32")


class Contestant:
    """A process of its own with one library.

    Args:
        library: "seqzoo" or "PyTorch".
        task: What it is timed at.

    Attributes:
        outputs: Of the model in inference, by which the libraries are compared.
        flops: Floating-point operations of a step, which PyTorch counts; else None.
    """

    def __init__(self, library: str, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._library = library
        self._process = context.Process(
            target=_serve, args=(theirs, library, task), daemon=True
        )
        self._process.start()
        theirs.close()
        self.outputs, self.flops = self._received()

    def milliseconds(self, step: str) -> float:
        """The time of one step, after one that is not counted and wakes its threads."""
        self._connection.send(step)
        return self._received()

    def close(self) -> None:
        """Ends the process."""
        self._connection.close()
        self._process.join()

    def _received(self) -> Any:
        try:
            return self._connection.recv()
        except EOFError:
            raise RuntimeError(
                f"The process of {self._library} stopped; it said why above."
            ) from None


def _serve(connection: Connection, library: str, task: Task) -> None:
    if library == THEIRS:
        os.environ["KERAS_BACKEND"] = "torch"  # which loads no second library
    from seqzoo.ops.allocator import keep_freed_memory

    if task.case == "training":
        keep_freed_memory()
    make = _theirs if library == THEIRS else _ours
    steps, outputs, flops = make(task)
    connection.send((outputs, flops))
    while True:
        try:
            step = steps[connection.recv()]
        except EOFError:  # closed: there is no more to do
            return
        step()
        start = time.perf_counter()
        step()
        connection.send(1000 * (time.perf_counter() - start))


def _ours(task):
    """Our steps by name, the outputs, and no count of operations."""
    import numpy as np
    from keras import ops

    import seqzoo
    from seqzoo.ops.compilation import compile_for

    if task.case == "training":
        plain, jit = (_recipe(task, np.load(task.folder / WEIGHTS)) for _ in range(2))
        for recipe, is_jit in ((plain, False), (jit, True)):
            recipe.model.compile(
                optimizer=recipe.optimizer, loss=recipe.loss, jit_compile=is_jit
            )
        batch = next(iter(plain.train(0)))
        outputs = ops.convert_to_numpy(plain.model(batch[0], training=False))
        steps = {
            OURS: lambda: float(plain.model.train_on_batch(*batch)),
            OURS_JIT: lambda: float(jit.model.train_on_batch(*batch)),
        }
        return steps, outputs, None

    model = seqzoo.load(task.folder, dtype=task.dtype)
    inputs = ops.convert_to_tensor(task.pixels(), task.dtype)
    if task.case == "detr":
        mask = np.ones((task.batch, *task.size), bool)
        inputs = {"images": inputs, "mask": ops.convert_to_tensor(mask)}
    whole = compile_for(model, lambda inputs: model(inputs, training=False))

    def logits(outputs):
        outputs = outputs["logits"] if isinstance(outputs, dict) else outputs
        return ops.convert_to_numpy(ops.cast(outputs, "float32"))

    steps = {
        OURS: lambda: logits(model(inputs, training=False)),
        OURS_JIT: lambda: logits(whole(inputs)),
    }
    return steps, steps[OURS_JIT](), None


def _theirs(task):
    """The same of PyTorch, with a product of two matrices and the operations."""
    import numpy as np
    import torch

    torch.set_num_threads(task.threads)
    dtype = getattr(torch, task.dtype)
    a, b = torch.randn(2, SIDE, SIDE).to(dtype)
    if task.case == "training":
        import keras

        from benchmarks.vision_in_torch import TorchTraining
        from seqzoo.tasks.base import variables_by_key

        recipe = _recipe(task)
        weights = {
            key: keras.ops.convert_to_numpy(variable)
            for key, variable in variables_by_key(recipe.model).items()
        }
        np.savez(task.folder / WEIGHTS, **weights)
        batch = next(iter(recipe.train(0)))
        trained = TorchTraining(recipe.model)
        outputs = trained.logits(batch[0])

        def step():
            return trained.step(*batch)
    else:
        from benchmarks.random_checkpoints import save_checkpoint

        model = save_checkpoint(task.case, task.folder).to(dtype)
        pixels = torch.tensor(task.pixels().transpose(0, 3, 1, 2)).to(dtype)
        options = {}
        if task.case == "detr":
            mask = torch.ones((task.batch, *task.size), dtype=torch.bool)
            options = {"pixel_mask": mask}

        def step():
            with torch.inference_mode():
                return model(pixel_values=pixels, **options).logits.float().numpy()

        outputs = step()
    return {THEIRS: step, PRODUCT: lambda: a @ b}, outputs, _flops(step)


def _recipe(task, weights=None):
    """The recipe vit_cifar10 on made-up images, its model built."""
    import keras

    from recipes import vit_cifar10
    from seqzoo.data import toy_colours
    from seqzoo.tasks.base import variables_by_key

    keras.utils.set_random_seed(0)
    recipe = vit_cifar10.recipe(toy_colours(2 * task.batch))
    recipe.model.build()
    for key, variable in variables_by_key(recipe.model).items():
        if weights is not None:
            variable.assign(weights[key])
    return recipe


def _flops(step):
    """Floating-point operations of the products and convolutions in a step."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    # The fused attention of a CPU is not counted, the one in parts is.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()
