"""A classifier of images by recurrent sweeps in four directions."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers import CELLS, MultiDirectional2D, named_cell
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.classification import SequenceClassifier


@dataclass(frozen=True)
class FourWayClassifierConfig:
    """Sizes and choices of a `FourWayClassifier`.

    Raises:
        ValueError: If the cell is unknown or a size is not positive.
    """

    channels: int = 1
    num_classes: int = 10
    patch_size: int = 2  # pixels on a side of a step
    cell: str = "gru"  # a name of `seqzoo.layers.CELLS`
    units: int = 32  # in each direction
    layers: int = 2
    dropout: float = 0.0  # between layers and before the logits

    def __post_init__(self):
        check_choices(self, cell=tuple(CELLS))
        check_positive(self, "channels", "num_classes", "patch_size", "units", "layers")


class FourWayClassifier(SequenceClassifier):
    """Patches of an image swept in four directions (Visin et al. 2015, ReNet).

        x_ij = the pixels of patch (i, j)
        y = MultiDirectional2D layers(x)
        logits = W (mean over i, j of y_ij) + b

    In ReNet the sweeps over columns read the outputs of those over rows. Here both read
    the same input, and the next layer reads both.

    Call arguments:
        inputs: `{"images": (batch, height, width, channels)}`; both sides a multiple
            of `patch_size`.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = FourWayClassifierConfig

    def __init__(self, config: FourWayClassifierConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.sweeps = [
            MultiDirectional2D(named_cell(c.cell, c.units), name=f"sweep_{i}")
            for i in range(c.layers)
        ]
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        features = c.channels * c.patch_size**2
        for sweep in self.sweeps:
            sweep.build((None, None, None, features))
            features = 4 * c.units
        self.logits.build((None, features))

    def example_inputs(self) -> dict[str, Array]:
        side = 2 * self.config.patch_size
        shape = (2, side, side, self.config.channels)
        return {"images": np.random.default_rng(0).random(shape).astype("float32")}

    def export_signature(self) -> dict[str, Any]:
        """Images of the processor's size, or of the example's without a processor."""
        signature = super().export_signature()
        if self.processor is not None:
            size = self.processor.size
            shape = (None, size, size, self.config.channels)
            signature["images"] = keras.InputSpec(shape=shape, dtype="float32")
        return signature

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        x = patches(inputs["images"], self.config.patch_size)
        for sweep in self.sweeps:
            x = self.dropout(sweep(x, training=training), training=training)
        return self.logits(ops.mean(x, axis=(1, 2)))


def patches(images: Tensor, size: int) -> Tensor:
    """Squares of pixels as vectors, `(batch, height/size, width/size, size²c)`."""
    _, height, width, channels = images.shape
    if height % size or width % size:
        raise ValueError(
            f"Images must be a multiple of {size} pixels high and wide. "
            f"Received: {height} x {width}"
        )
    shape = (-1, height // size, size, width // size, size, channels)
    # (batch, rows, columns, size, size, channels)
    x = ops.transpose(ops.reshape(images, shape), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height // size, width // size, size * size * channels))
