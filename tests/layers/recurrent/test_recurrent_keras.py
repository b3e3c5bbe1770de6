"""A recurrent layer as a part of Keras: precisions, `fit`, files and masks."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import Bidirectional, GRUCell, LSTMCell, Recurrent, SkipCell
from tests.layers.gradients import assert_near
from tests.layers.recurrent.recurrent_cases import (
    BATCH,
    FEATURES,
    MASK,
    STEPS,
    UNITS,
    array,
    made,
    on_tensorflow,
)


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
    layer = Recurrent(GRUCell(8), dropout=0.1, recurrent_dropout=0.1)
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    model.compile(
        optimizer=keras.optimizers.Adam(0.02), loss="mse", jit_compile=jit_compile
    )
    x = array(16, STEPS, FEATURES)
    y = x.sum(axis=(1, 2))[:, None] / 5
    losses = model.fit(x, y, batch_size=8, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(x[:, :3], verbose=0).shape == (16, 1)


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


# Keras 3.15 passes JAX an argument that JAX 0.10 no longer needs.
@pytest.mark.filterwarnings("ignore:The `native_serialization:DeprecationWarning")
def test_an_exported_model_runs_in_tensorflow_on_any_batch_and_length(tmp_path):
    if not (on_tensorflow or keras.backend.backend() == "jax"):
        pytest.skip("SavedModel needs TensorFlow, with its backend or JAX's")
    tf = pytest.importorskip("tensorflow")
    inputs = keras.Input((None, FEATURES))
    hidden = Bidirectional(LSTMCell(UNITS), return_sequences=True)(inputs)
    model = keras.Model(inputs, Recurrent(SkipCell(UNITS, 2))(hidden))
    x = array(BATCH, STEPS, FEATURES)
    model(x, training=True)
    model.export(str(tmp_path / "exported"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    for part in (x, x[:1, :2]):
        assert_near(served.serve(part), model(part), atol=1e-6)


def test_a_mask_from_an_embedding_is_used():
    """Keras hands over the mask that an Embedding with `mask_zero` declares."""
    embedding = keras.layers.Embedding(7, FEATURES, mask_zero=True)
    layer = made("lstm", return_state=False, return_sequences=False)
    ids = np.array([[3, 2, 5, 0, 0], [1, 1, 1, 1, 0]])
    expected = layer(ops.convert_to_numpy(embedding(ids)), mask=ids != 0)
    assert_near(layer(embedding(ids)), expected, atol=1e-6)
