"""Layer normalisation over the features."""

from typing import Any

import keras
from keras import ops

from seqzoo.ops.normalisation import layer_norm
from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class LayerNorm(keras.layers.LayerNormalization):
    """Keras's layer, over the last axis alone, by `seqzoo.ops.normalisation`.

    Args:
        epsilon: Added to the variance. It has no default: Keras's 1e-3 is no paper's.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(..., features)`.

    Returns:
        Float tensor like `x`.
    """

    def __init__(self, epsilon: float, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)

    def call(self, x: Tensor) -> Tensor:
        outputs = layer_norm(x, self.gamma, self.beta, self.epsilon)
        return ops.cast(outputs, self.compute_dtype)
