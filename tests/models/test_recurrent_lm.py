"""What is special to `RecurrentLM`: carried states and its cells."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import CELLS
from seqzoo.layers.recurrent.engine import EAGER_STEPS
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.tasks import variables_by_key

TINY = RecurrentLMConfig(vocab_size=7, embed_dim=3, units=4, layers=2)
IDS = np.random.default_rng(0).integers(7, size=(2, 12))


def make(**changes):
    keras.utils.set_random_seed(0)
    return RecurrentLM(dataclasses.replace(TINY, **changes))


@pytest.mark.parametrize("cell", CELLS)
def test_tokens_one_by_one_give_the_logits_of_the_whole(cell):
    # One cell in a graph of the loop; short sequences run eagerly, without tracing.
    ids = IDS if cell == "lstm" else IDS[:, :EAGER_STEPS]
    model = make(cell=cell)
    whole = ops.convert_to_numpy(model(ids))
    states = model.initial_states(2)
    for t in range(ids.shape[1]):
        logits, states = model.advance(ids[:, t : t + 1], states)
        np.testing.assert_allclose(
            ops.convert_to_numpy(logits)[:, 0], whole[:, t], atol=1e-5
        )


def test_training_batches_go_on_where_the_last_one_ended(graphs):
    model = make()
    model.carry_states(2)
    whole = ops.convert_to_numpy(model(IDS))
    parts = [
        ops.convert_to_numpy(model(IDS[:, start : start + 4], training=True))
        for start in (0, 4, 8)
    ]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
    # Inference neither sees nor moves what is carried.
    np.testing.assert_allclose(ops.convert_to_numpy(model(IDS)), whole, atol=1e-6)


def test_states_are_carried_through_compiled_training_and_no_gradient_is(graphs):
    model = make()
    model.carry_states(2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss)
    model.train_on_batch(IDS[:, :5], IDS[:, 1:6])
    carried = [ops.convert_to_numpy(v) for layer in model.carried for v in layer]
    states = model.advance(IDS[:, :5], model.initial_states(2))[1]
    for ours, expected in zip(carried, keras.tree.flatten(states), strict=True):
        np.testing.assert_allclose(ours, ops.convert_to_numpy(expected), atol=1e-5)


def test_rows_that_begin_anew_forget_the_batch_before(graphs):
    rows = np.tile(IDS[:1], (40, 1))
    model = make()
    model.carry_states(len(rows), reset_rate=0.5)
    whole = ops.convert_to_numpy(model(rows))[0, 6:]
    anew = ops.convert_to_numpy(model(rows[:, 6:]))[0]
    model(rows[:, :6], training=True)
    # What is carried now is known; the next batch keeps it or begins anew, by row.
    _, states = model.advance(rows[:, :6], model.initial_states(len(rows)))
    for variable, state in zip(
        keras.tree.flatten(model.carried), keras.tree.flatten(states), strict=True
    ):
        variable.assign(state)
    logits = ops.convert_to_numpy(model(rows[:, 6:], training=True))
    carried, fresh = (np.abs(logits - x).max((1, 2)) < 1e-5 for x in (whole, anew))
    np.testing.assert_array_equal(carried, ~fresh)
    assert 5 < fresh.sum() < 35


def test_a_reset_rate_is_a_probability():
    with pytest.raises(ValueError, match="reset_rate=2"):
        make().carry_states(2, reset_rate=2)


def test_what_is_carried_is_no_weight():
    model = make()
    model.carry_states(2, reset_rate=0.5)
    model(model.example_inputs())
    plain = make()
    plain(plain.example_inputs())
    assert list(variables_by_key(model)) == list(variables_by_key(plain))


def test_zoneout_and_dropout_act_in_training_alone(graphs):
    for changes in (
        {"zoneout": (0.5, 0.5)},
        {"dropout": 0.5},
        {"embedding_dropout": 0.5},
        {"recurrent_dropout": 0.5},
        {"update_dropout": 0.5},
    ):
        model = make(layers=1, **changes)
        quiet = ops.convert_to_numpy(model(IDS))
        np.testing.assert_array_equal(quiet, ops.convert_to_numpy(model(IDS)))
        loud = ops.convert_to_numpy(model(IDS, training=True))
        assert np.abs(loud - quiet).max() > 1e-4, changes


@pytest.mark.parametrize("changes", [{"cell": "lstn"}, {"units": 0}, {"layers": 0}])
def test_bad_choices_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        make(**changes)
