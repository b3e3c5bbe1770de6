"""Beam search in plain PyTorch, for the peers of our translators.

It batches and searches as `seqzoo.decoding` does, with the state reordered by indexing,
as one would write it in PyTorch.
"""

from collections.abc import Callable
from typing import Any

import torch

PAD, UNKNOWN, START, END = 0, 1, 2, 3
Step = Callable[[torch.Tensor, list[Any]], tuple[torch.Tensor, list[Any]]]


def beam_search(
    step: Step,
    states: list[tuple[torch.Tensor, ...]],
    lengths: torch.Tensor,
    beam_size: int,
    length_penalty: float,
) -> list[list[int]]:
    """The best ids of each source.

    Args:
        step: From last tokens `(rows * beams,)` and states to logits and new states.
        states: Tuples of tensors that begin with `(rows * beams,)`.
        lengths: Number of tokens of each source `(rows,)`.
        beam_size: Hypotheses kept for each source.
        length_penalty: Power of the length by which scores are divided.
    """
    batch = len(lengths)
    sums = torch.full((batch, beam_size), -1e9)
    sums[:, 0] = 0.0
    done = torch.zeros(batch, beam_size, dtype=torch.bool)
    counts = torch.zeros(batch, beam_size)
    last = torch.full((batch * beam_size,), START)
    tokens = torch.zeros(batch, beam_size, 0, dtype=torch.long)
    limits = (2 * lengths + 8)[:, None]
    offset = torch.arange(batch)[:, None] * beam_size
    for count in range(1, int(limits.max()) + 1):
        logits, states = step(last, states)
        gains, choices = logits.log_softmax(-1).topk(beam_size)
        gains = gains.view(batch, beam_size, beam_size)
        choices = choices.view(batch, beam_size, beam_size)
        frozen = torch.full((beam_size,), -1e9)
        frozen[0] = 0.0
        gains = torch.where(done[..., None], frozen, gains)
        choices = torch.where(done[..., None], PAD, choices)
        counts = counts + (~done).float()
        totals = sums[..., None] + gains
        penalised = totals / counts[..., None].clamp(min=1) ** length_penalty
        best = penalised.flatten(1).topk(beam_size).indices  # (B, K)
        parents = best // beam_size
        last = choices.flatten(1).gather(1, best)
        sums = totals.flatten(1).gather(1, best)
        counts = counts.gather(1, parents)
        done = done.gather(1, parents) | (last == END) | (count >= limits)
        tokens = tokens.gather(1, parents[..., None].expand_as(tokens))
        tokens = torch.cat([tokens, last[..., None]], -1)
        order = (offset + parents).flatten()
        states = [tuple(tensor[order] for tensor in layer) for layer in states]
        last = last.flatten()
        if done.all():
            break
    best = (sums / counts**length_penalty).argmax(1)
    chosen = tokens[torch.arange(batch), best].tolist()
    return [[token for token in row if token != PAD] for row in chosen]
