"""Phased LSTM: a time gate that opens periodically, in real time."""

import math
from functools import cached_property, partial

import keras
from keras import ops

from seqzoo.layers.recurrent import backend
from seqzoo.layers.recurrent.cells.base import state_dtype
from seqzoo.layers.recurrent.cells.lstm import PeepholeLSTMCell
from seqzoo.layers.recurrent.times import times_tensor
from seqzoo.ops.arguments import split_seed

# A narrower gate meets too few steps to learn from.
_NARROWEST_RATIO_ON = 0.01


@keras.saving.register_keras_serializable("seqzoo")
class PhasedLSTMCell(PeepholeLSTMCell):
    """LSTM with peepholes and a time gate k (Neil et al. 2016, eqs. 6-10).

        phi = ((t - shift) mod period) / period
        k = 2 phi / ratio_on            if phi < ratio_on / 2
            2 - 2 phi / ratio_on        if ratio_on / 2 <= phi < ratio_on
            leak * phi                  otherwise
        c~, h~ = the peephole LSTM's new states
        c' = k * c~ + (1 - k) * c
        h' = k * h~ + (1 - k) * h

    A unit is updated only in the open part of its period, so a memory lasts many
    steps, and steps may have any times. States are `[h, c]`.

    Times are an argument of the layer, `Recurrent(cell)(x, times=t)`, by default 0, 1,
    2, ... `keras.layers.RNN` passes on inputs only: for it, `time_feature=True` makes
    the last feature the time. In half precision it rounds that time; `Recurrent` keeps
    times in float32 under every policy.

    Args:
        units: Number of features of the states and output.
        leak: Slope of the closed gate in training, in [0, 1], so that it has a
            gradient; 0 in inference.
        ratio_on: Initial share of the period in which the gate is open, in (0, 1].
            Training keeps it between 0.01 (or its start, if that is lower) and 1.
        period_range: Shortest and longest initial period, in the unit of the times;
            periods start log-uniformly between them. Training keeps them above a
            tenth of the shortest.
        time_feature: Whether the last input feature is the time. The kernel does not
            multiply it.
        **kwargs: Those of `PeepholeLSTMCell`.

    The weights after peephole_kernel are `period`, `shift` and `ratio_on`, each
    `(units,)` and learned. Shifts start uniformly within the period.

    Raises:
        ValueError: If a ratio, the range or the leak is out of bounds, or a single step
            comes without its time.

    Example:
        >>> from seqzoo.layers import PhasedLSTMCell, Recurrent
        >>> times = keras.ops.array([[0.0, 0.3, 0.9, 2.5, 2.6]])
        >>> layer = Recurrent(PhasedLSTMCell(4))
        >>> tuple(layer(keras.ops.ones((1, 5, 3)), times=times).shape)
        (1, 4)
    """

    uncast = ("times",)

    def __init__(
        self,
        units: int,
        leak: float = 0.001,
        ratio_on: float = 0.05,
        period_range: tuple[float, float] = (math.e, math.e**3),
        time_feature: bool = False,
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        if not 0 < ratio_on <= 1:
            raise ValueError(
                "`ratio_on` must be above 0 and at most 1. "
                f"Received: ratio_on={ratio_on}"
            )
        if not 0 < period_range[0] <= period_range[1]:
            raise ValueError(
                "`period_range` must be two positive times, the shorter first. "
                f"Received: period_range={period_range}"
            )
        if not 0 <= leak <= 1:
            raise ValueError(
                f"`leak` must be at least 0 and at most 1. Received: leak={leak}"
            )
        self.leak = leak
        self.first_ratio_on = ratio_on
        self.period_range = tuple(float(bound) for bound in period_range)
        self.time_feature = time_feature

    def feature_count(self, input_features: int) -> int:
        """Number of input features that the kernel multiplies."""
        return input_features - self.time_feature

    def build(self, input_shape):
        super().build(input_shape)
        uniform = keras.initializers.RandomUniform(
            0.0, 1.0, seed=split_seed(self.seed, "period")
        )
        low, high = (math.log(bound) for bound in self.period_range)

        def first_period(shape, dtype=None):
            return ops.exp(low + (high - low) * uniform(shape, dtype=dtype))

        # In half precision a late time would be cycles off.
        gate = {"shape": (self.units,), "autocast": False}
        self.period = self.add_weight(
            initializer=first_period,
            constraint=partial(ops.maximum, self.period_range[0] / 10),
            name="period",
            **gate,
        )
        self.shift = self.add_weight(
            initializer=lambda shape, dtype=None: (
                self.period.value
                * keras.random.uniform(
                    shape, dtype=dtype, seed=split_seed(self.seed, "shift")
                )
            ),
            name="shift",
            **gate,
        )
        self.ratio_on = self.add_weight(
            initializer=keras.initializers.Constant(self.first_ratio_on),
            constraint=partial(
                ops.clip, x_min=min(_NARROWEST_RATIO_ON, self.first_ratio_on), x_max=1.0
            ),
            name="ratio_on",
            **gate,
        )

    def convert_uncast(self, name, value):
        return times_tensor(value) if name == "times" else value

    def split_inputs(self, inputs, training=False, times=None):
        """Splits inputs into features and the openness of the time gate."""
        if self.time_feature:
            inputs, times = inputs[..., :-1], inputs[..., -1]
        if times is None and len(inputs.shape) == 3:
            times = ops.broadcast_to(
                ops.arange(ops.shape(inputs)[1], dtype="float32"),
                ops.shape(inputs)[:2],
            )
        if times is None:
            raise ValueError(
                "PhasedLSTMCell needs the time of each step. Call "
                "Recurrent(cell)(x, times=t), or construct the cell with "
                "time_feature=True and put the time into the last feature."
            )
        inputs, extras = super().split_inputs(inputs, training)
        leak = self.leak if training else 0.0
        return inputs, {**extras, "openness": self.openness(times, leak)}

    def loop_weights(self) -> dict:
        """The weights of a step as tensors, by name; `openness` reads the others."""
        others = ("period", "shift", "ratio_on")
        weights = super().loop_weights()
        return {name: weights[name] for name in weights if name not in others}

    def openness(self, times, leak: float = 0.0):
        """The time gate k, in [0, 1], with the shape `(*times.shape, units)`."""
        dtype = state_dtype(self.variable_dtype)  # half precision is too coarse
        variables = {
            "times": ops.cast(times, dtype),
            "period": ops.cast(self.period.value, dtype),
            "shift": ops.cast(self.shift.value, dtype),
            "ratio_on": ops.cast(self.ratio_on.value, dtype),
        }
        mode = "eager" if len(times.shape) == 1 else "auto"
        return self._openness(mode, variables, {"leak": ops.cast(leak, dtype)})

    def equations(self, parts, states, weights, extras):
        k = extras["openness"]
        new, gates = super().equations(parts, states, weights, extras)
        updated = [s + k * (n - s) for n, s in zip(new, states, strict=True)]
        return updated, {**gates, "time_gate": k}

    @cached_property
    def _openness(self):
        return backend.rematerialized(_time_gate)

    def get_config(self):
        return {
            **super().get_config(),
            "leak": self.leak,
            "ratio_on": self.first_ratio_on,
            "period_range": self.period_range,
            "time_feature": self.time_feature,
        }


def _time_gate(variables, constants):
    # Times (..., steps, 1) and weights (units,) broadcast to (..., steps, units).
    cycles = (variables["times"][..., None] - variables["shift"]) / variables["period"]
    phase = cycles - ops.stop_gradient(ops.floor(cycles))
    ratio_on = variables["ratio_on"]
    rising = 2 * phase / ratio_on
    closed = constants["leak"] * phase
    return ops.where(
        phase < ratio_on / 2,
        rising,
        ops.where(phase < ratio_on, 2 - rising, closed),
    )
