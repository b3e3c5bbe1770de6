"""Layer normalisation over the features."""

from typing import Any

import keras
from keras import ops

from seqzoo.ops.normalisation import layer_norm
from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class LayerNorm(keras.layers.LayerNormalization):
    """Keras's layer; over the last axis alone it runs `seqzoo.ops.normalisation`.

    Args:
        epsilon: Added to the variance. It has no default: Keras's 1e-3 is no paper's.
        **kwargs: Those of Keras's layer.

    Call arguments:
        x: Float tensor `(..., features)`.

    Returns:
        Float tensor like `x`.
    """

    def __init__(self, epsilon: float, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)

    def call(self, x: Tensor) -> Tensor:
        last = len(x.shape) - 1
        last_alone = self.axis in ([-1], [last], -1, last)
        if not (last_alone and self.center and self.scale):
            return super().call(x)
        outputs = layer_norm(x, self.gamma, self.beta, self.epsilon)
        return ops.cast(outputs, self.compute_dtype)
