"""Encoder and decoder blocks of DETR (Carion et al. 2020, figure 10).

Positions are added to queries and keys at every layer, and never to values, so that
the outputs of a block hold no positions.
"""

from typing import Any

import keras

from seqzoo.layers.attention.feed_forward import FeedForward
from seqzoo.layers.attention.multi_head import MultiHeadAttention
from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class PositionedEncoderBlock(Block):
    """Places of the image attend to each other, then feed-forward (figure 10, left).

        x = norm(x + attention(x + positions, x + positions, x))
        x = norm(x + feed_forward(x))

    Args:
        num_heads: Heads of the attention.
        hidden_dim: Features inside the feed-forward part.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Probability of dropping an attention weight.
        epsilon: Of the layer norms.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`.
        positions: Float tensor that broadcasts to `x`.
        attention_mask: As in `MultiHeadAttention`.
        training: Whether dropout is active.

    Returns:
        Float tensor like `x`.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        activation: str = "relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        epsilon: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attention = self.child(
            MultiHeadAttention, num_heads, attention_dropout, name="attention"
        )
        self.attention_norm = self.child(LayerNorm, epsilon, name="attention_norm")
        self.feed_forward_norm = self.child(
            LayerNorm, epsilon, name="feed_forward_norm"
        )
        self.feed_forward = self.child(
            FeedForward, hidden_dim, activation, dropout, name="feed_forward"
        )
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(self, x_shape: Shape, positions_shape: Shape) -> None:
        for layer in (self.attention_norm, self.feed_forward_norm, self.feed_forward):
            layer.build(x_shape)
        self.attention.build(x_shape, x_shape, x_shape)

    def call(
        self,
        x: Tensor,
        positions: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        query = key = x + positions
        branch = self.attention(
            query, key, x, attention_mask=attention_mask, training=training
        )
        x = self.attention_norm(x + self.dropout(branch, training=training))
        return self.feed_forward_norm(x + self.feed_forward(x, training=training))


@keras.saving.register_keras_serializable("seqzoo")
class PositionedDecoderBlock(Block):
    """Queries attend to each other, then to the memory (figure 10, right).

        x = norm(x + self_attention(x + queries, x + queries, x))
        x = norm(x + cross_attention(x + queries, memory + positions, memory))
        x = norm(x + feed_forward(x))

    Every query sees every other unless a mask hides it: all are decoded at once.

    Args:
        num_heads: Heads of each attention.
        hidden_dim: Features inside the feed-forward part.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Probability of dropping an attention weight.
        epsilon: Of the layer norms.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, queries, features)`: outputs of the block before.
        queries: Float tensor that broadcasts to `x`: the positions of the queries.
        memory: Float tensor `(batch, steps, features)`: the encoder's outputs.
        positions: Float tensor that broadcasts to `memory`.
        attention_mask: Of the memory, as in `MultiHeadAttention`.
        self_attention_mask: Of the queries, likewise.
        bias: Added to the scores of the memory, as in `MultiHeadAttention`.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, weights)`, with the weights of the
            attention to the memory.

    Returns:
        Float tensor like `x`. The weights are `(batch, num_heads, queries, steps)`.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        activation: str = "relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        epsilon: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.self_attention = self.child(
            MultiHeadAttention, num_heads, attention_dropout, name="self_attention"
        )
        self.cross_attention = self.child(
            MultiHeadAttention, num_heads, attention_dropout, name="cross_attention"
        )
        self.self_attention_norm = self.child(
            LayerNorm, epsilon, name="self_attention_norm"
        )
        self.cross_attention_norm = self.child(
            LayerNorm, epsilon, name="cross_attention_norm"
        )
        self.feed_forward_norm = self.child(
            LayerNorm, epsilon, name="feed_forward_norm"
        )
        self.feed_forward = self.child(
            FeedForward, hidden_dim, activation, dropout, name="feed_forward"
        )
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(
        self,
        x_shape: Shape,
        queries_shape: Shape,
        memory_shape: Shape,
        positions_shape: Shape,
    ) -> None:
        for layer in (
            self.self_attention_norm,
            self.cross_attention_norm,
            self.feed_forward_norm,
            self.feed_forward,
        ):
            layer.build(x_shape)
        self.self_attention.build(x_shape, x_shape, x_shape)
        self.cross_attention.build(x_shape, memory_shape, memory_shape)

    def call(
        self,
        x: Tensor,
        queries: Tensor,
        memory: Tensor,
        positions: Tensor,
        attention_mask: Tensor | None = None,
        self_attention_mask: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        query = key = x + queries
        branch = self.self_attention(
            query, key, x, attention_mask=self_attention_mask, training=training
        )
        x = self.self_attention_norm(x + self.dropout(branch, training=training))
        branch, weights = self.cross_attention(
            x + queries,
            memory + positions,
            memory,
            attention_mask=attention_mask,
            bias=bias,
            training=training,
            return_weights=True,
        )
        x = self.cross_attention_norm(x + self.dropout(branch, training=training))
        x = self.feed_forward_norm(x + self.feed_forward(x, training=training))
        return (x, weights) if return_weights else x
