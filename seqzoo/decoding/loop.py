"""The one loop around a decoder, for sampling and for beam search."""

from collections.abc import Callable
from typing import Any

from keras import ops

from seqzoo.ops.types import Tensor

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


def decode(
    step: Step,
    choose: Callable[[Tensor, Any], Any],
    is_unfinished: Callable[[Any], Tensor],
    search: Any,
) -> Any:
    """Steps the decoder and chooses its next tokens until the search has finished.

        while is_unfinished(search):
            logits, search.state = step(search.last, search.state)
            search = choose(logits, search)

    Args:
        step: The decoder: next-token logits and the next state, as the package says.
        choose: Returns the search after this step, from the logits and the search
            before it, whose state is the new one.
        is_unfinished: Returns whether to make another step, a boolean scalar.
        search: A named tuple of nested tensors. It has the fields `last`, the last
            tokens `(batch, beams)`, and `state`.

    Returns:
        The search after the last step.
    """
    make = type(search)

    def body(*fields: Any) -> tuple[Any, ...]:
        search = make(*fields)
        logits, state = step(search.last, search.state)  # (B, K, V)
        return tuple(choose(logits, search._replace(state=state)))

    # The loop variables are a plain tuple: some backends do not return a named one.
    return make(
        *ops.while_loop(
            lambda *fields: is_unfinished(make(*fields)), body, tuple(search)
        )
    )
