"""Optimizers: their rates, and which weights they change in which way."""

import keras
import numpy as np
import pytest

from seqzoo.models import Swin, SwinConfig
from seqzoo.training import adam, adamw, muon
from seqzoo.training.optimizers import YoungAverages, cosine, stretch

ADAM = {"clip_norm": 1.0, "ema_momentum": 0.9}
SETTINGS = {**ADAM, "weight_decay": 0.1}


def tiny_swin(**changes):
    sizes = {"image_size": 8, "patch_size": 2, "window_size": 2, "num_classes": 4}
    return SwinConfig(embed_dim=8, depths=(2,), num_heads=(2,), **sizes | changes)


def test_muon_trains_inner_matrices_alone():
    """AdamW trains the stem's kernels, position biases, norms and the last layer."""
    model = Swin(tiny_swin(stem="conv"))
    model.build()
    optimizer = muon(0.1, 9, **SETTINGS, warmup_steps=2)
    optimizer.build(model.trainable_variables)
    turned = {
        weight.path.split("/", 1)[1]
        for weight, velocity in zip(
            model.trainable_variables, optimizer.adam_velocities, strict=True
        )
        if velocity is None
    }
    inner = ("attention/attention/qkv", "attention/attention/output_layer")
    inner += ("feed_forward/hidden", "feed_forward/output_layer")
    assert turned == {"patches/projection/kernel"} | {
        f"block_{block}/{layer}/kernel" for block in range(2) for layer in inner
    }


@pytest.mark.parametrize("make", [adamw, muon])
def test_the_rate_rises_and_falls_and_kernels_alone_decay(make):
    optimizer = make(0.1, 100, **SETTINGS, warmup_steps=20)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 20, 60, 100)]
    assert rates == pytest.approx([0, 0.1, 0.0505, 0.001])
    model = Swin(tiny_swin())
    model.build()
    optimizer.build(model.trainable_variables)
    decayed = {
        weight.name
        for weight in model.trainable_variables
        if optimizer._use_weight_decay(weight)
    }
    assert decayed == {"kernel"}


@pytest.mark.parametrize("make", [adam, adamw, muon])
def test_without_a_warm_up_the_rate_falls_from_the_start(make):
    settings = SETTINGS if make is not adam else ADAM
    optimizer = make(0.1, 100, **settings)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 50, 100)]
    assert rates == pytest.approx([0.1, 0.0505, 0.001])
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9)
    assert optimizer.global_clipnorm == 1.0


def test_a_warm_up_takes_at_most_half_of_the_steps():
    rates = [float(cosine(0.1, 100, 400)(step)) for step in (0, 25, 50, 100)]
    assert rates == pytest.approx([0, 0.05, 0.1, 0.001])


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99])
def test_young_averages_forget_their_start(momentum):
    """Against NumPy: momentum min(m, (1 + t) / (10 + t)) after t steps."""
    optimizer = YoungAverages(0.1, use_ema=True, ema_momentum=momentum)
    variable = keras.Variable([1.0, -2.0])
    optimizer.build([variable])
    average = None
    for step in range(30):
        optimizer.apply([keras.ops.sin(variable + step)])
        value = np.array(variable)
        share = min(momentum, (1 + step) / (10 + step)) if step else 0.0
        average = share * (value if average is None else average) + (1 - share) * value
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(np.array(variable), average, rtol=1e-5)
    again = YoungAverages.from_config(optimizer.get_config())
    assert again.get_config()["ema_momentum"] == momentum


@pytest.mark.parametrize("make", [adam, adamw, muon])
@pytest.mark.parametrize("epochs", [1, 10, 40])
def test_other_epochs_stretch_the_schedule_and_the_averages(make, epochs):
    """As the recipe would have made them for that many epochs of 20 steps."""
    settings = {"clip_norm": 1.0} | ({} if make is adam else {"weight_decay": 0.1})
    whole = make(0.1, 400, warmup_steps=40, ema_momentum=0.98, **settings)
    stretch(whole, epochs / 20)
    reach = 50 * epochs / 20  # steps, 1 / (1 - 0.98) at first
    wanted = make(
        0.1,
        20 * epochs,
        warmup_steps=2 * epochs,
        ema_momentum=1 - 1 / reach,
        **settings,
    )
    for step in (0, epochs, 2 * epochs, 11 * epochs, 20 * epochs):
        rate = float(wanted._learning_rate(step))
        assert float(whole._learning_rate(step)) == pytest.approx(rate, abs=1e-9)
    assert whole.ema_momentum == pytest.approx(wanted.ema_momentum)


def test_a_constant_rate_and_boundaries_stretch_as_well():
    schedules = keras.optimizers.schedules
    steps = schedules.PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
    optimizer = keras.optimizers.SGD(steps)
    stretch(optimizer, 0.1)
    rates = [float(optimizer._learning_rate(step)) for step in (5, 15, 25)]
    assert rates == pytest.approx([1.0, 0.5, 0.1])
    constant = keras.optimizers.SGD(0.25)
    stretch(constant, 0.1)
    assert float(constant.learning_rate) == 0.25
