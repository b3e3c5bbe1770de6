"""The transformer's parts: self-attention and the encoder block.

Letters in comments: B batch, S steps, N heads, K features of a head, D features.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from seqzoo.layers.attention.feed_forward import FeedForward
from seqzoo.layers.block import Block
from seqzoo.layers.drop_path import DropPath
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_broadcast, check_shapes, positive_integer
from seqzoo.ops.attention import (
    dot_product_attention,
    joined_masks,
    without_hidden,
    without_padding,
)
from seqzoo.ops.positions import rotated
from seqzoo.ops.types import Shape, Tensor

# From an attention layer and its input to its outputs and attention weights.
Attend = Callable[[Any, Tensor], tuple[Tensor, Any]]


@keras.saving.register_keras_serializable("seqzoo")
class SelfAttention(Block):
    """Multi-head attention of a sequence to itself (Vaswani et al. 2017, sec. 3.2.2).

        query, key, value = x W_qkv + b_qkv, each split into heads
        head_n = softmax(query_n key_n^T / sqrt(head_dim) + bias) value_n
        outputs = [head_1, ..., head_N] W_o + b_o

    The three projections are one product, which is faster than three.

    Args:
        num_heads: Number of heads; divides the features.
        use_bias: Whether query, key and value have biases.
        dropout: Probability of dropping an attention weight.
        rotary: Whether queries and keys are rotated by their positions, so that scores
            depend on distances (Su et al. 2021; see `seqzoo.ops.positions.rotated`).
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`.
        attention_mask: Boolean tensor that broadcasts to `(batch, num_heads, steps,
            steps)`; True may be attended to.
        bias: Float tensor added to the scores, broadcast likewise.
        mask: Boolean tensor `(batch, steps)`, True = real. Padding is not attended to.
            Keras fills it in from an `Embedding` with `mask_zero=True`.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor like `x`. The weights are `(batch, num_heads, steps, steps)`, and
        each row sums to 1.

    Raises:
        ValueError: If the features are no multiple of `num_heads`.
    """

    def __init__(
        self,
        num_heads: int,
        use_bias: bool = True,
        dropout: float = 0.0,
        rotary: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.num_heads = positive_integer(num_heads, "num_heads")
        self.use_bias = use_bias
        self.rotary = rotary
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(self, x_shape: Shape) -> None:
        features = x_shape[-1]
        if features is None or features % self.num_heads:
            raise ValueError(
                "The features must be a multiple of `num_heads`. Received: "
                f"features={features}, num_heads={self.num_heads}"
            )
        dense, bias = keras.layers.Dense, self.use_bias
        self.qkv = self.child(dense, 3 * features, use_bias=bias, name="qkv")
        self.output_layer = self.child(dense, features, name="output_layer")
        self.qkv.build(x_shape)
        self.output_layer.build(x_shape)

    def call(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        bias: Tensor | None = None,
        mask: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        check_shapes(x=(x, "batch steps features"), mask=(mask, "batch steps"))
        sizes = (x.shape[0], self.num_heads, x.shape[1], x.shape[1])
        axes = "batch num_heads steps steps"
        check_broadcast("attention_mask", attention_mask, sizes, axes)
        check_broadcast("bias", bias, sizes, axes)
        x = without_padding(x, mask)
        query, key, value = self.project(x, ops.arange(ops.shape(x)[1]))
        key, value = without_hidden(attention_mask, key, value)
        attention_mask = joined_masks(attention_mask, mask)
        outputs, weights = self.attend(
            query, key, value, attention_mask, bias, training
        )
        return (outputs, weights) if return_weights else outputs

    def project(self, x: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value `(batch, num_heads, steps, head_dim)` of each step.

        Args:
            x: Float tensor `(batch, steps, features)`.
            positions: Integer tensor that broadcasts to `(batch, steps)`; only a rotary
                layer reads it.
        """
        batch, steps, features = ops.shape(x)
        head_dim = features // self.num_heads
        qkv = ops.reshape(self.qkv(x), (batch, steps, 3, self.num_heads, head_dim))
        qkv = ops.transpose(qkv, (2, 0, 3, 1, 4))  # (3, B, N, S, K)
        query, key, value = ops.unstack(qkv, 3)  # each (B, N, S, K)
        if self.rotary:
            query, key = rotated(query, positions), rotated(key, positions)
        return query, key, value

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Outputs `(batch, steps, features)` and weights, from projected sequences."""
        heads, weights = dot_product_attention(
            query,
            key,
            value,
            attention_mask,
            bias,
            lambda weights: self.dropout(weights, training=training),
        )
        batch, num_heads, steps, head_dim = ops.shape(heads)
        heads = ops.transpose(heads, (0, 2, 1, 3))  # (B, S, N, K)
        heads = ops.reshape(heads, (batch, steps, num_heads * head_dim))
        return self.output_layer(heads), weights


@keras.saving.register_keras_serializable("seqzoo")
class EncoderBlock(Block):
    """Attention, then feed-forward, with a shortcut around each.

        pre-norm:   x = x + attention(norm_1(x));  x = x + feed_forward(norm_2(x))
        post-norm:  x = norm_1(x + attention(x));  x = norm_2(x + feed_forward(x))

    Vaswani et al. (2017, figure 1) norm after each shortcut; Dosovitskiy et al. (2021,
    equations 2 and 3) before each branch, which trains without a long warm-up (Xiong
    et al. 2020).

    Args:
        num_heads: Heads of the attention.
        hidden_dim: Features inside the feed-forward part.
        pre_norm: Whether to norm before each branch instead of after each shortcut.
        activation: Of the feed-forward part.
        use_bias: Whether query, key and value have biases.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Probability of dropping an attention weight.
        drop_path: Probability of dropping a branch of a row (see `DropPath`).
        epsilon: Of the layer norms.
        attention: A layer to use instead of `SelfAttention`, with the same call.
        rotary: As in `SelfAttention`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`, or the shape that `attention` takes.
        attention_mask: As in `SelfAttention`.
        mask: As in `SelfAttention`.
        training: Whether dropout and drop path are active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor like `x`.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        pre_norm: bool = True,
        activation: str = "gelu",
        use_bias: bool = True,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        epsilon: float = 1e-6,
        attention: keras.layers.Layer | None = None,
        rotary: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.pre_norm = pre_norm
        self.attention_norm = self.child(LayerNorm, epsilon, name="attention_norm")
        self.attention = attention or self.child(
            SelfAttention,
            num_heads,
            use_bias,
            attention_dropout,
            rotary,
            name="attention",
        )
        self.feed_forward_norm = self.child(
            LayerNorm, epsilon, name="feed_forward_norm"
        )
        self.feed_forward = self.child(
            FeedForward, hidden_dim, activation, dropout, name="feed_forward"
        )
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")
        self.drop_path = self.child(DropPath, drop_path, name="drop_path")

    def build(self, x_shape: Shape) -> None:
        for layer in (
            self.attention_norm,
            self.attention,
            self.feed_forward_norm,
            self.feed_forward,
        ):
            layer.build(x_shape)

    def call(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        mask: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        # `WindowAttention` makes its own mask and takes none.
        masks = {"attention_mask": attention_mask, "mask": mask}
        masks = {name: value for name, value in masks.items() if value is not None}

        def attend(layer: Any, branch: Tensor) -> tuple[Tensor, Tensor]:
            outputs: tuple[Tensor, Tensor] = layer(
                branch, training=training, return_weights=True, **masks
            )
            return outputs

        x, weights = self.run(x, attend, training)
        return (x, weights) if return_weights else x

    def run(
        self, x: Tensor, attend: Attend, training: bool = False
    ) -> tuple[Tensor, Any]:
        """The block with another way to attend, such as from a cache.

        Args:
            x: Float tensor `(batch, steps, features)`.
            attend: Called with `self.attention` and the input of that branch.
            training: Whether dropout and drop path are active.

        Returns:
            Outputs like `x`, and the second value of `attend`.
        """
        branch = self.attention_norm(x) if self.pre_norm else x
        branch, weights = attend(self.attention, branch)
        branch = self.dropout(branch, training=training)
        x = x + self.drop_path(branch, training=training)
        if not self.pre_norm:
            x = self.attention_norm(x)
        branch = self.feed_forward_norm(x) if self.pre_norm else x
        branch = self.feed_forward(branch, training=training)
        x = x + self.drop_path(branch, training=training)
        return (x if self.pre_norm else self.feed_forward_norm(x)), weights
