"""Encoder and decoder blocks into which positions come anew at every layer.

Positions are added to queries and keys, never to values: what is passed on holds no
positions of its own.
"""

from typing import Any

import keras

from seqzoo.layers.multi_head_attention import MultiHeadAttention
from seqzoo.layers.transformer import FeedForward

Tensor = Any
Shape = tuple[int | None, ...]


class PositionedEncoderBlock(keras.layers.Layer):
    """Attention of places to places, then feed-forward (Carion et al. 2020, fig. 10).

        x = norm(x + attention(x + positions, x + positions, x))
        x = norm(x + feed_forward(x))

    Args:
        num_heads: Heads of the attention.
        hidden_dim: Features inside the feed-forward part.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Rate at which attention weights are dropped.
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
        policy = {"dtype": self.dtype_policy}
        self.attention = MultiHeadAttention(
            num_heads, attention_dropout, name="attention", **policy
        )
        self.attention_norm = keras.layers.LayerNormalization(
            epsilon=epsilon, name="attention_norm", **policy
        )
        self.feed_forward = FeedForward(
            hidden_dim, activation, dropout, name="feed_forward", **policy
        )
        self.feed_forward_norm = keras.layers.LayerNormalization(
            epsilon=epsilon, name="feed_forward_norm", **policy
        )
        self.dropout = keras.layers.Dropout(dropout, name="dropout", **policy)

    def build(self, x_shape: Shape, positions_shape: Shape) -> None:
        self.attention.build(x_shape, x_shape, x_shape)
        for layer in (self.attention_norm, self.feed_forward, self.feed_forward_norm):
            layer.build(x_shape)

    def call(
        self,
        x: Tensor,
        positions: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        placed = x + positions
        attended = self.attention(
            placed, placed, x, attention_mask=attention_mask, training=training
        )
        x = self.attention_norm(x + self.dropout(attended, training=training))
        return self.feed_forward_norm(x + self.feed_forward(x, training=training))


class PositionedDecoderBlock(keras.layers.Layer):
    """Queries look at each other, then at the memory (Carion et al. 2020, fig. 10).

        x = norm(x + self_attention(x + queries, x + queries, x))
        x = norm(x + cross_attention(x + queries, memory + positions, memory))
        x = norm(x + feed_forward(x))

    Every query sees every other: all are decoded at once.

    Args:
        num_heads: Heads of both attentions.
        hidden_dim: Features inside the feed-forward part.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Rate at which attention weights are dropped.
        epsilon: Of the layer norms.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, queries, features)`: what was decoded so far.
        queries: Float tensor that broadcasts to `x`: the queries' own positions.
        memory: Float tensor `(batch, steps, features)`.
        positions: Float tensor that broadcasts to `memory`.
        attention_mask: Of the memory, as in `MultiHeadAttention`.
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
        policy = {"dtype": self.dtype_policy}

        def norm(name: str) -> keras.layers.LayerNormalization:
            return keras.layers.LayerNormalization(epsilon=epsilon, name=name, **policy)

        self.self_attention = MultiHeadAttention(
            num_heads, attention_dropout, name="self_attention", **policy
        )
        self.self_attention_norm = norm("self_attention_norm")
        self.cross_attention = MultiHeadAttention(
            num_heads, attention_dropout, name="cross_attention", **policy
        )
        self.cross_attention_norm = norm("cross_attention_norm")
        self.feed_forward = FeedForward(
            hidden_dim, activation, dropout, name="feed_forward", **policy
        )
        self.feed_forward_norm = norm("feed_forward_norm")
        self.dropout = keras.layers.Dropout(dropout, name="dropout", **policy)

    def build(
        self,
        x_shape: Shape,
        queries_shape: Shape,
        memory_shape: Shape,
        positions_shape: Shape,
    ) -> None:
        self.self_attention.build(x_shape, x_shape, x_shape)
        self.cross_attention.build(x_shape, memory_shape, memory_shape)
        for layer in (
            self.self_attention_norm,
            self.cross_attention_norm,
            self.feed_forward,
            self.feed_forward_norm,
        ):
            layer.build(x_shape)

    def call(
        self,
        x: Tensor,
        queries: Tensor,
        memory: Tensor,
        positions: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        placed = x + queries
        attended = self.self_attention(placed, placed, x, training=training)
        x = self.self_attention_norm(x + self.dropout(attended, training=training))
        attended, weights = self.cross_attention(
            x + queries,
            memory + positions,
            memory,
            attention_mask=attention_mask,
            training=training,
            return_weights=True,
        )
        x = self.cross_attention_norm(x + self.dropout(attended, training=training))
        x = self.feed_forward_norm(x + self.feed_forward(x, training=training))
        return (x, weights) if return_weights else x
