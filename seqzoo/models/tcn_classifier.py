"""A classifier of sequences by convolutions in time."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from seqzoo.layers import TemporalConvNet
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_positive
from seqzoo.tasks.classification import SequenceClassifier, example_sequences


@dataclass(frozen=True)
class TCNClassifierConfig:
    """Sizes of a `TCNClassifier`.

    Raises:
        ValueError: If a size is not positive.
    """

    features: int = 1
    num_classes: int = 10
    units: int = 25
    blocks: int = 8  # the last sees steps 2 ** (blocks - 1) apart
    kernel_size: int = 7
    dropout: float = 0.0  # of a feature, for the whole sequence

    def __post_init__(self):
        check_positive(
            self, "features", "num_classes", "units", "blocks", "kernel_size"
        )


class TCNClassifier(SequenceClassifier):
    """A temporal convolutional network and a softmax on its last output.

        y_T = TemporalConvNet(x_1 ... x_T) at the last real step
        logits = W y_T + b

    The network of Bai et al. (2018, section 3): y_T sees as many steps as the blocks
    reach back, `model.network.receptive_field`.

    Call arguments:
        inputs: `{"sequences": (batch, steps, features), "mask": (batch, steps)}`, the
            mask Boolean or 0 and 1, True = real.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = TCNClassifierConfig

    def __init__(self, config: TCNClassifierConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.network = TemporalConvNet(
            [c.units] * c.blocks,
            c.kernel_size,
            c.dropout,
            return_sequences=False,
            name="network",
        )
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        self.network.build((None, None, self.config.features))
        self.logits.build((None, self.config.units))

    def example_inputs(self) -> dict[str, Array]:
        return example_sequences(self.config.features)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        mask = ops.cast(inputs["mask"], "bool")
        last = self.network(inputs["sequences"], mask=mask, training=training)
        return self.logits(last)
