"""The decoder block of the Transformer."""

from typing import Any

import keras

from seqzoo.layers.attention.feed_forward import FeedForward
from seqzoo.layers.attention.multi_head import MultiHeadAttention
from seqzoo.layers.attention.transformer import Attend, SelfAttention
from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_shapes
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class DecoderBlock(Block):
    """Self-attention, attention over a memory, feed-forward, each with a shortcut.

        pre-norm:   x = x + self_attention(norm_1(x))
                    x = x + cross_attention(norm_2(x), memory)
                    x = x + feed_forward(norm_3(x))
        post-norm:  x = norm_1(x + self_attention(x)), and so on

    Vaswani et al. (2017, figure 1, right) norm after each shortcut. The block masks
    nothing by itself: a decoder passes `causal_mask` as `attention_mask`.

    Args:
        num_heads: Heads of both attentions.
        hidden_dim: Features inside the feed-forward part.
        pre_norm: Whether to norm before each branch instead of after each shortcut.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Probability of dropping an attention weight.
        epsilon: Of the layer norms.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`.
        memory: Float tensor `(batch, memory_steps, memory_features)`.
        attention_mask: Of x to itself, as in `SelfAttention`.
        mask: Boolean tensor `(batch, steps)`, True = real.
        memory_mask: Boolean tensor `(batch, memory_steps)`, True = real.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, self_weights, cross_weights)`.

    Returns:
        Float tensor like `x`. The weights are `(batch, num_heads, steps, steps)` and
        `(batch, num_heads, steps, memory_steps)`.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        pre_norm: bool = False,
        activation: str = "relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        epsilon: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.pre_norm = pre_norm
        self.self_attention = self.child(
            SelfAttention, num_heads, dropout=attention_dropout, name="self_attention"
        )
        self.self_attention_norm = self.child(
            LayerNorm, epsilon, name="self_attention_norm"
        )
        self.cross_attention = self.child(
            MultiHeadAttention, num_heads, attention_dropout, name="cross_attention"
        )
        self.cross_attention_norm = self.child(
            LayerNorm, epsilon, name="cross_attention_norm"
        )
        self.feed_forward = self.child(
            FeedForward, hidden_dim, activation, dropout, name="feed_forward"
        )
        self.feed_forward_norm = self.child(
            LayerNorm, epsilon, name="feed_forward_norm"
        )
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(self, x_shape: Shape, memory_shape: Shape) -> None:
        for layer in (
            self.self_attention,
            self.self_attention_norm,
            self.cross_attention_norm,
            self.feed_forward,
            self.feed_forward_norm,
        ):
            layer.build(x_shape)
        self.cross_attention.build(x_shape, memory_shape, memory_shape)

    def call(
        self,
        x: Tensor,
        memory: Tensor,
        attention_mask: Tensor | None = None,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        check_shapes(
            x=(x, "batch steps features"),
            memory=(memory, "batch memory_steps memory_features"),
            memory_mask=(memory_mask, "batch memory_steps"),
        )

        def attend_self(layer: Any, query: Tensor) -> Any:
            return layer(
                query,
                attention_mask=attention_mask,
                mask=mask,
                training=training,
                return_weights=True,
            )

        def attend_memory(layer: Any, query: Tensor) -> Any:
            return layer(
                query,
                memory,
                memory,
                key_mask=memory_mask,
                training=training,
                return_weights=True,
            )

        x, *weights = self.run(x, attend_self, attend_memory, training)
        return (x, *weights) if return_weights else x

    def run(
        self,
        x: Tensor,
        attend_self: Attend,
        attend_memory: Attend,
        training: bool = False,
    ) -> tuple[Tensor, Any, Any]:
        """The block with other ways to attend, such as from a cache.

        Args:
            x: Float tensor `(batch, steps, features)`.
            attend_self: Called with `self.self_attention` and the input of that branch.
            attend_memory: Called with `self.cross_attention` likewise.
            training: Whether dropout is active.

        Returns:
            Outputs like `x`, and the second values of the two functions.
        """

        def branch(x: Tensor, norm: Any, attend: Attend, layer: Any) -> Any:
            outputs, weights = attend(layer, norm(x) if self.pre_norm else x)
            x = x + self.dropout(outputs, training=training)
            return (x if self.pre_norm else norm(x)), weights

        x, self_weights = branch(
            x, self.self_attention_norm, attend_self, self.self_attention
        )
        x, cross_weights = branch(
            x, self.cross_attention_norm, attend_memory, self.cross_attention
        )
        norm = self.feed_forward_norm
        outputs = self.feed_forward(norm(x) if self.pre_norm else x, training=training)
        x = x + outputs  # the feed-forward part ends with its own dropout
        return (x if self.pre_norm else norm(x)), self_weights, cross_weights
