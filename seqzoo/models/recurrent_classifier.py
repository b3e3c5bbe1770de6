"""A classifier of sequences: recurrent layers, then one decision."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers import (
    CELLS,
    TIMED_CELLS,
    Bidirectional,
    Recurrent,
    named_cell,
)
from seqzoo.ops.pooling import masked_max, masked_mean
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.classification import SequenceClassifier, example_sequences

POOLINGS = ("last", "mean", "max")


@dataclass(frozen=True)
class RecurrentClassifierConfig:
    """Sizes and choices of a `RecurrentClassifier`.

    Raises:
        ValueError: If a choice is unknown or a size is not positive.
    """

    features: int = 28
    num_classes: int = 10
    cell: str = "gru"  # a name of `seqzoo.layers.CELLS` or `TIMED_CELLS`
    timed: bool = False  # whether the steps have time stamps
    time_unit: float = 1.0  # divisor of times that are a feature
    units: int = 128  # in each direction
    layers: int = 1
    bidirectional: bool = False
    pooling: str = "last"  # of the last layer's outputs: "last", "mean" or "max"
    dropout: float = 0.0  # between layers and before the logits (Zaremba et al. 2014)
    recurrent_dropout: float = 0.0  # on h, one mask a sequence (Gal 2016)
    zoneout: tuple[float, ...] = ()  # rate of each state (Krueger et al. 2017)
    # Of the input kernel. With few features, "glorot_uniform" starts so small that they
    # hardly reach the units; "lecun_uniform" does not depend on the units.
    kernel_initializer: str = "glorot_uniform"
    chrono_steps: int = 0  # longest initial memory (Tallec and Ollivier 2018)

    def __post_init__(self):
        check_choices(self, cell=(*CELLS, *TIMED_CELLS), pooling=POOLINGS)
        check_positive(self, "features", "num_classes", "units", "layers")


class RecurrentClassifier(SequenceClassifier):
    """Recurrent layers over a sequence, and a softmax on their pooled outputs.

        h_1 ... h_T = recurrent layers(x_1 ... x_T)
        logits = W pooled + b, pooled = h_T, or the mean or maximum over t of h_t

    With `bidirectional` a layer reads from both ends, and "last" is the last output of
    each side. With `timed` a cell of `TIMED_CELLS` reads the time stamps in its gate;
    for other cells time is one more feature of the first layer's input.

    Call arguments:
        inputs: `{"sequences": (batch, steps, features), "mask": (batch, steps)}`, the
            mask Boolean or 0 and 1, True = real; and, if `timed`, "times" `(batch,
            steps)`.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = RecurrentClassifierConfig

    def __init__(self, config: RecurrentClassifierConfig, name: str | None = None):
        super().__init__(config, name)
        self.autocast = False  # layers cast their own inputs, and times to float32
        c = self.config
        kind = Bidirectional if c.bidirectional else Recurrent
        self.recurrent = [
            kind(
                named_cell(
                    c.cell,
                    c.units,
                    c.zoneout,
                    kernel_initializer=c.kernel_initializer,
                    chrono_steps=c.chrono_steps,
                ),
                return_sequences=i < c.layers - 1 or c.pooling != "last",
                recurrent_dropout=c.recurrent_dropout,
                name=f"recurrent_{i}",
            )
            for i in range(c.layers)
        ]
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        features = c.features + (c.timed and c.cell not in TIMED_CELLS)
        for layer in self.recurrent:
            layer.build((None, None, features))
            features = 2 * c.units if c.bidirectional else c.units
        self.logits.build((None, features))

    def example_inputs(self) -> dict[str, Array]:
        inputs = example_sequences(self.config.features)
        if self.config.timed:
            inputs["times"] = np.array([[0, 1, 2, 3], [0, 0.5, 0, 0]], "float32")
        return inputs

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        x, mask = inputs["sequences"], ops.cast(inputs["mask"], "bool")
        times = inputs["times"] if self.config.timed else None
        if times is not None and self.config.cell not in TIMED_CELLS:
            feature = ops.expand_dims(times / self.config.time_unit, -1)
            x, times = ops.concatenate([x, ops.cast(feature, x.dtype)], -1), None
        for layer in self.recurrent:
            x = layer(x, mask=mask, times=times, training=training)
            x = self.dropout(x, training=training)
        if self.config.pooling == "mean":
            x = masked_mean(x, mask)
        elif self.config.pooling == "max":
            x = masked_max(x, mask)
        return self.logits(x)
