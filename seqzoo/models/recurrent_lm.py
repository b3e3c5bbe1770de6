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
from seqzoo.tasks.base import CARRIED, check_choices, check_positive
from seqzoo.tasks.generation import TextGenerator

Tensor = Any


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


@dataclass(frozen=True)
class Reading:
    """What one unit does, and what the model expects, while it reads a text.

    Attributes:
        characters: The tokens as the model read them, of T steps.
        layer: Index of the unit's layer, from 0.
        unit: Index of the unit in its layer.
        quantity: What the activation is, "tanh(c)" or "h".
        activations: Float array `(T,)`, each after its token was read.
        top: Of each step the k tokens most probable to come next, the first the most
            probable.
        probabilities: Float array `(T, k)`, those of `top`.
    """

    characters: tuple[str, ...]
    layer: int
    unit: int
    quantity: str
    activations: np.ndarray
    top: tuple[tuple[str, ...], ...]
    probabilities: np.ndarray


class RecurrentLM(TextGenerator):
    """Stacked recurrent layers that predict the next token (Graves 2013, section 2).

        x_t = embedding(token_t)
        h1_t = cell_1(x_t, h1_(t-1));  h2_t = cell_2(h1_t, h2_(t-1)); ...
        logits_t = W hL_t + b,  of token_(t+1)

    Graves feeds x to every layer and every layer to the output; here, as in Zaremba
    et al. (2014), each layer sees the one below alone.

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
                named_cell(c.cell, c.units, c.zoneout, c.update_dropout),
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

    def carry_states(self, batch_size: int) -> None:
        """Makes each training batch go on where the one before it ended.

        Truncated backpropagation through time: states are handed on, gradients are
        not. Row i of a batch must continue row i of the batch before. Call it before
        the model is built; inference is not affected.

        Args:
            batch_size: Rows of every training batch.
        """
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

    def example_inputs(self) -> np.ndarray[Any, Any]:
        return np.array([[0, 1, 2, 1], [2, 0, 0, 1]], "int32") % self.config.vocab_size

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not (training and self.carried):
            return self._run(inputs, None, None, training)[0]
        before = [[state.value for state in layer] for layer in self.carried]
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

    def _run(
        self, token_ids: Tensor, states: Any, mask: Tensor | None, training: bool
    ) -> tuple[Tensor, list[list[Tensor]]]:
        x = self.embedding(token_ids)  # (B, T, embed_dim)
        x = self.embedding_dropout(x, training=training)
        after = []
        for i, layer in enumerate(self.recurrent):
            first = None if states is None else states[i]
            x, *last = layer(x, mask=mask, initial_state=first, training=training)
            x = self.dropout(x, training=training)
            after.append(last)
        return self.logits(x), after
