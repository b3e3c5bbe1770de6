"""A language model of stacked recurrent cells.

    token ids -> embedding -> recurrent layers -> logits of each next token

Letters in comments: B batch, T steps.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers import CELLS, Recurrent, named_cell
from seqzoo.models.unit_trace import UnitTrace, trace_unit
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import CARRIED, check_choices, check_positive
from seqzoo.tasks.generation import TextGenerator

TRACED_STEPS = 64  # steps that one compiled call of `trace` runs


@dataclass(frozen=True)
class RecurrentLMConfig:
    """Sizes and choices of a `RecurrentLM`.

    Raises:
        ValueError: If the cell is unknown or a size is not positive.
    """

    vocab_size: int = 65
    embed_dim: int = 64
    cell: str = "lstm"  # a name of `seqzoo.layers.CELLS`
    units: int = 256
    layers: int = 2
    embedding_dropout: float = 0.0
    dropout: float = 0.0  # between layers and before the logits (Zaremba et al. 2014)
    recurrent_dropout: float = 0.0  # on h, one mask a sequence (Gal 2016)
    update_dropout: float = 0.0  # on the candidate (Semeniuta et al. 2016)
    zoneout: tuple[float, ...] = ()  # rate of each state (Krueger et al. 2017)

    def __post_init__(self):
        check_choices(self, cell=tuple(CELLS))
        check_positive(self, "vocab_size", "embed_dim", "units", "layers")


class RecurrentLM(TextGenerator):
    """Stacked recurrent layers that predict the next token (Graves 2013, section 2).

        x_t = embedding(token_t)
        h1_t = cell_1(x_t, h1_(t-1));  h2_t = cell_2(h1_t, h2_(t-1)); ...
        logits_t = W hL_t + b,  of token_(t+1)

    In Graves's model every layer also reads x, and the output reads every layer; here,
    as in Zaremba et al. (2014), each layer reads only the layer below.

    Call arguments:
        inputs: Integers `(batch, steps)` in [0, vocab_size).

    Returns:
        Logits `(batch, steps, vocab_size)`.
    """

    Config = RecurrentLMConfig

    def __init__(self, config: RecurrentLMConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.embedding = keras.layers.Embedding(
            c.vocab_size, c.embed_dim, name="embedding"
        )
        self.embedding_dropout = keras.layers.Dropout(
            c.embedding_dropout, name="embedding_dropout"
        )
        self.recurrent = [
            Recurrent(
                named_cell(c.cell, c.units, c.zoneout, update_dropout=c.update_dropout),
                return_sequences=True,
                return_state=True,
                recurrent_dropout=c.recurrent_dropout,
                name=f"recurrent_{i}",
            )
            for i in range(c.layers)
        ]
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.logits = keras.layers.Dense(c.vocab_size, name="logits")
        self.carried: list[list[keras.Variable]] = []

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.embedding.build((None, None))
        features = c.embed_dim
        for layer in self.recurrent:
            layer.build((None, None, features))
            features = c.units
        self.logits.build((None, None, features))

    def carry_states(self, batch_size: int, reset_rate: float = 0.0) -> None:
        """Carries the states from each training batch to the next.

        This is truncated backpropagation through time: gradients are not carried. Row i
        of a batch must continue row i of the batch before. Call the method before the
        model is built; inference is not affected.

        Args:
            batch_size: Rows of every training batch.
            reset_rate: Probability that a row starts a batch with fresh states instead,
                so that the model also learns to read the start of a text.

        Raises:
            ValueError: If `reset_rate` is not a probability.
        """
        if not 0 <= reset_rate <= 1:
            raise ValueError(
                f"`reset_rate` must be in [0, 1]. Received: reset_rate={reset_rate}"
            )
        self.reset_rate = reset_rate
        self.seed_generator = keras.random.SeedGenerator()
        self.carried = [
            [
                self.add_weight(
                    shape=(batch_size, size),
                    initializer="zeros",
                    trainable=False,
                    name=f"{CARRIED}{layer.name}_{state}",
                )
                for state, size in zip(
                    layer.cell.state_names, layer.cell.state_size, strict=True
                )
            ]
            for layer in self.recurrent
        ]

    def example_inputs(self) -> Array:
        return np.array([[0, 1, 2, 1], [2, 0, 0, 1]], "int32") % self.config.vocab_size

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not (training and self.carried):
            return self._run(inputs, None, None, training)[0]
        before = self._states_before()
        logits, after = self._run(inputs, before, None, training)
        for variables, states in zip(self.carried, after, strict=True):
            for variable, state in zip(variables, states, strict=True):
                variable.assign(ops.stop_gradient(state))
        return logits

    def initial_states(self, batch_size: int) -> list[list[Tensor]]:
        return [layer.cell.get_initial_state(batch_size) for layer in self.recurrent]

    def advance(
        self, token_ids: Tensor, states: Any, mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        return self._run(token_ids, states, mask, training=False)

    def trace(self, token_ids: Tensor) -> list[dict[str, Tensor]]:
        """Every gate and state of every layer at every step, in inference.

        Args:
            token_ids: Integer tensor `(batch, steps)`, read from fresh states.

        Returns:
            For each layer the dict of tensors `(batch, steps, units)` that
            `Recurrent.trace` gives; each layer reads the output of the one below.
        """
        run = self.compiled_function(self._trace_part)
        token_ids = np.asarray(token_ids, "int32")
        rows, steps = token_ids.shape
        states, parts = self.initial_states(rows), []
        # In parts of equal length, so that all texts share one compilation.
        for start in range(0, steps, TRACED_STEPS):
            part = token_ids[:, start : start + TRACED_STEPS]
            padding = ((0, 0), (0, TRACED_STEPS - part.shape[1]))
            parts.append(run(np.pad(part, padding), states))
            states = [
                [traced[name][:, -1] for name in layer.cell.state_names]
                for layer, traced in zip(self.recurrent, parts[-1], strict=True)
            ]
        return [
            {
                name: ops.concatenate([p[i][name] for p in parts], axis=1)[:, :steps]
                for name in traced
            }
            for i, traced in enumerate(parts[0])
        ]

    def read(
        self, text: str, layer: int = -1, unit: int | None = None, top: int = 3
    ) -> UnitTrace:
        """Traces one unit over a text, with the model's predictions at each step.

            activation_t = tanh(c_t) where the cell has a state c, else its output h_t
            probabilities_t = softmax(logits_t), of token_(t+1)

        `seqzoo.plot.plot_text` draws it.

        Args:
            text: At least one character, read from fresh states.
            layer: Index of the layer from 0, or from the last, which is -1.
            unit: Index of the unit in its layer; by default the one whose activation
                has the largest variance over the text.
            top: Number of predicted tokens at each step.

        Raises:
            ValueError: If the text is empty or no text, or an argument is out of
                range.
        """
        return trace_unit(self, text, layer, unit, top)

    def _trace_part(self, token_ids: Tensor, states: Any) -> list[dict[str, Tensor]]:
        """Each layer's gates and states over a part of a text, from given states."""
        x, traced = self.embedding(token_ids), []  # (B, T, embed_dim)
        for layer, before in zip(self.recurrent, states, strict=True):
            traced.append(layer.trace(x, initial_state=before))
            x = traced[-1][layer.cell.state_names[0]]
        return traced

    def _states_before(self) -> list[list[Tensor]]:
        """The states after the batch before, or fresh ones in rows that are reset."""
        # Copies: on PyTorch `assign` changes a value in place.
        before = [[ops.copy(state.value) for state in layer] for layer in self.carried]
        if not self.reset_rate:
            return before
        rows = before[0][0].shape[0]
        random = keras.random.uniform((rows, 1), seed=self.seed_generator)
        reset = random < self.reset_rate
        fresh = self.initial_states(rows)
        return keras.tree.map_structure(
            lambda old, new: ops.where(reset, new, old), before, fresh
        )

    def _run(
        self, token_ids: Tensor, states: Any, mask: Tensor | None, training: bool
    ) -> tuple[Tensor, list[list[Tensor]]]:
        x = self.embedding(token_ids)  # (B, T, embed_dim)
        x = self.embedding_dropout(x, training=training)
        after = []
        for i, layer in enumerate(self.recurrent):
            before = None if states is None else states[i]
            x, *last = layer(x, mask=mask, initial_state=before, training=training)
            x = self.dropout(x, training=training)  # (B, T, units)
            after.append(last)
        return self.logits(x), after
