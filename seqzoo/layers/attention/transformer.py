"""The transformer's parts: self-attention, feed-forward, encoder block.

Letters in comments: B batch, S steps, N heads, K features of a head, D features.
"""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.layers.drop_path import DropPath
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_broadcast, check_shapes, positive_integer
from seqzoo.ops.attention import dot_product_attention
from seqzoo.ops.types import Shape, Tensor


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
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`.
        attention_mask: Boolean tensor that broadcasts to `(batch, num_heads, steps,
            steps)`; True may be attended to.
        bias: Float tensor added to the scores, broadcast likewise.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = positive_integer(num_heads, "num_heads")
        self.use_bias = use_bias
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
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        check_shapes(x=(x, "batch steps features"))
        steps, features = x.shape[1:]
        sizes = (x.shape[0], self.num_heads, steps, steps)
        axes = "batch num_heads steps steps"
        check_broadcast("attention_mask", attention_mask, sizes, axes)
        check_broadcast("bias", bias, sizes, axes)
        head_dim = features // self.num_heads
        steps = -1 if steps is None else steps
        qkv = ops.reshape(self.qkv(x), (-1, steps, 3, self.num_heads, head_dim))
        qkv = ops.transpose(qkv, (2, 0, 3, 1, 4))  # (3, B, N, S, K)
        query, key, value = ops.unstack(qkv, 3)  # each (B, N, S, K)
        heads, weights = dot_product_attention(
            query,
            key,
            value,
            attention_mask,
            bias,
            lambda weights: self.dropout(weights, training=training),
        )
        heads = ops.transpose(heads, (0, 2, 1, 3))  # (B, S, N, K)
        heads = ops.reshape(heads, (-1, steps, features))  # (B, S, N * K)
        outputs = self.output_layer(heads)
        return (outputs, weights) if return_weights else outputs


@keras.saving.register_keras_serializable("seqzoo")
class FeedForward(Block):
    """Two dense layers, applied to each step alone (Vaswani et al. 2017, section 3.3).

        outputs = activation(x W_1 + b_1) W_2 + b_2

    Args:
        hidden_dim: Features between the two.
        activation: Name of a Keras activation; "gelu" is exact, by the error function
            (Hendrycks and Gimpel 2016).
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
        hidden_dim = positive_integer(hidden_dim, "hidden_dim")
        self.hidden = self.child(
            keras.layers.Dense, hidden_dim, activation=activation, name="hidden"
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
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, steps, features)`, or the shape that `attention` takes.
        attention_mask: As in `SelfAttention`.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pre_norm = pre_norm
        self.attention_norm = self.child(LayerNorm, epsilon, name="attention_norm")
        self.attention = attention or self.child(
            SelfAttention, num_heads, use_bias, attention_dropout, name="attention"
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
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        # `WindowAttention` makes its own mask and takes none.
        masks = {} if attention_mask is None else {"attention_mask": attention_mask}
        branch = self.attention_norm(x) if self.pre_norm else x
        branch, weights = self.attention(
            branch, training=training, return_weights=True, **masks
        )
        branch = self.dropout(branch, training=training)
        x = x + self.drop_path(branch, training=training)
        if not self.pre_norm:
            x = self.attention_norm(x)
        branch = self.feed_forward_norm(x) if self.pre_norm else x
        branch = self.feed_forward(branch, training=training)
        x = x + self.drop_path(branch, training=training)
        if not self.pre_norm:
            x = self.feed_forward_norm(x)
        return (x, weights) if return_weights else x
