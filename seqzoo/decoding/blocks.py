"""Sampling for several prompts, a block of tokens at a time.

A block is one compiled call. Between two blocks a text can be shown, and a model with
learned positions reads the last half of its window again when the window is full.

The texts of a batch do not depend on each other: each row draws from a stream of its
own, and reads again when it would if it were alone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from keras import ops, tree

from seqzoo.decoding.sampling import sample
from seqzoo.ops.types import Array, Tensor

BLOCK = 64  # tokens drawn in one compiled call
CHUNK = 256  # tokens read in one compiled call


def sample_blocks(
    model: Any,
    prompts: Sequence[Array],
    max_new_tokens: int,
    settings: Sequence[Any],
    seed: int | None = None,
) -> Iterator[Array]:
    """Yields the next tokens of all prompts, `BLOCK` tokens at most at a time.

    Args:
        model: A `seqzoo.tasks.TextGenerator`.
        prompts: Ids of each prompt, at least one.
        max_new_tokens: Number of tokens to add to each.
        settings: `temperature`, `top_k` and `top_p`, as `sample` takes them.
        seed: Every row draws from this seed. Default: each from a fresh one.

    Yields:
        Integer array `(rows, tokens)`. Together they have `max_new_tokens` columns.
    """
    draw = model.compiled_function(_draw_block, model)
    most, block = model.max_tokens, BLOCK
    if most is not None:
        block = min(BLOCK, max(1, most // 2))
    histories = list(prompts)
    read = np.zeros(len(prompts), int)
    states: Any = None
    # One stream of draws for each row: a shorter text is the beginning of a longer one.
    streams = [np.random.default_rng(seed) for _ in prompts]
    for start in range(0, max_new_tokens, block):
        stale = np.full(len(prompts), states is None)
        if most is not None:
            stale |= read + block > most
        for row in np.flatnonzero(stale):
            if most is not None and len(histories[row]) + block > most:
                histories[row] = histories[row][-max(1, most // 2) :]
            read[row] = len(histories[row]) - 1
        if stale.any():
            begun = [
                ids[:-1] if is_stale else ids[:0]
                for ids, is_stale in zip(histories, stale, strict=True)
            ]
            states = _replaced(states, _states_after(model, begun), stale)
        draws = [stream.random(block, dtype="float32") for stream in streams]
        last = np.array([ids[-1:] for ids in histories], "int32")  # (B, 1)
        tokens, states = draw(last, states, np.stack(draws, axis=1), *settings)
        tokens, read = ops.convert_to_numpy(tokens), read + block
        histories = [
            np.concatenate(pair) for pair in zip(histories, tokens, strict=True)
        ]
        yield tokens[:, : max_new_tokens - start]


def padded_chunk(rows: Sequence[Array]) -> tuple[Array, Array]:
    """Rows of at most `CHUNK` ids, padded with 0 to `CHUNK` columns, and their mask."""
    ids = np.zeros((len(rows), CHUNK), "int32")
    mask = np.zeros(ids.shape, "bool")
    for row, part in enumerate(rows):
        ids[row, : len(part)] = part
        mask[row, : len(part)] = True
    return ids, mask


def _draw_block(
    model: Any,
    last: Tensor,
    states: Any,
    draws: Tensor,
    temperature: Tensor,
    top_k: Tensor,
    top_p: Tensor,
) -> tuple[Tensor, Any]:
    """The tokens of a block, and the states before the last of them."""
    samples = sample(model.advance, last, states, draws, temperature, top_k, top_p)
    return samples.tokens, samples.state


def _states_after(model: Any, rows: Sequence[Array]) -> Any:
    """The states after rows of tokens that are read from fresh states."""
    states = model.initial_states(len(rows))
    advance = model.compiled_function(_read, model)
    for start in range(0, max(map(len, rows)), CHUNK):
        parts = [ids[start : start + CHUNK] for ids in rows]
        states = advance(*padded_chunk(parts), states)
    return states


def _read(model: Any, token_ids: Tensor, mask: Tensor, states: Any) -> Any:
    return model.advance(token_ids, states, mask)[1]


def _replaced(old: Any, new: Any, rows: Array) -> Any:
    """The old states, with new ones in some rows."""
    if rows.all():
        return new

    def choose(old: Tensor, new: Tensor) -> Tensor:
        return ops.where(np.reshape(rows, (-1, *(1,) * (len(old.shape) - 1))), new, old)

    return tree.map_structure(choose, old, new)
