"""Encoder and decoder blocks into which positions come anew at every layer.

Positions are added to queries and keys, never to values: what is passed on holds no
positions of its own.
"""

from typing import Any, ClassVar

import keras

from seqzoo.layers.attention.multi_head import MultiHeadAttention
from seqzoo.layers.attention.transformer import FeedForward
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.types import Shape, Tensor


class _PositionedBlock(keras.layers.Layer):
    """Attentions and a feed-forward part, a norm after the shortcut around each.

    Args:
        num_heads: Heads of each attention.
        hidden_dim: Features inside the feed-forward part.
        activation: Of the feed-forward part.
        dropout: Rate of dropout at the end of each branch and inside the feed-forward.
        attention_dropout: Rate at which attention weights are dropped.
        epsilon: Of the layer norms.
        **kwargs: `name` and `dtype` of the layer.
    """

    attentions: ClassVar[tuple[str, ...]]  # their names, in turn

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
        for name in self.attentions:
            attention = MultiHeadAttention(
                num_heads, attention_dropout, name=name, **policy
            )
            setattr(self, name, attention)
        for name in (*self.attentions, "feed_forward"):
            norm = LayerNorm(epsilon=epsilon, name=f"{name}_norm", **policy)
            setattr(self, f"{name}_norm", norm)
        self.feed_forward = FeedForward(
            hidden_dim, activation, dropout, name="feed_forward", **policy
        )
        self.dropout = keras.layers.Dropout(dropout, name="dropout", **policy)

    def _build_rest(self, x_shape: Shape) -> None:
        """All but the attentions."""
        for name in (*self.attentions, "feed_forward"):
            getattr(self, f"{name}_norm").build(x_shape)
        self.feed_forward.build(x_shape)

    def _after(self, name: str, x: Tensor, branch: Tensor, training: bool) -> Tensor:
        """norm(x + dropout(branch)), the norm of that name."""
        return getattr(self, f"{name}_norm")(
            x + self.dropout(branch, training=training)
        )

    def _fed_forward(self, x: Tensor, training: bool) -> Tensor:
        return self.feed_forward_norm(x + self.feed_forward(x, training=training))


class PositionedEncoderBlock(_PositionedBlock):
    """Attention of places to places, then feed-forward (Carion et al. 2020, fig. 10).

        x = norm(x + attention(x + positions, x + positions, x))
        x = norm(x + feed_forward(x))

    Args:
        *args: `num_heads`, `hidden_dim`, `activation` of the feed-forward part,
            `dropout` at the end of each branch and inside the feed-forward part,
            `attention_dropout`, and `epsilon` of the norms, in this order.
        **kwargs: The same by name, and `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`.
        positions: Float tensor that broadcasts to `x`.
        attention_mask: As in `MultiHeadAttention`.
        training: Whether dropout is active.

    Returns:
        Float tensor like `x`.
    """

    attentions = ("attention",)

    def build(self, x_shape: Shape, positions_shape: Shape) -> None:
        self._build_rest(x_shape)
        self.attention.build(x_shape, x_shape, x_shape)

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
        x = self._after("attention", x, attended, training)
        return self._fed_forward(x, training)


class PositionedDecoderBlock(_PositionedBlock):
    """Queries look at each other, then at the memory (Carion et al. 2020, fig. 10).

        x = norm(x + self_attention(x + queries, x + queries, x))
        x = norm(x + cross_attention(x + queries, memory + positions, memory))
        x = norm(x + feed_forward(x))

    Every query sees every other, if no mask says otherwise: all are decoded at once.

    Args:
        *args: As in `PositionedEncoderBlock`.
        **kwargs: Likewise.

    Call arguments:
        x: Float tensor `(batch, queries, features)`: what was decoded so far.
        queries: Float tensor that broadcasts to `x`: the queries' own positions.
        memory: Float tensor `(batch, steps, features)`.
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

    attentions = ("self_attention", "cross_attention")

    def build(
        self,
        x_shape: Shape,
        queries_shape: Shape,
        memory_shape: Shape,
        positions_shape: Shape,
    ) -> None:
        self._build_rest(x_shape)
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
        placed = x + queries
        attended = self.self_attention(
            placed, placed, x, attention_mask=self_attention_mask, training=training
        )
        x = self._after("self_attention", x, attended, training)
        attended, weights = self.cross_attention(
            x + queries,
            memory + positions,
            memory,
            attention_mask=attention_mask,
            bias=bias,
            training=training,
            return_weights=True,
        )
        x = self._after("cross_attention", x, attended, training)
        x = self._fed_forward(x, training)
        return (x, weights) if return_weights else x
