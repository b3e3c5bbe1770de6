"""From next-token logits to sequences: sampling, greedy decoding and beam search.

Every decoder is a function

    step(tokens, state) -> (logits, state)

of integer `tokens` `(batch, beams)` and a nested `state`, with float `logits` `(batch,
beams, vocab_size)`. Beam search reorders the state, whose tensors then begin with
`(batch, beams)`. What never changes, such as an encoder's memory, is no part of the
state: `step` closes over it.

`loop.decode` is the one loop that calls `step`; `sample` and `beam_search` tell it how
to choose tokens. Compile the function that calls them, and the loop is compiled whole.
`continuous_batching` keeps the rows of a beam search busy when there are many sources.
"""

from seqzoo.decoding.beam import (
    Beams,
    BeamSettings,
    Hypotheses,
    beam_search,
    best_hypotheses,
    length_normaliser,
    start_beams,
)
from seqzoo.decoding.loop import Step, decode
from seqzoo.decoding.sampling import Samples, next_tokens, sample, truncated_logits

__all__ = [
    "BeamSettings",
    "Beams",
    "Hypotheses",
    "Samples",
    "Step",
    "beam_search",
    "best_hypotheses",
    "decode",
    "length_normaliser",
    "next_tokens",
    "sample",
    "start_beams",
    "truncated_logits",
]
