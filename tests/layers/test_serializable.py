"""Layers whose config is derived from their constructor's arguments."""

import inspect

import keras
import pytest

from seqzoo import layers

CELL = {"units": 4, "kernel_initializer": keras.initializers.Constant(0.5), "seed": 3}
# A layer or cell of each kind, with arguments that differ from their defaults.
MADE = {
    "elman": lambda: layers.ElmanCell(activation="relu", use_bias=False, **CELL),
    "leaky": lambda: layers.LeakyCell(time_constants=3.0, learned=False, **CELL),
    "skip": lambda: layers.SkipCell(delay=3, **CELL),
    "output": lambda: layers.OutputRecurrentCell(
        outputs=2, output_activation="tanh", output_initializer="ones", **CELL
    ),
    "lstm": lambda: layers.LSTMCell(unit_forget_bias=False, **CELL),
    "peephole": lambda: layers.PeepholeLSTMCell(
        peephole="full", peephole_initializer="zeros", chrono_steps=9, **CELL
    ),
    "gru": lambda: layers.GRUCell(reset_after=False, update_dropout=0.5, **CELL),
    "layer_norm": lambda: layers.LayerNormLSTMCell(epsilon=0.1, **CELL),
    "phased": lambda: layers.PhasedLSTMCell(
        leak=0.5, ratio_on=0.25, period_range=(2.0, 3.0), time_feature=True, **CELL
    ),
    "zoneout": lambda: layers.ZoneoutCell(layers.GRUCell(4), rates=0.5, seed=1),
    "recurrent": lambda: layers.Recurrent(
        layers.GRUCell(4, reset_after=False),
        reverse=True,
        dropout=0.5,
        dtype=keras.DTypePolicy("mixed_bfloat16"),
    ),
    "bidirectional": lambda: layers.Bidirectional(
        layers.GRUCell(4), layers.LSTMCell(3), return_state=True, seed=1
    ),
    "four_way": lambda: layers.MultiDirectional2D(layers.LSTMCell(3)),
    "temporal": lambda: layers.TemporalConvNet([4, 5], dropout=0.5),
    "block": lambda: layers.TemporalBlock(4, 3, dilation=2, dropout=0.5),
    "convolution": lambda: layers.CausalConv(4, 3, dilation=2),
}


@pytest.mark.parametrize("name", MADE)
def test_every_argument_survives_its_config(name):
    layer = MADE[name]()
    config = layer.get_config()
    arguments = set(inspect.signature(type(layer).__init__).parameters)
    assert arguments - {"self", "kwargs"} <= set(config)
    copy = type(layer).from_config(config)
    assert copy.get_config() == config
    assert copy.dtype_policy.name == layer.dtype_policy.name


@keras.saving.register_keras_serializable("tests")
class DecayCell(layers.ElmanCell):
    def __init__(self, units, decay, **kwargs):
        super().__init__(units, **kwargs)
        self.decay = decay


@keras.saving.register_keras_serializable("tests")
class RenamedCell(layers.ElmanCell):
    def __init__(self, units, decay, **kwargs):
        super().__init__(units, **kwargs)
        self.speed = decay

    def get_config(self):
        return {**super().get_config(), "decay": self.speed}


@pytest.mark.parametrize("cls", [DecayCell, RenamedCell])
def test_a_cell_of_ones_own_needs_no_get_config_but_may_have_it(cls):
    layer = layers.Recurrent(cls(4, decay=0.5, activation="relu"))
    config = layer.get_config()["cell"]["config"]
    assert (config["units"], config["decay"]) == (4, 0.5)
    copy = layers.Recurrent.from_config(layer.get_config())
    assert type(copy.cell) is cls
    assert copy.get_config() == layer.get_config()
