"""The feed-forward part of a transformer block."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.ops.arguments import positive_integer
from seqzoo.ops.types import Shape, Tensor


def gelu_tanh(x: Tensor) -> Tensor:
    """x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016)."""
    return ops.gelu(x, approximate=True)


@keras.saving.register_keras_serializable("seqzoo")
class FeedForward(Block):
    """Two dense layers, applied to each step alone (Vaswani et al. 2017, section 3.3).

        outputs = activation(x W_1 + b_1) W_2 + b_2

    Args:
        hidden_dim: Features between the two.
        activation: Name of a Keras activation; "gelu" is exact, by the error function
            (Hendrycks and Gimpel 2016), and "gelu_tanh" is its approximation by tanh.
        dropout: Rate of dropout after each of the two.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(..., features)`.
        training: Whether dropout is active.

    Returns:
        Float tensor like `x`.
    """

    def __init__(
        self,
        hidden_dim: int,
        activation: str = "gelu",
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        hidden_dim = positive_integer(hidden_dim, "hidden_dim")
        self.hidden = self.child(
            keras.layers.Dense,
            hidden_dim,
            activation=gelu_tanh if activation == "gelu_tanh" else activation,
            name="hidden",
        )
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(self, x_shape: Shape) -> None:
        self.output_layer = self.child(
            keras.layers.Dense, x_shape[-1], name="output_layer"
        )
        self.hidden.build(x_shape)
        self.output_layer.build((*x_shape[:-1], self.hidden.units))

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = self.dropout(self.hidden(x), training=training)  # (..., hidden_dim)
        return self.dropout(self.output_layer(x), training=training)
