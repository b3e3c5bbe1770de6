"""How far back a recurrent model learns: gradients with respect to earlier states."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.recurrent import backend
from seqzoo.ops.types import Array, Tensor


def gradient_norms(
    model: Any, token_ids: Any, lags: Sequence[int], layer: int = -1
) -> Array:
    """The share of the gradient that reaches k steps back (Bengio et al. 1994, III).

        g(k) = mean over rows of ||dL_T / ds_(T-k)|| / ||dL_T / ds_T||

    L_T is the cross-entropy of token T + 1 after T tokens, s_t all states of one layer
    after t tokens, concatenated (of an LSTM [h_t, c_t]), and || || the Euclidean norm.
    The derivative passes through the layer's next step and through the layers above. g
    falls below 1 if gradients vanish and rises above 1 if they explode.

    Args:
        model: A text generator of stacked recurrent layers, such as a `RecurrentLM`;
            dropout is off.
        token_ids: Integer array `(rows, T + 1)`; each row begins with fresh states.
        lags: The numbers of steps k, in [0, T).
        layer: Index of the layer from 0, or from the last, which is -1.

    Returns:
        Float array `(lags,)` of g.

    Raises:
        ValueError: If the model has no recurrent layers, if another argument is not as
            above, or if Keras runs on PyTorch.
    """
    token_ids = np.asarray(token_ids)
    steps = _checked_steps(model, token_ids, lags, layer)
    layer %= len(model.recurrent)
    model.ensure_built()
    rows = len(token_ids)
    targets = ops.one_hot(token_ids[:, -1], model.config.vocab_size)  # (B, V)
    states, norms, start = model.initial_states(rows), {}, 0
    for lag in sorted({*lags, 0}, reverse=True):
        read = steps - lag  # the number of tokens before s_(T-k)
        if start < read - 1:
            _, states = model.advance(token_ids[:, start : read - 1], states)
            start = read - 1
        _, after = model.advance(token_ids[:, start:read], states)
        rest = token_ids[:, read:-1]

        def losses(
            state: Any, before: Any = states, after: Any = after, rest: Any = rest
        ) -> Tensor:
            logits = _last_logits(model, layer, state, before, after, rest)
            return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)

        (gradients,) = backend.vjp(losses, (list(after[layer]),), ops.ones((rows,)))
        # In float64: the squares of a vanished gradient underflow in float32.
        gradients = [ops.convert_to_numpy(x).astype("float64") for x in gradients]
        norms[lag] = np.linalg.norm(np.concatenate(gradients, axis=-1), axis=-1)  # (B,)
    return np.array([np.mean(norms[lag] / norms[0]) for lag in lags])


def _last_logits(
    model: Any, layer: int, state: Any, before: Any, after: Any, rest: Any
) -> Tensor:
    """The last logits `(rows, vocab_size)`, as a function of one layer's states.

    Args:
        model: As above.
        layer: Index of the layer.
        state: The layer's states `(rows, units)` after some step, the output first.
        before: The states of all layers before that step.
        after: The states of all layers after that step.
        rest: Integer array `(rows, steps)`, the tokens after that step.
    """
    states = [list(layer_states) for layer_states in after]
    states[layer] = list(state)
    x = state[0][:, None]  # (B, 1, U)
    for i in range(layer + 1, len(states)):
        x, *states[i] = model.recurrent[i](x, initial_state=before[i])
    if rest.shape[1]:
        logits, _ = model.advance(rest, states)
    else:
        logits = model.logits(x)
    return ops.cast(logits[:, -1], "float32")


def _checked_steps(
    model: Any, token_ids: Array, lags: Sequence[int], layer: int
) -> int:
    """T, after checks of all arguments."""
    if keras.backend.backend() not in ("tensorflow", "jax"):
        raise ValueError(
            "gradient_norms runs on the backends tensorflow and jax. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}."
        )
    if not hasattr(model, "recurrent"):
        raise ValueError(
            "`model` must have recurrent layers, as a RecurrentLM has. Received: a "
            f"{type(model).__name__}."
        )
    if token_ids.ndim != 2 or not len(token_ids) or token_ids.shape[1] < 2:
        raise ValueError(
            "`token_ids` must have the shape (rows, T + 1), at least one row and two "
            f"tokens. Received: {token_ids.shape}."
        )
    layers, steps = len(model.recurrent), token_ids.shape[1] - 1
    if not -layers <= layer < layers:
        raise ValueError(
            f"`layer` must be in [{-layers}, {layers}). Received: layer={layer}"
        )
    if wrong := [lag for lag in lags if not 0 <= lag < steps]:
        raise ValueError(
            f"`lags` must be in [0, {steps}), of {steps + 1} tokens. Received: "
            f"{wrong[0]}. Give longer rows for longer lags."
        )
    return int(steps)
