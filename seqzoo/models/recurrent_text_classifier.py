"""A classifier of texts: embedding, recurrent layers, pooling."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers import CELLS, Bidirectional, named_cell
from seqzoo.models.unit_trace import UnitTrace, trace_reader
from seqzoo.ops.pooling import masked_max, masked_mean
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.text_classification import TextClassifier


@dataclass(frozen=True)
class RecurrentTextClassifierConfig:
    """Sizes and choices of a `RecurrentTextClassifier`.

    Raises:
        ValueError: If a choice is unknown or a size is not positive.
    """

    vocab_size: int = 8000
    num_classes: int = 2
    embed_dim: int = 128
    cell: str = "gru"  # a name of `seqzoo.layers.CELLS`
    units: int = 128  # in each direction
    layers: int = 1
    word_dropout: float = 0.0  # probability of dropping a token (Iyyer et al. 2015)
    embedding_dropout: float = 0.0  # of dropping a feature of all tokens of a text
    dropout: float = 0.0  # between layers and before the logits
    recurrent_dropout: float = 0.0  # on h, one mask a text (Gal 2016)

    def __post_init__(self):
        check_choices(self, cell=tuple(CELLS))
        check_positive(
            self, "vocab_size", "num_classes", "embed_dim", "units", "layers"
        )


class RecurrentTextClassifier(TextClassifier):
    """Bidirectional recurrent layers over a text, pooling, and a softmax.

        x_t = embedding of token t
        h_1 ... h_T = bidirectional recurrent layers(x_1 ... x_T)
        logits = W [mean over t of h_t; maximum over t of h_t] + b

    Mean and maximum over time after Howard and Ruder (2018, section 3.3); the network
    is Schuster and Paliwal's (1997).

    Call arguments:
        inputs: `{"token_ids": (batch, steps), "mask": (batch, steps)}`, the mask
            Boolean or 0 and 1, True = real.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = RecurrentTextClassifierConfig
    figure = "text"

    def __init__(self, config: RecurrentTextClassifierConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.embedding = keras.layers.Embedding(
            c.vocab_size, c.embed_dim, name="embedding"
        )
        self.word_dropout = keras.layers.Dropout(
            c.word_dropout, noise_shape=(None, None, 1), name="word_dropout"
        )
        self.embedding_dropout = keras.layers.SpatialDropout1D(
            c.embedding_dropout, name="embedding_dropout"
        )
        self.recurrent = [
            Bidirectional(
                named_cell(c.cell, c.units),
                return_sequences=True,
                recurrent_dropout=c.recurrent_dropout,
                name=f"recurrent_{i}",
            )
            for i in range(c.layers)
        ]
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        self.embedding.build((None, None))
        features = self.config.embed_dim
        for layer in self.recurrent:
            layer.build((None, None, features))
            features = 2 * self.config.units
        self.logits.build((None, 2 * features))

    def example_inputs(self) -> dict[str, Array]:
        token_ids = np.array([[1, 2, 3, 1], [3, 2, 0, 0]], "int32")
        return {
            "token_ids": token_ids % self.config.vocab_size,
            "mask": np.array([[True] * 4, [True, True, False, False]]),
        }

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        mask = ops.cast(inputs["mask"], "bool")
        x = self.embedding(inputs["token_ids"])  # (batch, steps, embed_dim)
        x = self.word_dropout(x, training=training)
        x = self.embedding_dropout(x, training=training)
        for i, layer in enumerate(self.recurrent):
            x = self.dropout(x, training=training) if i else x
            x = layer(x, mask=mask, training=training)  # (batch, steps, 2 * units)
        pooled = ops.concatenate([masked_mean(x, mask), masked_max(x, mask)], axis=-1)
        return self.logits(self.dropout(pooled, training=training))

    def trace(self, token_ids: Array) -> list[dict[str, dict[str, Tensor]]]:
        """Every gate and state of every layer at every step, in inference.

        Args:
            token_ids: Integer array `(batch, steps)`, without padding.

        Returns:
            For each layer, under "forward" and "backward", the dict of tensors
            `(batch, steps, units)` that `Recurrent.trace` gives.
        """
        self.ensure_built()
        x, traced = self.embedding(token_ids), []
        for layer in self.recurrent:
            traced.append(layer.trace(x))
            x = layer(x)
        return traced

    def read(self, text: str, layer: int = -1, unit: int | None = None) -> UnitTrace:
        """Traces one unit over a text, as the model reads it.

            activation_t = tanh(c_t) where the cell has a state c, else its output h_t

        `seqzoo.plot.plot_text` draws it.

        Args:
            text: At least one word; a long text is cut as for `classify`.
            layer: Index of the layer from 0, or from the last, which is -1.
            unit: Index of the unit in its layer: the forward units first, then those
                that read from the end. By default the forward unit whose activation
                varies most, in the last layer weighted by what it says of the classes.

        Raises:
            ValueError: If the text is empty or no text, or an argument is out of
                range.
        """
        return trace_reader(self, text, layer, unit)
