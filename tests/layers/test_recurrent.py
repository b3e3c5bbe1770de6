import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import Bidirectional, ElmanCell, GRUCell, LSTMCell, Recurrent
from tests.layers.gradients import assert_near, assert_same, outputs_and_gradients

UNITS, BATCH, STEPS, FEATURES = 4, 3, 6, 5
CELLS = {
    "elman": ElmanCell,
    "lstm": LSTMCell,
    "gru": GRUCell,
    "gru_reset_before": lambda units: GRUCell(units, reset_after=False),
}
KERAS_LAYERS = {
    "elman": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "gru_reset_before": lambda units, **k: keras.layers.GRU(
        units, reset_after=False, **k
    ),
}
LENGTHS = np.array([6, 4, 1])
MASK = np.arange(STEPS) < LENGTHS[:, None]
every_cell = pytest.mark.parametrize("name", CELLS)
# TensorFlow alone compiles training in another way than inference.
on_tensorflow = keras.backend.backend() == "tensorflow"
every_compilation = pytest.mark.parametrize(
    "training",
    [False, True] if on_tensorflow else [True],
    ids=["inference", "training"][-1 - on_tensorflow :],
)
both_directions = pytest.mark.parametrize("reverse", [False, True])


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def made(name, **arguments):
    """A layer with random weights, biases too."""
    layer = Recurrent(
        CELLS[name](UNITS),
        **{"return_sequences": True, "return_state": True, **arguments},
    )
    layer.build((BATCH, STEPS, FEATURES))
    return randomized(layer)


def randomized(layer):
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(0, 0.5, size=variable.shape))
    return layer


def first_states(name, seed=2):
    count = 2 if name == "lstm" else 1
    return [array(BATCH, UNITS, seed=seed + index) for index in range(count)]


def assert_close(ours, theirs, atol=1e-5):
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert_near(mine, other, rtol=1e-5, atol=atol)


@every_cell
@pytest.mark.parametrize(
    ("reverse", "masked"),
    [(False, False), (False, True), (True, True)],
    ids=["plain", "masked", "reverse-masked"],
)
@every_compilation
def test_outputs_and_gradients_equal_those_of_keras(name, reverse, masked, training):
    """Forward, and by inputs, initial states and weights."""
    ours = made(name, reverse=reverse)
    theirs = KERAS_LAYERS[name](
        UNITS,
        return_sequences=True,
        return_state=True,
        go_backwards=reverse,
        zero_output_for_mask=True,
    )
    theirs.build((BATCH, STEPS, FEATURES))
    theirs.set_weights(ours.get_weights())
    mask = ops.convert_to_tensor(MASK) if masked else None

    def run_ours(x, *states):
        return ours(x, mask=mask, initial_state=list(states), training=training)

    def run_theirs(x, *states):
        outputs, *last = theirs(x, mask=mask, initial_state=list(states))
        return (ops.flip(outputs, axis=1) if reverse else outputs), *last

    arrays = [array(BATCH, STEPS, FEATURES), *first_states(name)]
    results = outputs_and_gradients(ours, run_ours, arrays)
    expected = outputs_and_gradients(theirs, run_theirs, arrays)
    for mine, other in zip(results, expected, strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("name", ["elman", "lstm", "gru"])
def test_outputs_and_gradients_equal_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    kinds = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    theirs = kinds[name](FEATURES, UNITS, batch_first=True)
    ours = made(name)
    # PyTorch's GRU packs r, z where ours packs z, r; its kernels are transposed.
    order = [1, 0, 2] if name == "gru" else range(len(ours.cell.gates))

    def repacked(weight):
        blocks = np.split(ops.convert_to_numpy(weight), len(ours.cell.gates), axis=-1)
        return np.concatenate([blocks[index] for index in order], axis=-1)

    kernel, recurrent_kernel, bias = (repacked(w) for w in ours.get_weights())
    biases = bias if name == "gru" else np.stack([bias, np.zeros_like(bias)])
    values = [kernel.T, recurrent_kernel.T, *biases]
    with torch.no_grad():
        for parameter, value in zip(theirs.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(np.ascontiguousarray(value)))

    arrays = [array(BATCH, STEPS, FEATURES), *first_states(name)]
    x, *states = (torch.tensor(value, requires_grad=True) for value in arrays)
    state = [value[None] for value in states]
    outputs, last = theirs(x, tuple(state) if name == "lstm" else state[0])
    last = [value[0] for value in last] if name == "lstm" else [last[0]]
    expected = [outputs, *last]
    total = sum(
        (
            output * torch.cos(torch.arange(output.numel()) + k).reshape(output.shape)
        ).sum()
        for k, output in enumerate(expected)
    )
    gradients = torch.autograd.grad(total, [x, *states, *theirs.parameters()])
    gradients = [gradient.numpy() for gradient in gradients]
    by_arrays, by_weights = gradients[: len(arrays)], gradients[len(arrays) :]
    d_kernel, d_recurrent, *d_biases = by_weights
    d_bias = np.stack(d_biases) if name == "gru" else d_biases[0]

    results = outputs_and_gradients(
        ours, lambda x, *s: ours(x, initial_state=list(s), training=True), arrays
    )
    assert_close(results[0], [output.detach().numpy() for output in expected])
    assert_close(results[1], by_arrays)
    assert_close(results[2], [repacked(w) for w in (d_kernel.T, d_recurrent.T, d_bias)])


@every_cell
def test_masked_steps_anywhere_are_as_if_they_were_not_there(name):
    layer = made(name)
    x = array(1, STEPS, FEATURES)
    mask = np.array([[False, True, False, True, True, False]])
    outputs, *states = layer(x, mask=mask)
    alone, *last = layer(x[mask][None])
    assert_near(ops.convert_to_numpy(outputs)[mask], alone[0], atol=1e-6)
    assert_same(ops.convert_to_numpy(outputs)[~mask], 0)
    assert_close(states, last, atol=1e-6)


def test_a_row_of_padding_alone_keeps_its_initial_state_and_its_gradient():
    layer = made("lstm")
    mask = ops.convert_to_tensor(np.zeros((BATCH, STEPS), bool))
    states = first_states("lstm")
    (outputs, h, c), by_arrays, by_weights = outputs_and_gradients(
        layer,
        lambda x, *s: layer(x, mask=mask, initial_state=list(s), training=True),
        [array(BATCH, STEPS, FEATURES), *states],
    )
    assert_same(outputs, 0)
    assert_close([h, c], states)
    assert_same(by_arrays[0], 0)
    assert np.abs(by_arrays[1]).min() > 0
    for gradient in by_weights:
        assert_same(gradient, 0)


@every_cell
@both_directions
def test_the_last_output_is_h_after_the_last_real_step(name, reverse):
    whole = made(name, reverse=reverse)
    last = made(name, reverse=reverse, return_sequences=False)
    x = array(BATCH, STEPS, FEATURES)
    for mask in (None, MASK):
        _, h, *rest = whole(x, mask=mask)
        assert_close(last(x, mask=mask), [h, h, *rest], atol=1e-6)


@every_cell
def test_reverse_is_the_flipped_run_over_the_flipped_sequence(name):
    ahead, back = made(name), made(name, reverse=True)
    x = array(BATCH, STEPS, FEATURES)
    outputs, *states = ahead(x[:, ::-1])
    assert_close(back(x), [ops.flip(outputs, axis=1), *states], atol=1e-6)


def test_a_stateful_layer_continues_until_it_is_reset():
    plain, layer = made("lstm"), made("lstm", stateful=True)
    x = array(BATCH, STEPS, FEATURES)
    _, h, c = plain(x)
    first = layer(x[:, :2])
    layer(x[:, 2:])
    assert_close([variable.value for variable in layer.states], [h, c], atol=1e-6)
    layer.reset_state()
    assert_close(layer(x[:, :2]), first, atol=1e-6)


def test_a_stateful_layer_needs_a_batch_size():
    layer = Recurrent(LSTMCell(UNITS), stateful=True)
    with pytest.raises(ValueError, match="fixed batch size"):
        layer.build((None, STEPS, FEATURES))


@every_cell
def test_a_trace_names_every_gate_and_agrees_with_the_outputs(name):
    layer = made(name, reverse=True)
    x = array(BATCH, STEPS, FEATURES)
    traced = layer.trace(x, mask=MASK)
    expected = {
        "elman": {"h"},
        "lstm": {"input_gate", "forget_gate", "candidate", "output_gate", "h", "c"},
    }.get(name, {"update_gate", "reset_gate", "candidate", "h"})
    assert set(traced) == expected
    assert all(value.shape == (BATCH, STEPS, UNITS) for value in traced.values())
    assert_near(traced["h"], layer(x, mask=MASK)[0], atol=1e-6)


def test_a_traced_lstm_obeys_its_equations():
    layer = made("lstm")
    traced = {
        k: ops.convert_to_numpy(v)
        for k, v in layer.trace(array(1, 5, FEATURES)).items()
    }
    c = np.concatenate([np.zeros_like(traced["c"][:, :1]), traced["c"][:, :-1]], axis=1)
    assert_near(
        traced["c"],
        traced["forget_gate"] * c + traced["input_gate"] * traced["candidate"],
        atol=1e-6,
    )


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_bidirectional_equals_keras_with_and_without_mask(name):
    ours = Bidirectional(CELLS[name](UNITS), return_sequences=True, return_state=True)
    theirs = keras.layers.Bidirectional(
        KERAS_LAYERS[name](
            UNITS, return_sequences=True, return_state=True, zero_output_for_mask=True
        )
    )
    ours.build((BATCH, STEPS, FEATURES))
    theirs.build((BATCH, STEPS, FEATURES))
    theirs.set_weights(randomized(ours).get_weights())
    arrays = [
        array(BATCH, STEPS, FEATURES),
        *first_states(name),
        *first_states(name, seed=5),
    ]
    for mask in (None, ops.convert_to_tensor(MASK)):
        results, expected = (
            outputs_and_gradients(
                layer,
                lambda x, *s, layer=layer, mask=mask: layer(
                    x, mask=mask, initial_state=list(s)
                ),
                arrays,
            )
            for layer in (ours, theirs)
        )
        for mine, other in zip(results, expected, strict=True):
            assert_close(mine, other)


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("merge", ["concat", "sum", "average", "multiply"])
def test_bidirectional_merges_its_two_sides(merge, return_sequences):
    layer = Bidirectional(
        LSTMCell(UNITS), GRUCell(UNITS), merge, return_sequences=return_sequences
    )
    x = array(BATCH, STEPS, FEATURES)
    outputs = ops.convert_to_numpy(layer(x, mask=MASK))
    ahead = ops.convert_to_numpy(layer.forward_layer(x, mask=MASK)[0])
    back = ops.convert_to_numpy(layer.backward_layer(x, mask=MASK)[0])
    expected = {
        "concat": np.concatenate([ahead, back], axis=-1),
        "sum": ahead + back,
        "average": (ahead + back) / 2,
        "multiply": ahead * back,
    }
    assert_near(outputs, expected[merge], atol=1e-6)
    assert layer.compute_output_shape(x.shape) == outputs.shape


def test_weights_have_their_attributes_names():
    layer = Bidirectional(LSTMCell(UNITS), name="encoder")
    layer.build((None, None, FEATURES))
    assert [variable.path for variable in layer.weights] == [
        f"encoder/{side}/cell/{weight}"
        for side in ("forward", "backward")
        for weight in ("kernel", "recurrent_kernel", "bias")
    ]
    single = Recurrent(GRUCell(UNITS), name="decoder")
    single(array(1, 1, FEATURES))
    assert single.weights[0].path == "decoder/cell/kernel"


def test_bidirectional_traces_both_sides():
    layer = Bidirectional(GRUCell(UNITS), return_sequences=True)
    traced = layer.trace(array(BATCH, STEPS, FEATURES))
    assert set(traced) == {"forward", "backward"}
    assert "update_gate" in traced["backward"]


def test_variational_dropout_uses_one_mask_for_the_whole_sequence():
    """With an identity cell, what is dropped at the first step stays dropped."""
    cell = ElmanCell(
        64,
        activation="linear",
        kernel_initializer="identity",
        recurrent_initializer="zeros",
    )
    layer = Recurrent(cell, return_sequences=True, dropout=0.5, seed=1)
    x = np.ones((2, 7, 64), "float32")
    outputs = ops.convert_to_numpy(layer(x, training=True))
    assert set(np.unique(outputs)) == {0.0, 2.0}
    assert_same(outputs, outputs[:, :1] * np.ones((1, 7, 1)))
    assert 0.3 < (outputs == 0).mean() < 0.7
    assert_same(layer(x), x)


def test_recurrent_dropout_drops_the_same_units_at_every_step():
    """h' = 1 + mask * h counts the steps where the mask is 0 as 1, 1, 1, ..."""
    cell = ElmanCell(
        64,
        activation="linear",
        kernel_initializer="zeros",
        recurrent_initializer="identity",
        bias_initializer="ones",
    )
    layer = Recurrent(cell, return_sequences=True, recurrent_dropout=0.5, seed=1)
    outputs = ops.convert_to_numpy(layer(np.ones((2, 4, 3), "float32"), training=True))
    rows = np.unique(np.moveaxis(outputs, 1, 2).reshape(-1, 4), axis=0)
    assert_same(rows, [[1, 1, 1, 1], [1, 3, 7, 15]])


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_the_gradient_with_recurrent_dropout_is_the_slope(name):
    """Against differences, the masks being the same at every call."""
    layer = made(name)
    x = array(BATCH, STEPS, FEATURES)
    kept = ops.convert_to_tensor(
        2.0 * (np.random.default_rng(3).random((BATCH, UNITS)) < 0.5), "float32"
    )
    layer.recurrent_dropout = 0.5
    layer._drop = lambda ones, rate: ones * kept

    def run(x):
        return layer(x, training=True)

    _, (by_inputs,), by_weights = outputs_and_gradients(layer, run, [x])

    def total():
        outputs = [ops.convert_to_numpy(o).astype("float64") for o in run(x)]
        return sum(
            (o * np.cos(np.arange(o.size) + k).reshape(o.shape)).sum()
            for k, o in enumerate(outputs)
        )

    variable = layer.cell.recurrent_kernel
    value = ops.convert_to_numpy(variable.value)
    direction = array(*value.shape, seed=4)
    slopes = []
    for sign in (1, -1):
        variable.assign(value + sign * 1e-2 * direction)
        slopes.append(total())
    slope = (slopes[0] - slopes[1]) / 2e-2
    assert_near((by_weights[1] * direction).sum(), slope, rtol=1e-2)
    assert by_inputs.shape == x.shape


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_stay_close_to_float32(policy):
    if policy == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX has no float64 unless it is switched on for the process")
    expected = made("lstm")
    layer = Recurrent(
        LSTMCell(UNITS, dtype=policy),
        return_sequences=True,
        return_state=True,
        dtype=policy,
    )
    layer.build((BATCH, STEPS, FEATURES))
    layer.set_weights(expected.get_weights())
    x = array(BATCH, STEPS, FEATURES)
    for training in (False, True):
        results = layer(x, training=training)
        for ours, full in zip(results, expected(x), strict=True):
            assert keras.backend.standardize_dtype(ours.dtype) == layer.compute_dtype
            assert_near(
                ops.convert_to_numpy(ops.cast(ours, "float32")), full, atol=0.03
            )


@pytest.mark.parametrize(
    "jit_compile", ["auto", pytest.param(False, marks=pytest.mark.slow)]
)
def test_fit_lowers_the_loss_with_any_compilation(jit_compile):
    inputs = keras.Input((None, FEATURES))
    layer = Bidirectional(GRUCell(8), dropout=0.1, recurrent_dropout=0.1)
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    model.compile(
        optimizer=keras.optimizers.Adam(0.02), loss="mse", jit_compile=jit_compile
    )
    x = array(20, STEPS, FEATURES)
    y = x.sum(axis=(1, 2))[:, None] / 5
    losses = model.fit(x, y, batch_size=8, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(x[:, :3], verbose=0).shape == (20, 1)


@pytest.mark.parametrize("return_sequences", [True, False])
def test_a_saved_model_comes_back_with_its_answers(tmp_path, return_sequences):
    inputs = keras.Input((None, FEATURES))
    mask = keras.Input((None,), dtype="bool")
    hidden = Bidirectional(LSTMCell(UNITS), return_sequences=True, dropout=0.2)(
        inputs, mask=mask
    )
    outputs = Recurrent(
        GRUCell(UNITS, reset_after=False), return_sequences, reverse=True
    )(hidden, mask=mask)
    model = keras.Model([inputs, mask], outputs)
    x = array(BATCH, STEPS, FEATURES)
    expected = model.predict([x, MASK], verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_near(loaded.predict([x, MASK], verbose=0), expected, atol=1e-6)


def test_an_exported_model_runs_in_tensorflow_on_any_length(tmp_path):
    if not on_tensorflow:
        pytest.skip("SavedModel needs the TensorFlow backend")
    import tensorflow as tf

    inputs = keras.Input((None, FEATURES))
    model = keras.Model(inputs, Bidirectional(LSTMCell(UNITS))(inputs))
    x = array(BATCH, STEPS, FEATURES)
    model(x, training=True)
    model.export(str(tmp_path / "exported"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    for steps in (STEPS, 2):
        part = x[:, :steps]
        assert_near(served.serve(part), model(part), atol=1e-6)


def test_a_mask_from_an_embedding_is_used():
    """Keras hands over the mask that an Embedding with `mask_zero` declares."""
    embedding = keras.layers.Embedding(7, FEATURES, mask_zero=True)
    layer = made("lstm", return_state=False, return_sequences=False)
    ids = np.array([[3, 2, 5, 0, 0], [1, 1, 1, 1, 0]])
    expected = layer(ops.convert_to_numpy(embedding(ids)), mask=ids != 0)
    assert_near(layer(embedding(ids)), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": np.ones((BATCH, STEPS + 1), bool)}, "`mask` must have shape"),
        ({"mask": np.ones((BATCH, STEPS, 1), bool)}, "`mask` must have shape"),
        ({"initial_state": [np.zeros((BATCH, UNITS), "float32")]}, "has 2 states"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    layer = made("lstm")
    with pytest.raises(ValueError, match=message):
        layer(array(BATCH, STEPS, FEATURES), **arguments)


@pytest.mark.parametrize("shape", [(BATCH, FEATURES), (BATCH, 0, FEATURES)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="at least one step"):
        made("lstm")(np.zeros(shape, "float32"))


def test_wrong_constructions_are_named():
    with pytest.raises(ValueError, match=r"must be a seqzoo.layers.Cell"):
        Recurrent(keras.layers.LSTMCell(4))
    with pytest.raises(ValueError, match="`recurrent_dropout` is a probability"):
        Recurrent(LSTMCell(4), recurrent_dropout=1.0)
    with pytest.raises(ValueError, match="`merge` must be one of"):
        Bidirectional(LSTMCell(4), merge="stack")
    with pytest.raises(ValueError, match="needs cells of equal units"):
        Bidirectional(LSTMCell(4), LSTMCell(5), merge="sum")
    with pytest.raises(ValueError, match="2 forward and 1 backward states"):
        Bidirectional(LSTMCell(4), GRUCell(4))(
            np.ones((1, 2, 3), "float32"), initial_state=[np.zeros((1, 4))]
        )
