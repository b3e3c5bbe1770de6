"""Keras's layer normalisation is the oracle, by its values and its gradients."""

import keras
import numpy as np
import pytest

from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops import normalisation
from tests.layers.gradients import assert_near, outputs_and_gradients

RNG = np.random.default_rng(0)
ROUTES = {"as the device has it": None, "as an accelerator has it": False}
if keras.backend.backend() != "torch":
    ROUTES["in products"] = True


@pytest.fixture(params=ROUTES.values(), ids=ROUTES)
def route(request, monkeypatch):
    if request.param is not None:
        found = request.param
        monkeypatch.setattr(normalisation, "_sums_as_products", lambda: found)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("shape", [(5, 8), (2, 3, 8), (2, 3, 4, 1), (1, 1, 16)])
def test_values_and_gradients_are_keras_s(shape):
    x = RNG.normal(3, 2, size=shape).astype("float32")
    found = []
    for kind in (LayerNorm, keras.layers.LayerNormalization):
        layer = kind(epsilon=1e-4)
        layer.build(shape)
        rng = np.random.default_rng(1)
        for variable in layer.trainable_variables:
            variable.assign(rng.normal(1, 1, size=variable.shape))
        found.append(outputs_and_gradients(layer, layer, [x]))
    for ours, theirs in zip(*found, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5, rtol=1e-4)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16", "float16"])
def test_half_precision_is_summed_in_float32(dtype):
    layer = LayerNorm(epsilon=1e-3, dtype=dtype)
    exact = keras.layers.LayerNormalization(epsilon=1e-3)
    x = keras.ops.cast(RNG.normal(40, 1, size=(3, 64)), layer.compute_dtype)
    for each in (layer, exact):
        each.build(x.shape)
    found = layer(x)
    assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
    wanted = exact(keras.ops.cast(x, "float32"))
    found = keras.ops.cast(found, "float32")
    assert_near(found, wanted, atol=0.02)


@pytest.mark.usefixtures("route")
def test_rows_need_no_known_number():
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, LayerNorm(epsilon=1e-6)(inputs))
    for steps in (1, 4):
        assert model(np.ones((2, steps, 8), "float32")).shape == (2, steps, 8)
