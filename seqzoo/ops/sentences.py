"""Weights of the words of a sentence, which is embedded as their weighted sum."""

from keras import ops

from seqzoo.ops.types import Tensor


def position_weights(token_ids: Tensor, embed_dim: int, dtype: str) -> Tensor:
    """Position encoding (Sukhbaatar et al. 2015, section 4.1).

        l_kj = 2 ((1 - j / J) - (k / embed_dim) (1 - 2 j / J))
             = 1 + 4 (j / J - 1/2) (k / embed_dim - 1/2)

    for word j = 1 ... J of a sentence of J words and component k = 1 ... embed_dim.
    The paper has no factor 2. With it the mean weight is 1, as of a bag of words, and
    training from the paper's small initial weights solves more tasks.

    Args:
        token_ids: Integer tensor `(..., words)`; 0 is padding.
        embed_dim: Size of the embeddings.
        dtype: Of the result.

    Returns:
        Float tensor `(..., words, embed_dim)`; padding gets 0.
    """
    real = ops.cast(ops.not_equal(token_ids, 0), "float32")
    count = ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1.0)
    place = ops.cumsum(real, axis=-1) / count  # j / J
    component = ops.arange(1, embed_dim + 1, dtype="float32") / embed_dim  # k / d
    first, slope = 2 * real * (1 - place), 2 * real * (1 - 2 * place)
    return ops.cast(first[..., None] - slope[..., None] * component, dtype)


def bag_weights(token_ids: Tensor, embed_dim: int, dtype: str) -> Tensor:
    """A bag of words: every word counts alike.

    Args:
        token_ids: Integer tensor `(..., words)`; 0 is padding.
        embed_dim: Not used: all components have the same weights.
        dtype: Of the result.

    Returns:
        Float tensor `(..., words, 1)`; padding gets 0, all else 1.
    """
    return ops.cast(ops.not_equal(token_ids, 0), dtype)[..., None]


def ages(mask: Tensor) -> Tensor:
    """How many places each sentence of a story stands before the last real one.

    Args:
        mask: Boolean tensor `(batch, sentences)`; True is real.

    Returns:
        Integer tensor `(batch, sentences)`: 0 for the last real sentence, 1 for the
        place before it; below 0 for padding behind it.
    """
    places = ops.arange(ops.shape(mask)[1], dtype="int32")
    last = ops.max(ops.where(mask, places, -1), axis=1, keepdims=True)
    return last - places
