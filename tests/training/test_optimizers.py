"""Optimizers: their rates, and which weights they change in which way."""

import pytest

from seqzoo.models import Swin, SwinConfig
from seqzoo.training import adam, adamw, muon
from seqzoo.training.optimizers import cosine

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
