"""Attention of several heads, with query, key and value from different sequences.

Letters in comments: B batch, T query steps, S key steps, N heads, K features of a head.
"""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.ops.arguments import check_broadcast, check_shapes, positive_integer
from seqzoo.ops.attention import (
    dot_product_attention,
    joined_masks,
    without_hidden,
    without_padding,
)
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class MultiHeadAttention(Block):
    """Multi-head attention (Vaswani et al. 2017, section 3.2.2).

        head_n = softmax(query W_q,n (key W_k,n)^T / sqrt(head_dim) + bias) value W_v,n
        outputs = [head_1, ..., head_N] W_o + b_o

    The three projections have biases too. Query, key and value are separate arguments
    because DETR adds positions to queries and keys only. `SelfAttention` is the layer
    for a sequence that attends to itself.

    Args:
        num_heads: Number of heads; divides the features of the query.
        dropout: Probability of dropping an attention weight.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        query: Float tensor `(batch, query_steps, features)`.
        key: Float tensor `(batch, key_steps, key_features)`.
        value: Float tensor `(batch, key_steps, value_features)`.
        attention_mask: Boolean tensor that broadcasts to `(batch, num_heads,
            query_steps, key_steps)`; True may be attended to.
        bias: Float tensor added to the scores, broadcast likewise.
        key_mask: Boolean tensor `(batch, key_steps)`, True = real. Padding is not
            attended to. Keras fills it in from an `Embedding` with `mask_zero=True`.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor like `query`. The weights are `(batch, num_heads, query_steps,
        key_steps)`, and each row sums to 1.

    Raises:
        ValueError: If the query's features are no multiple of `num_heads`.
    """

    def __init__(self, num_heads: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.num_heads = positive_integer(num_heads, "num_heads")
        self.dropout = self.child(keras.layers.Dropout, dropout, name="dropout")

    def build(self, query_shape: Shape, key_shape: Shape, value_shape: Shape) -> None:
        features = query_shape[-1]
        if features is None or features % self.num_heads:
            raise ValueError(
                "The query's features must be a multiple of `num_heads`. Received: "
                f"features={features}, num_heads={self.num_heads}"
            )

        def dense(name: str, shape: Shape) -> keras.layers.Dense:
            layer = self.child(keras.layers.Dense, features, name=name)
            layer.build(shape)
            return layer

        self.query = dense("query", query_shape)
        self.key = dense("key", key_shape)
        self.value = dense("value", value_shape)
        self.output_layer = dense("output_layer", query_shape)

    def call(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None = None,
        bias: Tensor | None = None,
        key_mask: Tensor | None = None,
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        check_shapes(
            query=(query, "batch query_steps features"),
            key=(key, "batch key_steps key_features"),
            value=(value, "batch key_steps value_features"),
            key_mask=(key_mask, "batch key_steps"),
        )
        sizes = (query.shape[0], self.num_heads, query.shape[1], key.shape[1])
        axes = "batch num_heads query_steps key_steps"
        check_broadcast("attention_mask", attention_mask, sizes, axes)
        check_broadcast("bias", bias, sizes, axes)
        keys, values = self.project(
            without_padding(key, key_mask), without_padding(value, key_mask)
        )
        keys, values = without_hidden(attention_mask, keys, values)
        attention_mask = joined_masks(attention_mask, key_mask)
        outputs, weights = self.attend(
            query, keys, values, attention_mask, bias, training
        )
        return (outputs, weights) if return_weights else outputs

    def project(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of all heads, each `(batch, num_heads, key_steps, head_dim)`.

        A decoder computes them once for all its steps.
        """
        return self._split_heads(self.key(key)), self._split_heads(self.value(value))

    def attend(
        self,
        query: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Outputs like `query` and weights, from the keys and values of `project`."""
        heads, weights = dot_product_attention(
            self._split_heads(self.query(query)),  # (B, N, T, K)
            keys,  # (B, N, S, K)
            values,  # (B, N, S, K)
            attention_mask,
            bias,
            lambda weights: self.dropout(weights, training=training),
        )
        heads = ops.transpose(heads, (0, 2, 1, 3))  # (B, T, N, K)
        heads = ops.reshape(heads, ops.shape(query))  # (B, T, N * K)
        return self.output_layer(heads), weights

    def _split_heads(self, x: Tensor) -> Tensor:
        batch, steps, features = ops.shape(x)
        shape = (batch, steps, self.num_heads, features // self.num_heads)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))  # (B, N, S, K)
