"""Alignment scores, attention weights and dot-product attention.

Every score compares each query with each key. Letters in comments: B batch,
T query steps, S key steps, D features, U units of the additive score.
"""

from collections.abc import Callable

import keras
from keras import ops

from seqzoo.ops.types import Tensor


def cosine_scores(query: Tensor, key: Tensor, strength: Tensor = 1.0) -> Tensor:
    """Content-based score (Graves et al. 2014, section 3.3.1, equations 5 and 6).

        score(q, k) = strength * (q . k) / (|q| |k|)

    Args:
        query: Float tensor `(batch, query_steps, features)`.
        key: Float tensor `(batch, key_steps, features)`.
        strength: Key strength, beta in the paper; broadcastable to the result.

    Returns:
        Float tensor `(batch, query_steps, key_steps)` in [-strength, strength].
    """
    # 1e-12 under the root: the gradient of a norm at a zero vector is NaN.
    query = query * ops.rsqrt(ops.sum(query * query, axis=-1, keepdims=True) + 1e-12)
    key = key * ops.rsqrt(ops.sum(key * key, axis=-1, keepdims=True) + 1e-12)
    return strength * dot_scores(query, key)


def additive_scores(query: Tensor, key: Tensor, score_kernel: Tensor) -> Tensor:
    """Additive score (Bahdanau et al. 2015, appendix A.1.2).

        score(q, k) = score_kernel . tanh(q + k)

    The layer projects queries and keys to the same units beforehand: W_a s and
    U_a h in the paper; `score_kernel` is the paper's v_a.

    Args:
        query: Float tensor `(batch, query_steps, units)`.
        key: Float tensor `(batch, key_steps, units)`.
        score_kernel: Float tensor `(units,)`.

    Returns:
        Float tensor `(batch, query_steps, key_steps)`.
    """
    hidden = ops.tanh(ops.expand_dims(query, 2) + ops.expand_dims(key, 1))  # (B,T,S,U)
    return ops.einsum("btsu,u->bts", hidden, score_kernel)  # (B, T, S)


def dot_scores(query: Tensor, key: Tensor) -> Tensor:
    """Dot score (Luong et al. 2015, equation 8, "dot").

        score(q, k) = q . k

    The "general" score q . W k is this one on projected keys.

    Args:
        query: Float tensor `(batch, query_steps, features)`.
        key: Float tensor `(batch, key_steps, features)`.

    Returns:
        Float tensor `(batch, query_steps, key_steps)`.
    """
    return ops.matmul(query, ops.swapaxes(key, 1, 2))  # (B, T, S)


def scaled_dot_scores(query: Tensor, key: Tensor) -> Tensor:
    """Scaled dot score (Vaswani et al. 2017, equation 1).

        score(q, k) = q . k / sqrt(features)

    Args:
        query: Float tensor `(batch, query_steps, features)`.
        key: Float tensor `(batch, key_steps, features)`.

    Returns:
        Float tensor `(batch, query_steps, key_steps)`.
    """
    return dot_scores(query, key) * query.shape[-1] ** -0.5


def attention_weights(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax of the scores over the real keys.

        weights = softmax(scores, over keys);  padding gets exactly 0

    Args:
        scores: Float tensor `(batch, query_steps, key_steps)`.
        mask: Boolean tensor `(batch, key_steps)`; True is real. A row without a
            real key gets weights of 0.

    Returns:
        Float tensor like `scores`; each row sums to 1.
    """
    if mask is None:
        return _softmax(scores)
    mask = ops.cast(ops.expand_dims(mask, 1), "bool")  # (B, 1, S)
    weights = _softmax(_masked(scores, mask))
    return ops.where(mask, weights, ops.zeros_like(weights))


def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    drop: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention of several heads (Vaswani et al. 2017, equation 1).

        weights = softmax(query key^T / sqrt(head_dim) + bias)
        outputs = drop(weights) value

    Args:
        query: Float tensor `(batch, heads, query_steps, head_dim)`.
        key: Float tensor `(batch, heads, key_steps, head_dim)`.
        value: Float tensor `(batch, heads, key_steps, value_dim)`.
        mask: Boolean tensor that broadcasts to `(batch, heads, query_steps,
            key_steps)`; True may be attended to. A query that may attend to nothing
            gets weights of 0.
        bias: Float tensor that broadcasts likewise.
        drop: Dropout of the weights; None for none.

    Returns:
        `(outputs, weights)`: `(batch, heads, query_steps, value_dim)` and `(batch,
        heads, query_steps, key_steps)`; each row of `weights` sums to 1.
    """
    # Scaling the query is cheaper than scaling the scores, which are larger.
    query = query * query.shape[-1] ** -0.5
    scores = ops.matmul(query, ops.swapaxes(key, -1, -2))  # (B, heads, T, S)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = _masked(scores, mask)
    highest = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
    exponentials = ops.exp(scores - highest)
    inverse = 1.0 / ops.sum(exponentials, axis=-1, keepdims=True)  # (B, heads, T, 1)
    if mask is not None:
        has_key = ops.any(mask, axis=-1, keepdims=True)
        inverse = ops.where(has_key, inverse, ops.zeros_like(inverse))
    # Dividing the outputs by the softmax's sum is cheaper than dividing the weights.
    dropped = exponentials if drop is None else drop(exponentials)
    return ops.matmul(dropped, value) * inverse, exponentials * inverse


def causal_mask(steps: int, window: int | None = None) -> Tensor:
    """Which keys a step may attend to: itself and those before it.

    Args:
        steps: Length of the sequence.
        window: A step attends to so many steps, itself included; all by default.

    Returns:
        Boolean tensor `(1, 1, steps, steps)`.
    """
    places = ops.arange(steps)
    distance = ops.expand_dims(places, 1) - ops.expand_dims(places, 0)
    allowed = distance >= 0
    if window is not None:
        allowed = ops.logical_and(allowed, distance < window)
    return ops.reshape(allowed, (1, 1, steps, steps))


def joined_masks(attention_mask: Tensor | None, mask: Tensor | None) -> Tensor | None:
    """Joins an attention mask and a padding mask.

    Args:
        attention_mask: Boolean tensor that broadcasts to `(batch, heads, query_steps,
            key_steps)`, or None.
        mask: Boolean tensor `(batch, key_steps)`, True = real, or None.
    """
    if mask is None:
        return attention_mask
    mask = ops.cast(ops.reshape(mask, (-1, 1, 1, ops.shape(mask)[1])), "bool")
    return mask if attention_mask is None else ops.logical_and(attention_mask, mask)


def without_hidden(attention_mask: Tensor | None, *heads: Tensor) -> tuple[Tensor, ...]:
    """Keys or values, with zeros at the steps that no query may attend to.

    The weight of such a step is 0, but 0 times infinity or NaN is NaN.

    Args:
        attention_mask: Boolean tensor that broadcasts to `(batch, heads, query_steps,
            key_steps)`, or None.
        *heads: Float tensors `(batch, heads, key_steps, features)`.
    """
    if attention_mask is None:
        return heads
    seen = ops.cast(attention_mask, "bool")
    for _ in range(4 - len(seen.shape)):
        seen = ops.expand_dims(seen, 0)
    seen = ops.any(seen, axis=(1, 2))  # (B or 1, key_steps or 1)
    seen = ops.expand_dims(ops.expand_dims(seen, 1), -1)
    return tuple(ops.where(seen, x, ops.zeros_like(x)) for x in heads)


def without_padding(x: Tensor, mask: Tensor | None) -> Tensor:
    """`x` `(batch, steps, features)` with zeros where `mask` `(batch, steps)` is False.

    So padding that is not finite changes neither outputs nor gradients.
    """
    if mask is None:
        return x
    return ops.where(ops.expand_dims(ops.cast(mask, "bool"), -1), x, ops.zeros_like(x))


def _masked(scores: Tensor, mask: Tensor) -> Tensor:
    # -1e9, not -inf: a row whose every key is padding would be NaN.
    # A PyTorch dtype is not equal to its name.
    half = keras.backend.standardize_dtype(scores.dtype) == "float16"
    low = -6e4 if half else -1e9
    return ops.where(mask, scores, ops.cast(low, scores.dtype))


def _softmax(scores: Tensor) -> Tensor:
    # `ops.softmax` warns about an axis of size 1, which a one-step memory has.
    return ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))
