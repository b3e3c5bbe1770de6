"""A decoder-only transformer that predicts the next token.

    token ids -> embedding + positions -> causal blocks -> norm -> logits

Letters in comments: B batch, S steps, D features.
"""

import functools
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.attention.cache import KeyValueCache
from seqzoo.layers.attention.transformer import EncoderBlock
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.models.text_attention import TextAttention
from seqzoo.ops.attention import causal_mask
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.generation import TextGenerator

POSITIONS = ("learned", "rotary")


@dataclass(frozen=True)
class GPTConfig:
    """Sizes and choices of a `GPT`.

    Raises:
        ValueError: If a choice is unknown or sizes contradict each other.
    """

    vocab_size: int = 65
    window: int = 256  # tokens that a token can attend to, itself included
    embed_dim: int = 192
    num_layers: int = 6
    num_heads: int = 6
    hidden_dim: int = 768  # of the feed-forward part
    positions: str = "learned"  # or "rotary" (Su et al. 2021)
    activation: str = "gelu"
    use_bias: bool = True  # of query, key and value
    tied_embeddings: bool = True  # one table for input and output
    dropout: float = 0.0
    attention_dropout: float = 0.0
    epsilon: float = 1e-5

    def __post_init__(self):
        check_choices(self, positions=POSITIONS)
        check_positive(self, "vocab_size", "window", "num_layers", "hidden_dim")
        if self.embed_dim % self.num_heads:
            raise ValueError(
                "`embed_dim` must be a multiple of `num_heads`. Received: "
                f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
            )


class GPT(TextGenerator):
    """Generative pre-trained transformer (Radford et al. 2018, section 3.1).

        h_0 = embedding(tokens) + positions
        h'_l = h_(l-1) + attention(norm(h_(l-1))), to itself and to earlier tokens
        h_l = h'_l + feed_forward(norm(h'_l))
        logits = E norm(h_L), with the table E of the embedding

    The norm before each branch and the last norm are those of GPT-2 (Radford et al.
    2019, section 2.3). With `positions="learned"` a text has at most `window` tokens;
    `generate` and `score` read longer ones in parts, each with the last half window
    before it. With `positions="rotary"` a text has any length, and each token attends
    to the last `window` tokens.

    Call arguments:
        inputs: Integers `(batch, steps)` in [0, vocab_size).

    Returns:
        Logits `(batch, steps, vocab_size)`.

    Raises:
        ValueError: If a text is longer than the learned positions.
    """

    Config = GPTConfig
    figure = "heads"

    def __init__(self, config: GPTConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.embedding = keras.layers.Embedding(
            c.vocab_size, c.embed_dim, embeddings_initializer=small, name="embedding"
        )
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.blocks = [
            EncoderBlock(
                c.num_heads,
                c.hidden_dim,
                activation=c.activation,
                use_bias=c.use_bias,
                dropout=c.dropout,
                attention_dropout=c.attention_dropout,
                epsilon=c.epsilon,
                rotary=c.positions == "rotary",
                name=f"block_{i}",
            )
            for i in range(c.num_layers)
        ]
        self.norm = LayerNorm(epsilon=c.epsilon, name="norm")
        self.logits = None
        if not c.tied_embeddings:
            self.logits = keras.layers.Dense(
                c.vocab_size, use_bias=False, name="logits"
            )

    @property
    def max_tokens(self) -> int | None:
        """The window, if as many positions are learned; None for any number."""
        return self.config.window if self.config.positions == "learned" else None

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.embedding.build((None, None))
        if c.positions == "learned":
            self.positions = self.add_weight(
                name="positions",
                shape=(c.window, c.embed_dim),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
            )
        for block in self.blocks:
            block.build((None, None, c.embed_dim))
        self.norm.build((None, None, c.embed_dim))
        if self.logits:
            self.logits.build((None, None, c.embed_dim))

    def example_inputs(self) -> Array:
        return np.array([[0, 1, 2, 1], [2, 0, 0, 1]], "int32") % self.config.vocab_size

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return self._run(inputs, training)[0]

    def attention(self, token_ids: Tensor) -> list[Tensor]:
        """The attention weights of every layer and head, in inference.

        Args:
            token_ids: Integer tensor `(batch, steps)`.

        Returns:
            For each layer a float tensor `(batch, num_heads, steps, steps)`, whose rows
            sum to 1; later tokens have weight 0.
        """
        return self._run(token_ids, training=False)[1]

    def read_attention(self, text: str) -> TextAttention:
        """Which earlier tokens each token of a text attends to.

        `seqzoo.plot.plot_heads` draws it.

        Args:
            text: At least one token; at most `max_tokens`, if that is a number.
        """
        self.ensure_built()
        token_ids = self._encoded(text, 1)
        tokens = [self.processor.decode([i]) for i in token_ids]
        return TextAttention.of(tokens, tokens, self.attention(token_ids[None]))

    def initial_states(self, batch_size: int) -> KeyValueCache:
        c = self.config
        return KeyValueCache.empty(
            layers=c.num_layers,
            batch_size=batch_size,
            num_heads=c.num_heads,
            beam_size=1,
            size=c.window,
            head_dim=c.embed_dim // c.num_heads,
            dtype=self.compute_dtype,
        )

    def advance(
        self, token_ids: Tensor, states: Any, mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        reader = states.read(token_ids.shape[1], mask)
        x = self._embed(token_ids, reader.positions)
        for i, block in enumerate(self.blocks):
            x, _ = block.run(x, functools.partial(reader.attend, i))
        return self._logits(x), reader.cache

    def _run(self, token_ids: Tensor, training: bool) -> tuple[Tensor, list[Tensor]]:
        steps = ops.shape(token_ids)[1]
        if isinstance(steps, int) and self.max_tokens and steps > self.max_tokens:
            raise ValueError(
                f"This model reads at most {self.max_tokens} tokens, because it has "
                f"learned as many positions. Received: {steps} tokens. `generate` and "
                "`score` read longer texts in parts."
            )
        x = self._embed(token_ids, ops.arange(steps))
        x = self.dropout(x, training=training)
        mask = causal_mask(steps, self.config.window)
        weights = []
        for block in self.blocks:
            x, block_weights = block(x, mask, training=training, return_weights=True)
            weights.append(block_weights)
        return self._logits(x), weights

    def _embed(
        self, token_ids: Tensor, positions: Tensor, training: bool = False
    ) -> Any:
        x = self.embedding(token_ids)  # (B, S, D)
        if self.config.positions == "learned":
            # Padding may lie beyond the last position.
            positions = ops.minimum(positions, self.config.window - 1)
            vectors = ops.take(self.positions, positions, axis=0)  # (S, D) or (B, S, D)
            x = x + ops.cast(vectors, x.dtype)
        return x

    def _logits(self, x: Tensor) -> Tensor:
        x = self.norm(x)  # (B, S, D)
        if self.logits:
            return self.logits(x)
        return ops.matmul(
            x, ops.transpose(ops.cast(self.embedding.embeddings, x.dtype))
        )
