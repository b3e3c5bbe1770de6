"""Zoneout: a wrapper whose units keep their old values at random."""

from collections.abc import Sequence

import keras
from keras import ops

from seqzoo.layers.recurrent.cells.base import Cell
from seqzoo.layers.recurrent.cells.checks import checked_cell
from seqzoo.layers.recurrent.cells.dropout import checked_rate, noise
from seqzoo.layers.serializable import plain
from seqzoo.ops.arguments import split_seed


@keras.saving.register_keras_serializable("seqzoo")
class ZoneoutCell(Cell):
    """A cell whose units keep their old values at random (Krueger et al. 2017, eq. 1).

        training:   s' = m * s + (1 - m) * new, with m ~ Bernoulli(rate) a unit, a step
        inference:  s' = rate * s + (1 - rate) * new

    for every state s of the cell, each with a rate of its own.

    Args:
        cell: A `seqzoo.layers.Cell`. It is renamed "cell" and holds all weights.
        rates: Probability of keeping the old value, in [0, 1): one for all states,
            or one for each, in the order of `cell.state_names`. For an LSTM's h and c
            the paper's character models have `(0.05, 0.5)`.
        seed: Integer for the noise; by default Keras's global seed.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If a rate is out of range, or there is not one for each state.

    Example:
        >>> from seqzoo.layers import LSTMCell, Recurrent, ZoneoutCell
        >>> layer = Recurrent(ZoneoutCell(LSTMCell(4), rates=(0.05, 0.5)))
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    def __init__(
        self,
        cell: Cell,
        rates: float | Sequence[float] = 0.1,
        seed: int | None = None,
        **kwargs,
    ):
        checked_cell(cell, "cell")
        super().__init__(cell.units, seed=seed, **kwargs)
        names = cell.state_names
        per_state = [rates] * len(names) if not isinstance(rates, Sequence) else rates
        if len(per_state) != len(names):
            raise ValueError(
                f"{type(cell).__name__} has {len(names)} states "
                f"({', '.join(names)}). Received: rates={rates}"
            )
        self.rates = [checked_rate(float(rate), "rates") for rate in per_state]
        self.uncast = cell.uncast
        self.time_feature = cell.time_feature
        self.cell = cell.adopt()
        self.state_names = names
        self.recurrent_state = cell.recurrent_state
        self.joint, self.gates = cell.joint, cell.gates
        self.use_bias = cell.use_bias
        if any(self.rates):
            self.seed_generator = keras.random.SeedGenerator(
                split_seed(seed, "zoneout")
            )

    @property
    def state_size(self) -> list[int]:
        """Features of every state."""
        return self.cell.state_size

    def feature_count(self, input_features: int) -> int:
        """Number of input features that the kernel multiplies."""
        return self.cell.feature_count(input_features)

    def take_policy(self, policy):
        """Gives the policy of a layer to a fresh cell that has none of its own."""
        super().take_policy(policy)
        self.cell.take_policy(policy)

    def build(self, input_shape):
        self.input_features = input_shape[-1]
        self.cell.build_once(input_shape)

    def loop_weights(self) -> dict:
        """The weights of a step as tensors, by name."""
        return self.cell.loop_weights()

    def split_inputs(self, inputs, training=False, times=None):
        """The cell's, and for each state a mask of the units that keep their value."""
        shape = ops.shape(inputs)[:-1]
        inputs, extras = self.cell.split_inputs(inputs, training, times)
        if training:
            for index, (rate, size) in enumerate(
                zip(self.rates, self.state_size, strict=True)
            ):
                if rate:
                    kept = noise((*shape, size), rate, self.seed_generator)
                    extras = {**extras, f"kept_{index}": kept}
        return inputs, extras

    def equations(self, parts, states, weights, extras):
        new, gates = self.cell.equations(parts, states, weights, extras)
        mixed = []
        for index, (rate, before, after) in enumerate(
            zip(self.rates, states, new, strict=True)
        ):
            if f"kept_{index}" in extras:
                mixed.append(ops.where(extras[f"kept_{index}"], before, after))
            else:
                mixed.append(rate * before + (1 - rate) * after if rate else after)
        return mixed, gates

    def get_config(self):
        # Without the arguments of `Cell`, which the cell inside has.
        config = keras.layers.Layer.get_config(self)
        cell = plain(self.cell)
        return {**config, "cell": cell, "rates": self.rates, "seed": plain(self.seed)}
