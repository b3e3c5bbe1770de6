"""From next-token logits to sequences: greedy, sampling and beam search.

Each search is one `while_loop` around the caller's

    step(tokens, state) -> (logits, state)

with integer `tokens` of shape `(batch, beams)`, float `logits` `(batch, beams,
vocab_size)` and a nested `state` whose tensors all begin with `(batch, beams)`.
What never changes (an encoder's memory) stays out of the state, in the closure of
`step`. Compile the function that calls a search; the loop is then compiled whole.
"""

from seqzoo.decoding.base import Hypotheses, Step
from seqzoo.decoding.beam import (
    Beams,
    advance_beams,
    beam_search,
    best_hypotheses,
    length_normaliser,
    start_beams,
)
from seqzoo.decoding.sampling import greedy, next_tokens, sample, truncated_logits

__all__ = [
    "Beams",
    "Hypotheses",
    "Step",
    "advance_beams",
    "beam_search",
    "best_hypotheses",
    "greedy",
    "length_normaliser",
    "next_tokens",
    "sample",
    "start_beams",
    "truncated_logits",
]
