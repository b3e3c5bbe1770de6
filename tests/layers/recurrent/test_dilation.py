"""Delayed recurrence side by side gives what it gives step after step."""

import numpy as np
import pytest

from seqzoo.layers import Recurrent, SkipCell
from tests.layers.gradients import assert_near, outputs_and_gradients

UNITS, BATCH, FEATURES = 4, 2, 3


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("delay, steps", [(3, 7), (4, 3)])
def test_a_folded_run_equals_that_of_every_step_in_turn(delay, steps, reverse):
    """Outputs, states and gradients, with dropout of h; a mask keeps steps in turn."""
    layer = Recurrent(
        SkipCell(UNITS, delay),
        return_sequences=True,
        return_state=True,
        reverse=reverse,
        recurrent_dropout=0.5,
        seed=0,
    )
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, steps, FEATURES)).astype("float32")
    states = rng.normal(size=(delay, BATCH, UNITS)).astype("float32")
    layer(x)
    seed = layer.seed_generator.state.numpy()
    runs = []
    for mask in (None, np.ones((BATCH, steps), bool)):

        def run(x, *states, mask=mask):
            return layer(x, mask=mask, initial_state=list(states), training=True)

        layer.seed_generator.state.assign(seed)
        runs.append(outputs_and_gradients(layer, run, [x, *states]))
    for folded, in_turn in zip(*runs, strict=True):
        assert len(folded) == len(in_turn)
        for found, wanted in zip(folded, in_turn, strict=True):
            assert_near(found, wanted)
