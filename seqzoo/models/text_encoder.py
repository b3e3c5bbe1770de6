"""The encoder of BERT and of its classifier, with its Config.

Letters in comments: B batch, S steps, D features.
"""

from dataclasses import dataclass, fields
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.attention.feed_forward import gelu_tanh
from seqzoo.layers.attention.transformer import EncoderBlock
from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.types import Array, Shape, Tensor
from seqzoo.tasks.base import check_positive

SMALL = 0.02  # standard deviation of initial embeddings (Devlin et al. 2019)


@dataclass(frozen=True)
class TextEncoderConfig:
    """Sizes and choices of the encoder; the defaults are BERT-base.

    DistilBERT has `token_types=0`. RoBERTa has `token_types=1` and `position_offset=2`.

    Raises:
        ValueError: If sizes do not fit each other.
    """

    vocab_size: int = 30522
    embed_dim: int = 768
    num_layers: int = 12
    num_heads: int = 12
    hidden_dim: int = 3072  # inside the feed-forward part
    max_positions: int = 512  # most tokens of a text
    position_offset: int = 0  # row of the position table that the first token has
    token_types: int = 2  # kinds of segments; 0: the model tells none apart
    pre_norm: bool = False
    embedding_norm: bool = True  # a layer norm on the sum of the embeddings
    activation: str = "gelu"  # of the feed-forward parts
    epsilon: float = 1e-12  # of the layer norms
    dropout: float = 0.1
    attention_dropout: float = 0.1

    def __post_init__(self):
        check_positive(
            self,
            "vocab_size",
            "embed_dim",
            "num_layers",
            "num_heads",
            "hidden_dim",
            "max_positions",
        )
        if self.embed_dim % self.num_heads:
            raise ValueError(
                "`embed_dim` must be a multiple of `num_heads`. Received: "
                f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
            )
        for field in ("token_types", "position_offset"):
            if getattr(self, field) < 0:
                raise ValueError(
                    f"`{field}` must be at least 0. "
                    f"Received: {field}={getattr(self, field)}"
                )

    @property
    def encoder(self) -> dict[str, Any]:
        """The fields of the encoder alone, by name."""
        names = [field.name for field in fields(TextEncoderConfig)]
        return {name: getattr(self, name) for name in names}


class TextEncoder(Block):
    """Embeddings of tokens, positions and segments, then encoder blocks.

        x_s = norm(token_s + position_s + segment_s)
        outputs = block_L(... block_1(x))

    Positions count the real tokens, so padding may stand on either side. With
    `pre_norm` one more norm follows the last block.

    Args:
        config: Sizes and choices.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: `{"token_ids": (batch, steps), "mask": (batch, steps)}`, the mask
            Boolean or 0 and 1, True = real; and maybe "token_type_ids" `(batch,
            steps)`, the index of each token's segment, by default 0.
        training: Whether dropout is active.
        return_weights: Whether to return `(outputs, weights)`.

    Returns:
        Float tensor `(batch, steps, embed_dim)`. The weights are a list with one tensor
        `(batch, num_heads, steps, steps)` for each block.

    Raises:
        ValueError: If there are more steps than positions, or segments that the model
            does not have.
    """

    def __init__(self, config: TextEncoderConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        c = config
        small = keras.initializers.TruncatedNormal(stddev=SMALL)
        self.token_embedding = self.child(
            keras.layers.Embedding,
            c.vocab_size,
            c.embed_dim,
            embeddings_initializer=small,
            name="token_embedding",
        )
        if c.embedding_norm:
            self.embedding_norm = self.child(
                LayerNorm, c.epsilon, name="embedding_norm"
            )
        self.dropout = self.child(keras.layers.Dropout, c.dropout, name="dropout")
        self.blocks = [
            self.child(
                EncoderBlock,
                c.num_heads,
                c.hidden_dim,
                pre_norm=c.pre_norm,
                activation=c.activation,
                dropout=c.dropout,
                attention_dropout=c.attention_dropout,
                epsilon=c.epsilon,
                name=f"block_{i}",
            )
            for i in range(c.num_layers)
        ]
        if c.pre_norm:
            self.norm = self.child(LayerNorm, c.epsilon, name="norm")

    def build(self, inputs_shape: Any = None) -> None:
        c = self.config
        small = keras.initializers.TruncatedNormal(stddev=SMALL)
        shape: Shape = (None, None, c.embed_dim)
        self.token_embedding.build((None, None))
        self.positions = self.add_weight(
            name="positions",
            shape=(c.max_positions + c.position_offset, c.embed_dim),
            initializer=small,
        )
        if c.token_types:
            self.segments = self.add_weight(
                name="segments",
                shape=(c.token_types, c.embed_dim),
                initializer=small,
            )
        if c.embedding_norm:
            self.embedding_norm.build(shape)
        for block in self.blocks:
            block.build(shape)
        if c.pre_norm:
            self.norm.build(shape)

    def call(
        self,
        inputs: dict[str, Tensor],
        training: bool = False,
        return_weights: bool = False,
    ) -> Any:
        mask = ops.cast(inputs["mask"], "bool")
        x = self.dropout(self._embedded(inputs, mask), training=training)  # (B, S, D)
        weights = []
        for block in self.blocks:
            x = block(
                x,
                mask=mask,
                training=training,
                return_weights=return_weights,
            )
            if return_weights:
                x, block_weights = x
                weights.append(block_weights)
        x = self.norm(x) if self.config.pre_norm else x
        return (x, weights) if return_weights else x

    def _embedded(self, inputs: dict[str, Tensor], mask: Tensor) -> Tensor:
        c, steps = self.config, inputs["token_ids"].shape[1]
        if steps is not None and steps > c.max_positions:
            raise ValueError(
                f"A text may have at most {c.max_positions} tokens. Received: {steps} "
                "steps. Cut it, or give the processor a lower `max_tokens`."
            )
        x = self.token_embedding(inputs["token_ids"])
        # Padding before the first token has position 0, and padding has no effect.
        places = ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)
        positions = ops.take(self.positions, places + c.position_offset, axis=0)
        x = x + ops.cast(positions, x.dtype)
        if c.token_types:
            segments = ops.cast(self.segments, x.dtype)
            if "token_type_ids" in inputs:
                x = x + ops.take(segments, inputs["token_type_ids"], axis=0)
            else:
                x = x + segments[0]
        elif "token_type_ids" in inputs:
            raise ValueError(
                "This model tells no segments apart, as token_types=0 says. Received: "
                "inputs with 'token_type_ids'. Leave them out."
            )
        return self.embedding_norm(x) if c.embedding_norm else x


def named_activation(name: str) -> Any:
    """The function of an activation's name, as `FeedForward` has it."""
    return gelu_tanh if name == "gelu_tanh" else keras.activations.get(name)


def example_texts(config: TextEncoderConfig) -> dict[str, Array]:
    """Example inputs of a model of texts: two texts, one of them padded."""
    token_ids = np.array([[2, 5, 6, 3], [2, 3, 0, 0]], "int32") % config.vocab_size
    mask = np.array([[True] * 4, [True, True, False, False]])
    return {"token_ids": token_ids, "mask": mask}
