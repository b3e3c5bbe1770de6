"""BERT: a bidirectional encoder that fills masked tokens, and one that classifies.

`BERT` is pretrained, and `BERTClassifier` fine-tuned, with the same encoder. By their
Configs they are DistilBERT and RoBERTa, too.

Letters in comments: B batch, S steps, M masked places, D features, V vocabulary.
"""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.models.text_encoder import (
    TextEncoder,
    TextEncoderConfig,
    example_texts,
    named_activation,
)
from seqzoo.ops.pooling import masked_mean
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.masked_lm import MaskedLM
from seqzoo.tasks.text_classification import TextClassifier
from seqzoo.tasks.text_features import TextFeatures

HEADS = ("masked_lm", "none")
POOLINGS = ("first", "mean")


@dataclass(frozen=True)
class BERTConfig(TextEncoderConfig):
    """Sizes and choices of a `BERT`.

    Raises:
        ValueError: If a choice is unknown or sizes do not fit each other.
    """

    head: str = "masked_lm"  # "none": the outputs are those of the encoder
    head_activation: str = "gelu"
    tied: bool = True  # whether the head's last kernel is the embedding

    def __post_init__(self):
        super().__post_init__()
        check_choices(self, head=HEADS)


class BERT(TextFeatures, MaskedLM):
    """BERT with its masked-language-modelling head (Devlin et al. 2019, section 3.1).

        h = encoder(tokens)
        logits_s = E norm(activation(W h_s + b)) + c

    E is the embedding of the tokens, or with `tied=False` a kernel of its own. With
    `head="none"` the model has no such head, and its outputs are h.

    Call arguments:
        inputs: `{"token_ids": (batch, steps), "mask": (batch, steps)}`, the mask
            Boolean or 0 and 1, True = real; maybe "token_type_ids" `(batch, steps)`;
            maybe "places" `(batch, places)`, the steps whose logits are wanted, by
            default all.

    Returns:
        Logits `(batch, places, vocab_size)`.
    """

    Config = BERTConfig

    def __init__(self, config: BERTConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.encoder = TextEncoder(c, name="encoder")
        if c.head == "masked_lm":
            self.transform = keras.layers.Dense(
                c.embed_dim, named_activation(c.head_activation), name="transform"
            )
            self.transform_norm = LayerNorm(c.epsilon, name="transform_norm")
            if not c.tied:
                self.decoder = keras.layers.Dense(
                    c.vocab_size, use_bias=False, name="decoder"
                )

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.encoder.build()
        if c.head == "masked_lm":
            self.transform.build((None, None, c.embed_dim))
            self.transform_norm.build((None, None, c.embed_dim))
            if not c.tied:
                self.decoder.build((None, None, c.embed_dim))
            self.decoder_bias = self.add_weight(
                name="decoder_bias", shape=(c.vocab_size,), initializer="zeros"
            )

    def example_inputs(self) -> dict[str, Array]:
        return example_texts(self.config)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        inputs = dict(inputs)
        places = inputs.pop("places", None)
        x = self.encoder(inputs, training=training)  # (B, S, D)
        if places is not None:
            x = ops.take_along_axis(x, ops.expand_dims(places, -1), axis=1)  # (B, M, D)
        if self.config.head == "none":
            return x
        x = self.transform_norm(self.transform(x))
        if self.config.tied:
            kernel = ops.cast(self.encoder.token_embedding.embeddings, x.dtype)
            x = ops.matmul(x, ops.transpose(kernel))  # (B, M, V)
        else:
            x = self.decoder(x)
        return x + ops.cast(self.decoder_bias, x.dtype)

    def attention(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """The attention weights of every layer and head, in inference.

        Args:
            inputs: As for a call, without "places".

        Returns:
            For each layer a float tensor `(batch, num_heads, steps, steps)`, whose rows
            sum to 1.
        """
        weights: list[Tensor] = self.encoder(inputs, return_weights=True)[1]
        return weights


@dataclass(frozen=True)
class BERTClassifierConfig(TextEncoderConfig):
    """Sizes and choices of a `BERTClassifier`.

    DistilBERT has `pooler_activation="relu"`.

    Raises:
        ValueError: If a choice is unknown or sizes do not fit each other.
    """

    num_classes: int = 2
    pooling: str = "first"  # the first token's output, or the "mean" over the tokens
    pooler: bool = True  # a dense layer before the logits
    pooler_activation: str = "tanh"
    head_dropout: float = 0.1  # before the logits
    multi_label: bool = False  # each class has a probability of its own, by a sigmoid

    def __post_init__(self):
        super().__post_init__()
        check_choices(self, pooling=POOLINGS)
        check_positive(self, "num_classes")


class BERTClassifier(TextFeatures, TextClassifier):
    """BERT with a classification head (Devlin et al. 2019, section 4.1).

        h = encoder(tokens)
        logits = V activation(W h_first + b) + c

    Call arguments:
        inputs: `{"token_ids": (batch, steps), "mask": (batch, steps)}`, the mask
            Boolean or 0 and 1, True = real; maybe "token_type_ids" `(batch, steps)`.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = BERTClassifierConfig

    def __init__(self, config: BERTClassifierConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.encoder = TextEncoder(c, name="encoder")
        if c.pooler:
            self.pooler = keras.layers.Dense(
                c.embed_dim, named_activation(c.pooler_activation), name="pooler"
            )
        self.dropout = keras.layers.Dropout(c.head_dropout, name="dropout")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        self.encoder.build()
        if self.config.pooler:
            self.pooler.build((None, self.config.embed_dim))
        self.logits.build((None, self.config.embed_dim))

    def example_inputs(self) -> dict[str, Array]:
        return example_texts(self.config)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        x = self.encoder(inputs, training=training)  # (B, S, D)
        mask = ops.cast(inputs["mask"], "bool")
        x = masked_mean(x, mask) if self.config.pooling == "mean" else first(x, mask)
        if self.config.pooler:
            x = self.pooler(x)
        return self.logits(self.dropout(x, training=training))

    def attention(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """The attention weights of every layer and head; see `BERT.attention`."""
        weights: list[Tensor] = self.encoder(inputs, return_weights=True)[1]
        return weights

    def adopt(self, pretrained: BERT) -> None:
        """Takes the encoder's weights of a pretrained model.

        Args:
            pretrained: A `BERT` with an encoder of the same sizes.

        Raises:
            ValueError: If the encoders differ.
        """
        self.ensure_built()
        pretrained.ensure_built()
        mine, theirs = self.encoder.weights, pretrained.encoder.weights
        if [w.shape for w in mine] != [w.shape for w in theirs]:
            raise ValueError(
                "The pretrained encoder must have the sizes of this one. Received: "
                f"{pretrained.config}, for {self.config}."
            )
        for variable, value in zip(mine, theirs, strict=True):
            variable.assign(value)


def first(x: Tensor, mask: Tensor) -> Tensor:
    """The output at the first real step, `(batch, features)`."""
    places = ops.argmax(ops.cast(mask, "int32"), axis=1)[:, None, None]  # (B, 1, 1)
    return ops.take_along_axis(x, places, axis=1)[:, 0]
