"""The Transformer: encoder and decoder of attention alone.

    source ids -> embedding + positions -> encoder blocks -> memory
    target ids -> embedding + positions -> causal decoder blocks, which also attend to
               the memory -> logits

Letters in comments: B batch, T target steps, S source steps, K beams, D features.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo.decoding import Step
from seqzoo.layers.attention.cache import KeyValueCache
from seqzoo.layers.attention.decoder import DecoderBlock
from seqzoo.layers.attention.transformer import EncoderBlock
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.models.text_attention import TextAttention
from seqzoo.ops.attention import causal_mask
from seqzoo.ops.positions import sinusoids
from seqzoo.ops.types import Array, Tensor
from seqzoo.processors.special_tokens import BOS, PAD, UNK, until_eos
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.translation import Translator

POSITIONS = ("sinusoidal", "learned")


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes and choices of a `Transformer`.

    Raises:
        ValueError: If a choice is unknown or sizes contradict each other.
    """

    vocab_size: int = 8000
    source_vocab_size: int | None = None  # None: source and target share one table
    embed_dim: int = 512
    encoder_layers: int = 6
    decoder_layers: int = 6
    encoder_heads: int = 8
    decoder_heads: int = 8
    encoder_hidden_dim: int = 2048  # of the feed-forward part
    decoder_hidden_dim: int = 2048
    pre_norm: bool = False  # the paper norms after each shortcut
    positions: str = "sinusoidal"  # or "learned"
    max_steps: int = 1024  # the most source or target steps
    scaled_embeddings: bool = True  # by sqrt(embed_dim), before positions are added
    tied_output: bool = True  # whether the output's table is the target's
    activation: str = "relu"
    dropout: float = 0.0
    attention_dropout: float = 0.0
    output_dropout: float = 0.0  # before the last product
    epsilon: float = 1e-5
    beam_size: int = 5  # of `translate`
    max_target_tokens: int | None = None  # of a translation; None: by the source's
    forbidden_ids: tuple[int, ...] = ()  # never generated, besides the special ones

    def __post_init__(self):
        check_choices(self, positions=POSITIONS)
        check_positive(self, "vocab_size", "encoder_layers", "decoder_layers")
        for side in ("encoder", "decoder"):
            heads = getattr(self, f"{side}_heads")
            if heads < 1 or self.embed_dim % heads:
                raise ValueError(
                    f"`embed_dim` must be a multiple of `{side}_heads`. Received: "
                    f"embed_dim={self.embed_dim}, {side}_heads={heads}"
                )


class TransformerAttention(NamedTuple):
    """Attention weights, for each layer a float tensor; their rows sum to 1.

    Attributes:
        encoder: `(batch, heads, source_steps, source_steps)`.
        decoder: `(batch, heads, target_steps, target_steps)`; 0 for later steps.
        cross: `(batch, heads, target_steps, source_steps)`.
    """

    encoder: list[Tensor]
    decoder: list[Tensor]
    cross: list[Tensor]


class Transformer(Translator):
    """Encoder-decoder of attention and feed-forward layers (Vaswani et al. 2017).

        x_0 = sqrt(embed_dim) embedding(tokens) + positions
        encoder:  x_l = block(x_(l-1)), each step attends to all steps
        decoder:  y_l = block(y_(l-1), memory), each step attends to itself, to earlier
                  steps, and to all steps of the memory x_L
        logits = E y_L + bias, with the table E of the target embedding

    With `pre_norm` the norm stands before each branch, and one more after the last
    block (Xiong et al. 2020). The paper's logits have no bias; Marian's have one.

    Call arguments:
        inputs: `{"source_ids": (batch, source_steps), "target_ids": (batch,
            target_steps)}`, integers; 0 is padding, and target_ids begin with the
            start token.

    Returns:
        Logits `(batch, target_steps, vocab_size)`.

    Raises:
        ValueError: If a sequence is longer than `max_steps`.
    """

    Config = TransformerConfig

    def __init__(self, config: TransformerConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.embedding = _embedding(c, c.vocab_size, "embedding")
        self.source_embedding = self.embedding
        if c.source_vocab_size is not None:
            self.source_embedding = _embedding(
                c, c.source_vocab_size, "source_embedding"
            )
        self.output_embedding = self.embedding
        if not c.tied_output:
            self.output_embedding = _embedding(c, c.vocab_size, "output_embedding")
        shared: dict[str, Any] = {
            "pre_norm": c.pre_norm,
            "activation": c.activation,
            "dropout": c.dropout,
            "attention_dropout": c.attention_dropout,
            "epsilon": c.epsilon,
        }
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.encoder = [
            EncoderBlock(
                c.encoder_heads, c.encoder_hidden_dim, **shared, name=f"encoder_{i}"
            )
            for i in range(c.encoder_layers)
        ]
        self.decoder = [
            DecoderBlock(
                c.decoder_heads, c.decoder_hidden_dim, **shared, name=f"decoder_{i}"
            )
            for i in range(c.decoder_layers)
        ]
        self.encoder_norm = self.decoder_norm = None
        if c.pre_norm:
            self.encoder_norm = LayerNorm(c.epsilon, name="encoder_norm")
            self.decoder_norm = LayerNorm(c.epsilon, name="decoder_norm")
        self.output_dropout = keras.layers.Dropout(
            c.output_dropout, name="output_dropout"
        )

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.output_bias = self.add_weight(
            name="output_bias", shape=(c.vocab_size,), initializer="zeros"
        )
        if c.positions == "learned":
            self.source_positions, self.target_positions = (
                self.add_weight(
                    name=name,
                    shape=(c.max_steps, c.embed_dim),
                    initializer=keras.initializers.RandomNormal(stddev=0.02),
                )
                for name in ("source_positions", "target_positions")
            )
        tables = (self.embedding, self.source_embedding, self.output_embedding)
        for table in dict.fromkeys(tables):
            table.build((None, None))
        shape = (None, None, c.embed_dim)
        for block in self.encoder:
            block.build(shape)
        for block in self.decoder:
            block.build(shape, shape)
        for norm in (self.encoder_norm, self.decoder_norm):
            if norm:
                norm.build(shape)

    def example_inputs(self) -> dict[str, Array]:
        return {
            "source_ids": np.array([[4, 5, 3], [4, 3, 0]], "int32"),
            "target_ids": np.array([[2, 4, 5, 6], [2, 4, 0, 0]], "int32"),
        }

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        return self._teacher_forced(
            inputs["source_ids"], inputs["target_ids"], training
        )[0]

    def attention(self, source_ids: Tensor, target_ids: Tensor) -> TransformerAttention:
        """The attention weights of every layer and head, in inference.

        Args:
            source_ids: Integer tensor `(batch, source_steps)`.
            target_ids: Integer tensor `(batch, target_steps)`, which begins with the
                start token.
        """
        return self._teacher_forced(source_ids, target_ids, training=False)[1]

    def align(self, source_ids: Tensor, target_ids: Tensor) -> Tensor | None:
        """Mean attention to the memory, over all heads of all layers."""
        cross = self.attention(source_ids, target_ids).cross
        return ops.mean(ops.stack(cross), axis=(0, 2))  # (B, T, S)

    def read_attention(
        self, text: str, part: str = "cross", beam_size: int | None = None
    ) -> TextAttention:
        """Which tokens each token attends to while a text is translated.

        `seqzoo.plot.plot_heads` draws it.

        Args:
            text: The text to translate.
            part: "cross" for the target's attention to the source, "encoder" or
                "decoder" for the attention of either side to itself.
            beam_size: Hypotheses kept at each step. Default: as for `translate`.

        Raises:
            ValueError: If `part` is unknown.
        """
        if part not in TransformerAttention._fields:
            raise ValueError(
                f"`part` must be one of {', '.join(TransformerAttention._fields)}. "
                f"Received: part={part!r}"
            )
        source_ids = self.require_processor().encode_source(text)
        settings = self._beam_settings(beam_size)
        found = self._search([text], settings, length_penalty=1.0)[0]
        target_ids = [BOS, *until_eos(found[0][0])[:-1]]
        weights = self.attention(
            np.array([source_ids], "int32"), np.array([target_ids], "int32")
        )
        source = self.processor.tokens(source_ids)
        inputs = self.processor.tokens(target_ids)
        queries = {"cross": inputs, "encoder": source, "decoder": inputs}[part]
        keys = {"cross": source, "encoder": source, "decoder": inputs}[part]
        return TextAttention.of(queries, keys, getattr(weights, part))

    def read_source(self, source_ids: Tensor) -> Any:
        memory, mask, _ = self._encode(source_ids, training=False)
        cross = [
            block.cross_attention.project(memory, memory) for block in self.decoder
        ]
        return mask, cross

    def start_decoding(self, source: Any, beam_size: int) -> tuple[Step, Any]:
        mask, cross = source
        c = self.config
        rows, source_steps = mask.shape
        cache = KeyValueCache.empty(
            layers=c.decoder_layers,
            batch_size=rows,
            num_heads=c.decoder_heads,
            beam_size=beam_size,
            size=self.max_target_steps(source_steps),
            head_dim=c.embed_dim // c.decoder_heads,
            dtype=self.compute_dtype,
        )
        memory_mask = ops.reshape(mask, (rows, 1, 1, source_steps))
        # Tokens that are never generated.
        forbidden = [PAD, UNK, BOS, *c.forbidden_ids]
        never = np.isin(np.arange(c.vocab_size), forbidden)

        def step(tokens: Tensor, cache: KeyValueCache) -> tuple[Tensor, KeyValueCache]:
            reader = cache.read(1)
            y = self._embed(self.embedding, tokens, reader.positions)  # (B, K, D)
            for i, block in enumerate(self.decoder):
                y, _, _ = block.run(
                    y,
                    functools.partial(reader.attend, i),
                    functools.partial(_attend_memory, cross[i], memory_mask),
                )
            logits = ops.cast(self._logits(y), "float32")
            return ops.where(never, -1e9, logits), reader.cache

        return step, cache

    def max_target_steps(self, source_steps: Any) -> Any:
        steps = super().max_target_steps(source_steps)
        least = min if isinstance(steps, int) else ops.minimum
        most = self.config.max_target_tokens or self.config.max_steps
        return least(steps, min(most, self.config.max_steps))

    def _teacher_forced(
        self, source_ids: Tensor, target_ids: Tensor, training: bool
    ) -> tuple[Tensor, TransformerAttention]:
        memory, mask, encoder = self._encode(source_ids, training)
        y = self._embed(self.embedding, target_ids)
        y = self.dropout(y, training=training)  # (B, T, D)
        causal = causal_mask(ops.shape(target_ids)[1])
        decoder, cross = [], []
        for block in self.decoder:
            y, self_weights, cross_weights = block(
                y,
                memory,
                attention_mask=causal,
                memory_mask=mask,
                training=training,
                return_weights=True,
            )
            decoder.append(self_weights)
            cross.append(cross_weights)
        logits = self._logits(y, training)
        return logits, TransformerAttention(encoder, decoder, cross)

    def _encode(
        self, source_ids: Tensor, training: bool
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The memory `(batch, source_steps, embed_dim)`, its mask, and the weights."""
        mask = ops.not_equal(source_ids, PAD)  # (B, S)
        x = self._embed(self.source_embedding, source_ids, source=True)
        x = self.dropout(x, training=training)  # (B, S, D)
        weights = []
        for block in self.encoder:
            x, block_weights = block(
                x, mask=mask, training=training, return_weights=True
            )
            weights.append(block_weights)
        return (self.encoder_norm(x) if self.encoder_norm else x), mask, weights

    def _embed(
        self,
        table: Callable[[Tensor], Tensor],
        token_ids: Tensor,
        positions: Tensor | None = None,
        source: bool = False,
    ) -> Tensor:
        """Embedded tokens; their positions are 0, 1, 2, ... unless given."""
        c = self.config
        x = table(token_ids)
        if c.scaled_embeddings:
            x = x * c.embed_dim**0.5
        if positions is None:
            steps = ops.shape(token_ids)[1]
            if isinstance(steps, int) and steps > c.max_steps:
                raise ValueError(
                    f"This model reads at most max_steps={c.max_steps} tokens a "
                    f"sentence. Received: {steps} tokens. Split the sentence."
                )
            positions = ops.arange(steps)
        if c.positions == "sinusoidal":
            vectors = sinusoids(positions, c.embed_dim)
        else:
            learned = self.source_positions if source else self.target_positions
            vectors = ops.take(learned, positions, axis=0)
        return x + ops.cast(vectors, x.dtype)

    def _logits(self, y: Tensor, training: bool = False) -> Tensor:
        y = self.decoder_norm(y) if self.decoder_norm else y
        y = self.output_dropout(y, training=training)
        table = ops.cast(self.output_embedding.embeddings, y.dtype)
        return ops.matmul(y, ops.transpose(table)) + ops.cast(self.output_bias, y.dtype)


def _attend_memory(
    memory: tuple[Tensor, Tensor], mask: Tensor, layer: Any, y: Tensor
) -> Any:
    """Attention of y to a memory's keys and values, which are computed once."""
    return layer.attend(y, *memory, mask)


def _embedding(
    config: TransformerConfig, vocab_size: int, name: str
) -> keras.layers.Embedding:
    scale = config.embed_dim**-0.5
    return keras.layers.Embedding(
        vocab_size,
        config.embed_dim,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=scale),
        name=name,
    )
