"""The key-value cache: a decoder reads each token once.

A cache holds the keys and values of the last `size` tokens in tensors of fixed size,
so that a loop around it compiles once and the cost of a token does not grow with the
number of earlier tokens. Token number t of a row lies in place t modulo `size`.

Beam search does not copy keys and values when it reorders its hypotheses. Each beam
writes to its own places; `origins` says which beam holds each token of a hypothesis,
and only `origins` is reordered. A hypothesis attends to the places of all beams,
masked to its own tokens.

Letters in comments: B batch, N heads, K beams, S places, T new tokens, D features of a
head.
"""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from seqzoo.ops.types import Tensor


class KeyValueCache(NamedTuple):
    """Keys and values of the tokens that a decoder has read.

    Attributes:
        keys: For each layer a float tensor `(batch, num_heads, beams, size, head_dim)`.
        values: Like `keys`.
        origins: Integer tensor `(batch, beams, size)`: the beam that holds the token.
        length: Integer tensor `(batch,)`: number of tokens read.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    origins: Tensor
    length: Tensor

    @classmethod
    def empty(
        cls,
        layers: int,
        batch_size: int,
        num_heads: int,
        beam_size: int,
        size: int,
        head_dim: int,
        dtype: str,
    ) -> "KeyValueCache":
        """A cache before the first token."""
        shape = (batch_size, num_heads, beam_size, size, head_dim)
        return cls(
            keys=tuple(ops.zeros(shape, dtype) for _ in range(layers)),
            values=tuple(ops.zeros(shape, dtype) for _ in range(layers)),
            origins=ops.zeros((batch_size, beam_size, size), "int32"),
            length=ops.zeros((batch_size,), "int32"),
        )

    def reordered(self, parents: Tensor) -> "KeyValueCache":
        """The cache of new hypotheses; `parents` `(batch, beams)` are old beams."""
        index = ops.expand_dims(parents, -1)  # (B, K, 1)
        return self._replace(origins=ops.take_along_axis(self.origins, index, axis=1))

    def read(self, steps: int, mask: Tensor | None = None) -> Any:
        """Begins to read tokens: one a beam, or several where there is one beam.

        Args:
            steps: Number of new tokens in each row, which are not beams.
            mask: Boolean tensor `(batch, steps)`, True = real, or None.
        """
        if steps == 1 and mask is None:
            return TokenReader(self)
        return ChunkReader(self, steps, mask)


class _Reader:
    """New tokens on their way into a cache, layer by layer."""

    origins: Tensor
    length: Tensor

    def __init__(self, cache: KeyValueCache):
        self.keys, self.values = list(cache.keys), list(cache.values)

    @property
    def cache(self) -> KeyValueCache:
        """The cache after all layers have attended."""
        return KeyValueCache(
            tuple(self.keys), tuple(self.values), self.origins, self.length
        )


class TokenReader(_Reader):
    """Reads one token in each beam.

    Attributes:
        positions: Integer tensor `(batch, 1)`: number of tokens before this one.
    """

    def __init__(self, cache: KeyValueCache):
        super().__init__(cache)
        beams, size = cache.origins.shape[1:]
        self.length = cache.length + 1
        self.positions = ops.expand_dims(cache.length, 1)
        places = ops.arange(size, dtype="int32")
        place = ops.expand_dims(cache.length % size, 1)  # (B, 1)
        own = ops.reshape(ops.arange(beams, dtype="int32"), (1, beams, 1))
        is_here = ops.expand_dims(places == place, 1)  # (B, 1, S)
        self.origins = ops.where(is_here, own, cache.origins)
        is_read = ops.expand_dims(places < ops.expand_dims(self.length, 1), 1)
        beam_of_place = ops.reshape(own, (1, 1, beams, 1))
        visible = ops.expand_dims(self.origins, 2) == beam_of_place  # (B, K, K, S)
        visible = ops.logical_and(visible, ops.expand_dims(is_read, 2))
        self.mask = ops.reshape(visible, (-1, 1, beams, beams * size))
        self.place = place

    def attend(self, i: int, layer: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs of `SelfAttention` i for the tokens `(batch, beams, features)`."""
        query, key, value = layer.project(x, self.positions)  # (B, N, K, D)
        self.keys[i] = self._written(self.keys[i], key)
        self.values[i] = self._written(self.values[i], value)
        heads, head_dim = key.shape[1], key.shape[-1]
        flat = (-1, heads, self.mask.shape[-1], head_dim)  # (B, N, K * S, D)
        keys, values = (ops.reshape(x[i], flat) for x in (self.keys, self.values))
        outputs: tuple[Tensor, Tensor] = layer.attend(query, keys, values, self.mask)
        return outputs

    def _written(self, stored: Tensor, new: Tensor) -> Tensor:
        """`stored` with `new` `(B, N, K, D)` at the place of each row."""
        shape = new.shape[:3]
        rows, heads, beams = np.indices(shape).reshape(3, -1)
        places = ops.repeat(self.place[:, 0], shape[1] * shape[2])  # (B * N * K,)
        indices = ops.stack([rows, heads, beams, places], axis=-1)
        new = ops.reshape(new, (-1, new.shape[-1]))
        return ops.scatter_update(stored, indices, new)


class ChunkReader(_Reader):
    """Reads several tokens of each row, with one beam.

    Attributes:
        positions: Integer tensor `(batch, steps)`: number of real tokens before each.
    """

    def __init__(self, cache: KeyValueCache, steps: int, mask: Tensor | None):
        super().__init__(cache)
        size = cache.origins.shape[-1]
        self.origins = cache.origins
        before = ops.expand_dims(cache.length, 1)  # (B, 1)
        if mask is None:
            mask = ops.ones((cache.length.shape[0], steps), "bool")
        real = ops.cast(mask, "int32")
        self.positions = before + ops.cumsum(real, axis=1) - real  # (B, T)
        self.length = cache.length + ops.sum(real, axis=1)
        # The token in each place: the last one whose number is the place modulo size.
        places = ops.arange(size, dtype="int32")
        old = before - 1 - (before - 1 - places) % size  # (B, S), negative if empty
        numbers = ops.concatenate([old, self.positions], axis=1)  # (B, S + T)
        is_token = ops.concatenate([old >= 0, mask], axis=1)
        distance = ops.expand_dims(self.positions, 2) - ops.expand_dims(numbers, 1)
        visible = ops.logical_and(distance >= 0, distance < size)  # (B, T, S + T)
        visible = ops.logical_and(visible, ops.expand_dims(is_token, 1))
        self.mask = ops.expand_dims(visible, 1)  # (B, 1, T, S + T)
        # Of each place: where its token lies in [old places, new tokens].
        after = ops.expand_dims(self.length, 1)
        last = after - 1 - (after - 1 - places) % size  # (B, S)
        rank = ops.argsort(ops.where(mask, 0, steps) + ops.arange(steps), axis=1)
        index = ops.clip(last - before, 0, steps - 1)
        new = size + ops.take_along_axis(ops.cast(rank, "int32"), index, axis=1)
        self.sources = ops.where(last >= before, new, places)  # (B, S)

    def attend(self, i: int, layer: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs of `SelfAttention` i for the tokens `(batch, steps, features)`."""
        query, key, value = layer.project(x, self.positions)  # (B, N, T, D)
        keys = ops.concatenate([self.keys[i][:, :, 0], key], axis=2)  # (B, N, S + T, D)
        values = ops.concatenate([self.values[i][:, :, 0], value], axis=2)
        self.keys[i], self.values[i] = self._kept(keys), self._kept(values)
        outputs: tuple[Tensor, Tensor] = layer.attend(query, keys, values, self.mask)
        return outputs

    def _kept(self, x: Tensor) -> Tensor:
        """The last tokens of each row in their places: `(B, N, 1, S, D)`."""
        index = ops.reshape(self.sources, (self.sources.shape[0], 1, -1, 1))
        return ops.expand_dims(ops.take_along_axis(x, index, axis=2), 2)
