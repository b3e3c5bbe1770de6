"""Attention in windows, and the blocks of the Swin transformer.

Letters in comments: B batch, H W height and width, S steps of a window, N heads,
D features.
"""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.attention.transformer import EncoderBlock, SelfAttention
from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor
from seqzoo.ops.windows import (
    effective_window,
    grid_size,
    pad_to_multiples,
    relative_position_index,
    shifted_window_mask,
    window_partition,
    window_reverse,
)


@keras.saving.register_keras_serializable("seqzoo")
class WindowAttention(Block):
    """Attention within windows of a grid (Liu et al. 2021, section 3.2, equation 4).

        weights = softmax(query key^T / sqrt(head_dim) + B),  in each window alone
        B(q, k) = bias_table at (row_q - row_k, column_q - column_k)

    With `shifted` the grid is first rolled by half a window up and to the left, and
    rolled back afterwards; a mask separates the places that were rolled round the
    border from the others (figure 4). A grid that windows do not fill is padded with
    zeros at its right and below; real places attend to the padding too, as in the
    authors' code for detection.

    A grid whose shorter side is no longer than a window has windows of that side and
    no shift (see `effective_window`); a smaller window uses the middle of the table,
    where the biases of its displacements stand. The authors' code makes a smaller table
    there; transformers fails.

    Args:
        num_heads: Number of heads; divides the features.
        window_size: Side of a window, M in the paper.
        shifted: Whether windows lie across the borders of the unshifted ones.
        use_bias: Whether query, key and value have biases.
        dropout: Probability of dropping an attention weight.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, height, width, features)`, whose height and width are
            known.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor like `x`. The weights are `(batch, windows, num_heads, steps,
        steps)`; each row sums to 1. Windows of the padded and rolled grid are in
        row-major order, and so are the steps of a window.

    Raises:
        ValueError: If the features are no multiple of `num_heads`, or height or width
            is unknown.
    """

    def __init__(
        self,
        num_heads: int,
        window_size: int,
        shifted: bool = False,
        use_bias: bool = True,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.window_size = positive_integer(window_size, "window_size")
        self.shift = self.window_size // 2 if shifted else 0
        self.attention = self.child(
            SelfAttention, num_heads, use_bias, dropout, name="attention"
        )

    def build(self, x_shape: Shape) -> None:
        side = 2 * self.window_size - 1
        self.bias_table = self.add_weight(
            name="bias_table",
            shape=(side, side, self.attention.num_heads),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )
        self.attention.build((None, None, x_shape[-1]))

    def call(
        self, x: Tensor, training: bool = False, return_weights: bool = False
    ) -> Any:
        check_shapes(x=(x, "batch height width features"))
        height, width = grid_size(x)
        window, shift = effective_window(height, width, self.window_size, self.shift)
        x = pad_to_multiples(x, window)  # (B, rows, columns, D)
        rows, columns = x.shape[1:3]
        mask = None
        if shift:
            x = ops.roll(x, (-shift, -shift), axis=(1, 2))
            mask = shifted_window_mask(rows, columns, window, shift)[:, None]
            mask = ops.tile(mask, (ops.shape(x)[0], 1, 1, 1))  # (B * windows, 1, S, S)
        windows, weights = self.attention(
            window_partition(x, window),  # (B * windows, S, D)
            attention_mask=mask,
            bias=self._bias(window),
            training=training,
            return_weights=True,
        )
        x = window_reverse(windows, window, rows, columns)  # (B, rows, columns, D)
        if shift:
            x = ops.roll(x, (shift, shift), axis=(1, 2))
        x = x[:, :height, :width]  # (B, H, W, D)
        if not return_weights:
            return x
        count = rows * columns // window**2
        return x, ops.reshape(weights, (-1, count, *weights.shape[1:]))

    def _bias(self, window: int) -> Tensor:
        """Biases that are added to the scores of a window, (1, N, S, S)."""
        index = relative_position_index(window, self.window_size)  # (S, S)
        table = ops.reshape(self.bias_table, (-1, self.attention.num_heads))
        bias = ops.take(table, index, axis=0)  # (S, S, N)
        return ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)


@keras.saving.register_keras_serializable("seqzoo")
class SwinBlock(EncoderBlock):
    """An `EncoderBlock` with attention in windows (Liu et al. 2021, equation 3).

        x = x + window_attention(norm_1(x))
        x = x + feed_forward(norm_2(x))

    Drop path drops either branch; in the transformers library, unlike the authors'
    code, it never drops the feed-forward. In inference they are the same.

    Args:
        num_heads: Heads of the attention.
        hidden_dim: Features inside the feed-forward part.
        window_size: Side of a window.
        shifted: Whether windows are shifted, as they are in every second block.
        use_bias: Whether query, key and value have biases.
        attention_dropout: Probability of dropping an attention weight.
        epsilon: Of the layer norms.
        dtype: Of the layer and its parts.
        **kwargs: Further arguments of `EncoderBlock`.

    Call arguments:
        x: Float tensor `(batch, height, width, features)`.
        training: Whether dropout and drop path are active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor like `x`; the weights are those of `WindowAttention`.
    """

    def __init__(
        self,
        num_heads: int,
        hidden_dim: int,
        window_size: int,
        shifted: bool = False,
        use_bias: bool = True,
        attention_dropout: float = 0.0,
        epsilon: float = 1e-5,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        attention = WindowAttention(
            num_heads,
            window_size,
            shifted,
            use_bias,
            attention_dropout,
            name="attention",
            dtype=dtype,
        )
        super().__init__(
            num_heads,
            hidden_dim,
            epsilon=epsilon,
            attention=attention,
            dtype=dtype,
            **kwargs,
        )


@keras.saving.register_keras_serializable("seqzoo")
class PatchMerging(Block):
    """Four neighbours as one vector, twice as long (Liu et al. 2021, section 3.1).

        outputs_ij = W norm([x_(2i,2j), x_(2i+1,2j), x_(2i,2j+1), x_(2i+1,2j+1)])

    A grid of odd height or width is padded with zeros below or at its right.

    Args:
        epsilon: Of the layer norm.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, height, width, features)`, whose height and width are
            known.

    Returns:
        Float tensor `(batch, ceil(height / 2), ceil(width / 2), 2 * features)`.

    Raises:
        ValueError: If height, width or the number of features is unknown.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = self.child(LayerNorm, epsilon, name="norm")

    def build(self, x_shape: Shape) -> None:
        features = x_shape[-1]
        if features is None:
            raise ValueError(
                f"The number of features must be known. Received: shape {x_shape}"
            )
        self.reduction = self.child(
            keras.layers.Dense, 2 * features, use_bias=False, name="reduction"
        )
        self.norm.build((*x_shape[:-1], 4 * features))
        self.reduction.build((*x_shape[:-1], 4 * features))

    def call(self, x: Tensor) -> Tensor:
        check_shapes(x=(x, "batch height width features"))
        x = pad_to_multiples(x, 2)
        height, width, features = x.shape[1:]
        x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, features))
        # The column's offset before the row's: first down, then across.
        x = ops.transpose(x, (0, 1, 3, 4, 2, 5))  # (B, H/2, W/2, 2, 2, D)
        x = ops.reshape(x, (-1, height // 2, width // 2, 4 * features))
        return self.reduction(self.norm(x))  # (B, H/2, W/2, 2D)
