"""What is special to the classifiers: pooling, the last real step, patches."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.models import (
    FourWayClassifier,
    FourWayClassifierConfig,
    RecurrentClassifier,
    RecurrentClassifierConfig,
    TCNClassifier,
    TCNClassifierConfig,
)
from seqzoo.models.four_way_classifier import patches
from seqzoo.tasks.persistence import dtype_policy

X = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
MASK = np.array([[True] * 6, [True, True, True, False, False, False]])


def logits(model, x, mask):
    return ops.convert_to_numpy(model({"sequences": x, "mask": mask}))


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_padded_sequence_is_classified_as_without_padding(pooling, bidirectional):
    config = RecurrentClassifierConfig(
        features=3, units=4, layers=2, pooling=pooling, bidirectional=bidirectional
    )
    model = RecurrentClassifier(config)
    together = logits(model, X, MASK)
    alone = logits(model, X[1:, :3], MASK[1:, :3])
    np.testing.assert_allclose(together[1:], alone, atol=1e-5)


def test_a_tcn_decides_at_the_last_real_step():
    model = TCNClassifier(
        TCNClassifierConfig(features=3, units=4, blocks=2, kernel_size=2)
    )
    together = logits(model, X, MASK)
    alone = logits(model, X[1:, :3], MASK[1:, :3])
    np.testing.assert_allclose(together[1:], alone, atol=1e-5)


def test_patches_hold_the_pixels_of_their_square():
    image = np.arange(4 * 6).reshape(1, 4, 6, 1)
    found = ops.convert_to_numpy(patches(ops.convert_to_tensor(image), 2))
    assert found.shape == (1, 2, 3, 4)
    for i in range(2):
        for j in range(3):
            square = image[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].ravel()
            np.testing.assert_array_equal(found[0, i, j], square)


def test_an_image_that_patches_do_not_cover_is_refused():
    model = FourWayClassifier(FourWayClassifierConfig(patch_size=2, units=2))
    model(model.example_inputs())
    with pytest.raises(ValueError, match="multiple of 2"):
        model({"images": np.zeros((1, 5, 4, 1), "float32")})


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: RecurrentClassifierConfig(cell="lstn"), "cell"),
        (lambda: RecurrentClassifierConfig(pooling="first"), "pooling"),
        (lambda: RecurrentClassifierConfig(units=0), "units"),
        (lambda: TCNClassifierConfig(blocks=0), "blocks"),
        (lambda: FourWayClassifierConfig(cell="x"), "cell"),
        (lambda: FourWayClassifierConfig(layers=0), "layers"),
    ],
)
def test_bad_choices_are_refused(make, field):
    with pytest.raises(ValueError, match=field):
        make()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_maximum_of_no_real_step_is_zero(dtype):
    config = RecurrentClassifierConfig(2, 3, units=4, pooling="max")
    with dtype_policy(dtype):
        model = RecurrentClassifier(config)
        model.build()
    inputs = model.example_inputs()
    inputs["mask"][1] = False
    logits = ops.convert_to_numpy(model(inputs))
    assert np.isfinite(logits).all()
    np.testing.assert_array_equal(logits[1], model.logits.bias)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_times_reach_the_gate_in_float32_under_every_policy(dtype):
    config = RecurrentClassifierConfig(1, 2, cell="phased_lstm", units=4, timed=True)
    with dtype_policy(dtype):
        model = RecurrentClassifier(config)
        model.build()
    inputs = model.example_inputs()
    seen = []
    cell = model.recurrent[0].cell
    gate = cell.openness
    cell.__dict__["openness"] = lambda times, leak: seen.append(times) or gate(times)
    inputs["mask"][:] = True
    inputs["times"] = np.cumsum(np.full((2, 4), 300.5, "float32"), axis=1)
    model(inputs)
    np.testing.assert_array_equal(ops.convert_to_numpy(seen[0]), inputs["times"])
    assert keras.backend.standardize_dtype(seen[0].dtype) == "float32"
