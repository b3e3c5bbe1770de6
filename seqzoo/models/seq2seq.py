"""Encoder-decoder with recurrent networks, with and without attention.

    source ids -> embedding -> bidirectional or reversed layers -> memory
    target ids -> embedding -> recurrent layer -> attention over the memory
               -> recurrent layers on [state, context], each with or without its own
                  attention -> readout -> logits

Letters in comments: B batch, T target steps, S source steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.decoding import Step
from seqzoo.layers import CELLS, Attention, Bidirectional, Recurrent
from seqzoo.layers.attention.scores import SCORES
from seqzoo.ops.types import Array, Tensor
from seqzoo.processors.special_tokens import BOS, PAD, UNK
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.translation import Translator

ENCODERS = ("bidirectional", "reversed")
QUERIES = ("state", "input", "both")


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes and choices of a `Seq2Seq`.

    Raises:
        ValueError: If a choice is unknown or choices contradict each other.
    """

    vocab_size: int = 8000
    embed_dim: int = 256
    cell: str = "lstm"  # a name of `seqzoo.layers.CELLS`, in encoder and decoder
    encoder: str = "bidirectional"  # or "reversed": it reads the source backwards
    encoder_units: int = 256  # in each direction
    encoder_layers: int = 1
    decoder_units: int = 256
    decoder_layers: int = 2
    attention: str | None = "additive"  # None: the plain encoder-decoder
    fixed_context: bool = False  # without attention: each step reads the memory's mean
    attention_units: int = 256  # of the scores that compare projected vectors
    attention_layers: int = 1  # how many decoder layers, from the first, attend
    query: str = "state"  # of the attention: the "state", the "input" or "both"
    memory_embeddings: bool = False  # whether the memory includes source embeddings
    max_source_steps: int = 256  # longest memory of the score "location"
    tied_embeddings: bool = True  # one table for source, target and output
    embedding_dropout: float = 0.0
    dropout: float = 0.0  # between layers (Zaremba et al. 2014)
    output_dropout: float = 0.0  # before the last product
    recurrent_dropout: float = 0.0  # on the states, one mask a sequence (Gal 2016)
    variational: bool = False  # whether the other dropouts have one mask a sequence too

    def __post_init__(self):
        check_choices(
            self,
            cell=tuple(CELLS),
            encoder=ENCODERS,
            attention=(None, *SCORES),
            query=QUERIES,
        )
        check_positive(self, "encoder_layers", "decoder_layers", "attention_layers")
        if self.attention_layers > self.decoder_layers:
            raise ValueError(
                "`attention_layers` are decoder layers, so at most `decoder_layers`. "
                f"Received: attention_layers={self.attention_layers}, "
                f"decoder_layers={self.decoder_layers}"
            )
        if self.fixed_context and self.attention is not None:
            raise ValueError(
                "`fixed_context` stands in the place of attention. Received: "
                f"fixed_context=True, attention={self.attention!r}. Set one of them."
            )
        encoder = self.encoder_layers, self.encoder_units
        decoder = self.decoder_layers, self.decoder_units
        if self.encoder == "reversed" and encoder != decoder:
            raise ValueError(
                'With `encoder="reversed"` each decoder layer starts in the states of '
                "an encoder layer, so both need equal numbers of layers and units. "
                f"Received: encoder (layers, units)={encoder}, decoder={decoder}"
            )


class Seq2Seq(Translator):
    """Bidirectional encoder, recurrent decoder and soft attention.

    The sequence-to-sequence model of Sutskever et al. (2014) with the attention of
    Bahdanau et al. (2015), for source steps j and target steps t:

        memory_j = [forward_j, backward_j]
        s_t = LSTM_1(embedding(y_(t-1)), s_(t-1))
        weights_t = softmax over j of score(s_t, memory_j)
        context_t = sum over j of weights_tj memory_j
        u_t = LSTM_2([s_t, context_t], u_(t-1)) + s_t
        logits_t = E tanh(W [u_t, context_t, embedding(y_(t-1))] + b) + bias

    With `attention=None` there is no context, and the decoder reads the source only
    through its initial state: h from the mean of the memory. With `fixed_context` the
    context is the mean of the memory at every step, and the first layer reads it, too
    (Cho et al. 2014, section 2.2). With `encoder="reversed"` each decoder layer starts
    in the final states of an encoder layer that reads the source from its end
    (Sutskever et al. 2014, section 3.3).

    With `decoder_layers=1` the readout follows the first attention (Luong et al. 2015).
    With `attention_layers=2` u_t is the query of a second attention, whose context goes
    to the readout: u_t has read the contexts up to t, so it can attend to the words not
    yet translated. With `memory_embeddings`, memory_j = [forward_j, backward_j,
    embedding(x_j)] (Gehring et al. 2017, eq. 2), so that the readout also gets the
    source words themselves.

    It differs from Bahdanau et al. (2015) in two ways. The query is the first decoder
    layer's state *after* y_(t-1), and the context enters the second layer, as in Wu et
    al. (2016, figure 1), so that training needs no loop besides the recurrent layers.
    The readout has tanh instead of maxout.

    Call arguments:
        inputs: `{"source_ids": (batch, source_steps), "target_ids": (batch,
            target_steps)}`, integers in [0, vocab_size); 0 is padding, and
            target_ids begin with the start token.

    Returns:
        Logits `(batch, target_steps, vocab_size)`.
    """

    Config = Seq2SeqConfig
    any_size = True

    def __init__(self, config: Seq2SeqConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        if c.tied_embeddings:
            self.embedding = _embedding(c, "embedding")
            self.source_embedding = self.target_embedding = self.embedding
            self.output_embedding = self.embedding
        else:
            self.source_embedding = _embedding(c, "source_embedding")
            self.target_embedding = _embedding(c, "target_embedding")
            self.output_embedding = _embedding(c, "output_embedding")
        self.embedding_dropout = _dropout(c, c.embedding_dropout, "embedding_dropout")
        self.encoder = [
            _encoder_layer(c, f"encoder_{i}") for i in range(c.encoder_layers)
        ]
        self.bridge: Any = None
        if c.encoder == "bidirectional":
            self.bridge = keras.layers.Dense(
                c.decoder_layers * c.decoder_units, activation="tanh", name="bridge"
            )
        self.decoder = [
            Recurrent(
                CELLS[c.cell](c.decoder_units),
                return_sequences=True,
                recurrent_dropout=c.recurrent_dropout,
                name=f"decoder_{i}",
            )
            for i in range(c.decoder_layers)
        ]
        attending = c.attention_layers if c.attention else 0
        self.attentions = [
            Attention(
                c.attention,
                c.attention_units,
                c.max_source_steps,
                name=f"attention_{i}" if i else "attention",
            )
            for i in range(attending)
        ]
        self.layer_dropout = _dropout(c, c.dropout, "layer_dropout")
        self.readout = keras.layers.Dense(
            c.embed_dim, activation="tanh", name="readout"
        )
        self.output_dropout = _dropout(c, c.output_dropout, "output_dropout")

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.output_bias = self.add_weight(
            name="output_bias", shape=(c.vocab_size,), initializer="zeros"
        )
        tables = (self.source_embedding, self.target_embedding, self.output_embedding)
        for table in dict.fromkeys(tables):
            table.build((None, None))
        features = c.embed_dim
        for layer in self.encoder:
            layer.build((None, None, features))
            features = c.encoder_units * (2 if self.bridge else 1)
        if self.bridge:
            self.bridge.build((None, features))
        memory = features + c.embed_dim * c.memory_embeddings
        query = {
            "state": c.decoder_units,
            "input": c.embed_dim,
            "both": c.decoder_units + c.embed_dim,
        }[c.query]
        for attention in self.attentions:
            attention.build((None, None, query), (None, None, memory))
        context = memory if self.attentions or c.fixed_context else 0
        first = c.embed_dim + memory * c.fixed_context
        for i, layer in enumerate(self.decoder):
            layer.build((None, None, c.decoder_units + context if i else first))
        self.readout.build((None, None, c.decoder_units + context + c.embed_dim))

    def example_inputs(self) -> dict[str, Array]:
        return {
            "source_ids": np.array([[4, 5, 3], [4, 3, 0]], "int32"),
            "target_ids": np.array([[2, 4, 5, 6], [2, 4, 0, 0]], "int32"),
        }

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        return self._teacher_forced(inputs, training)[0]

    def align(self, source_ids: Tensor, target_ids: Tensor) -> Tensor | None:
        return self._teacher_forced(
            {"source_ids": source_ids, "target_ids": target_ids}, training=False
        )[1]

    def _teacher_forced(
        self, inputs: dict[str, Tensor], training: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Logits, and the attention weights `(batch, target_steps, source_steps)`."""
        memory, mask, states = self.encode(inputs["source_ids"], training)
        y = self._embed(self.target_embedding, inputs["target_ids"], training)

        def run_layer(i: int, x: Tensor) -> Tensor:
            return self.decoder[i](x, initial_state=states[i], training=training)

        return self._decode(y, run_layer, memory, mask, training=training)

    def read_source(self, source_ids: Tensor) -> Any:
        memory, mask, states = self.encode(source_ids)
        keys = [attention.project(memory) for attention in self.attentions]
        return memory, mask, keys, states

    def start_decoding(self, source: Any, beam_size: int) -> tuple[Step, Any]:
        memory, mask, keys, states = source

        def step(tokens: Tensor, states: Any) -> tuple[Tensor, Any]:
            states = list(states)

            def run_layer(i: int, x: Tensor) -> Tensor:
                # A cell gets beams as rows, the attention gets them as query steps.
                rows = [ops.reshape(s, (-1, s.shape[-1])) for s in states[i]]
                _, rows = self.decoder[i].cell(ops.reshape(x, (-1, x.shape[-1])), rows)
                shape = (-1, beam_size, self.config.decoder_units)
                states[i] = [ops.reshape(row, shape) for row in rows]
                return states[i][0]

            y = self._embed(self.target_embedding, tokens)
            logits, _ = self._decode(y, run_layer, memory, mask, keys)
            return ops.where(never, -1e9, ops.cast(logits, "float32")), states

        # Tokens that are never generated.
        never = np.isin(np.arange(self.config.vocab_size), [PAD, UNK, BOS])
        states = [
            [ops.repeat(ops.expand_dims(s, 1), beam_size, axis=1) for s in layer]
            for layer in states
        ]
        return step, states

    def encode(
        self, source_ids: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor, list[list[Tensor]]]:
        """Encodes source sentences for the decoder.

        Returns:
            The memory `(batch, source_steps, features)`, its mask, and the initial
            states of each decoder layer. A fixed context is a memory of one step.
        """
        mask = ops.not_equal(source_ids, PAD)  # (B, S)
        x = embedded = self._embed(self.source_embedding, source_ids, training)
        last = []
        for layer in self.encoder:
            x, *states = layer(x, mask=mask, training=training)
            x = self.layer_dropout(x, training=training)
            last.append(states)
        memory = _concatenate([x, embedded]) if self.config.memory_embeddings else x
        states = last if self.bridge is None else self._bridged(x, mask)
        if self.config.fixed_context:
            memory = ops.expand_dims(_mean(memory, mask), 1)  # (B, 1, features)
            mask = ops.any(mask, axis=1, keepdims=True)
        return memory, mask, states

    def _embed(self, table: Any, token_ids: Tensor, training: bool = False) -> Tensor:
        # Embeddings of norm about 1 suit the output; the input needs them larger by
        # sqrt(embed_dim) (Vaswani et al. 2017, section 3.4).
        x = table(token_ids) * self.config.embed_dim**0.5
        return self.embedding_dropout(x, training=training)

    def _bridged(self, x: Tensor, mask: Tensor) -> list[list[Tensor]]:
        """Each decoder layer's states: h from the mean of x, the others zero."""
        bridge = self.bridge(_mean(x, mask))  # (B, decoder_layers * decoder_units)
        return [
            [h, *layer.cell.get_initial_state(ops.shape(h)[0])[1:]]
            for layer, h in zip(
                self.decoder, ops.split(bridge, len(self.decoder), axis=-1), strict=True
            )
        ]

    def _decode(
        self,
        y: Tensor,
        run_layer: Callable[[int, Tensor], Tensor],
        memory: Tensor,
        mask: Tensor,
        keys: list[Tensor] | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The decoder's forward pass, for whole sequences and for single steps.

        `y` are embedded tokens (B, T, embed_dim), and `run_layer(i, x)` runs layer i.
        Returns logits and the mean attention weights over the layers that attend.
        """
        x = y
        context: list[Tensor] = []
        if self.config.fixed_context:
            shape = (*ops.shape(y)[:2], memory.shape[-1])
            context = [ops.broadcast_to(memory, shape)]  # (B, T, features)
        weights: list[Tensor] = []
        for i in range(self.config.decoder_layers):
            new = run_layer(i, _concatenate([x, *context]))
            x = x + new if i else new  # (B, T, decoder_units)
            if i < len(self.attentions):
                query = {"state": [x], "input": [y], "both": [x, y]}[self.config.query]
                layer_context, layer_weights = self.attentions[i](
                    _concatenate(query), memory, mask, keys and keys[i]
                )
                context = [layer_context]  # (B, T, memory features)
                weights.append(layer_weights)  # (B, T, S)
            x = self.layer_dropout(x, training=training)
        readout = self.readout(_concatenate([x, *context, y]))  # (B, T, embed_dim)
        readout = self.output_dropout(readout, training=training)
        table = ops.transpose(self.output_embedding.embeddings)
        logits = ops.matmul(readout, table) + self.output_bias  # (B, T, vocab_size)
        return logits, sum(weights) / len(weights) if weights else None


def _concatenate(tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else ops.concatenate(tensors, axis=-1)


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    """The mean `(batch, features)` over the real steps."""
    real = ops.expand_dims(ops.cast(mask, x.dtype), -1)  # (B, S, 1)
    return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)


def _embedding(config: Seq2SeqConfig, name: str) -> keras.layers.Embedding:
    scale = config.embed_dim**-0.5
    return keras.layers.Embedding(
        config.vocab_size,
        config.embed_dim,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=scale),
        name=name,
    )


def _encoder_layer(config: Seq2SeqConfig, name: str) -> keras.layers.Layer:
    cell = CELLS[config.cell](config.encoder_units)
    options: dict[str, Any] = {
        "return_sequences": True,
        "return_state": True,
        "recurrent_dropout": config.recurrent_dropout,
        "name": name,
    }
    if config.encoder == "reversed":
        return Recurrent(cell, reverse=True, **options)
    return Bidirectional(cell, **options)


def _dropout(config: Seq2SeqConfig, rate: float, name: str) -> keras.layers.Dropout:
    one_mask = (None, 1, None) if config.variational else None
    return keras.layers.Dropout(rate, noise_shape=one_mask, name=name)
