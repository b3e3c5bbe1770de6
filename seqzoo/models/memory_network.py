"""The end-to-end memory network: attention over sentences, hop by hop.

Letters in comments: B batch, N sentences, W words, D embed_dim, K hops.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.ops.attention import attention_weights, dot_scores
from seqzoo.ops.sentences import ages, bag_weights, position_weights
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.question_answering import QuestionAnswerer

ENCODINGS = {"position": position_weights, "bag": bag_weights}
TYINGS = ("adjacent", "layer-wise")
MOST_HOPS = 100


@dataclass(frozen=True)
class MemoryNetworkConfig:
    """Sizes and choices of a `MemoryNetwork`.

    Raises:
        ValueError: If a choice is unknown or a size is out of range.
    """

    vocab_size: int = 200  # ids of words, 0 for padding included
    embed_dim: int = 50
    hops: int = 3
    memory_size: int = 50  # sentences; of a longer story the last ones
    encoding: str = "position"  # of a sentence: "position" or "bag" (of words)
    tying: str = "adjacent"  # of the embeddings: "adjacent" or "layer-wise"
    temporal: bool = True  # whether memories know their age
    activation: str | None = None  # of the state after each hop, such as "relu"

    def __post_init__(self):
        check_choices(self, encoding=tuple(ENCODINGS), tying=TYINGS)
        check_positive(self, "vocab_size", "embed_dim", "hops", "memory_size")
        if self.hops > MOST_HOPS:
            raise ValueError(
                f"`hops` must be at most {MOST_HOPS}. Received: hops={self.hops}"
            )


class MemoryNetwork(QuestionAnswerer):
    """End-to-end memory network (Sukhbaatar et al. 2015).

    For sentences x_1 ... x_N of age a_i (0 for the last one), a question q of words
    q_j, and hops k = 1 ... K:

        m_i = sum over j of l_j * A_k x_ij + T_A,k(a_i)
        c_i = sum over j of l_j * C_k x_ij + T_C,k(a_i)
        u_1 = sum over j of l_j * B q_j
        p = softmax over i of u_k . m_i
        u_(k+1) = activation(H u_k + sum over i of p_i c_i)
        logits = W u_(K+1)

    l_j are the weights of `seqzoo.ops.sentences.position_weights` (section 4.1), or 1
    with `encoding="bag"`. T are the embeddings of ages, with `temporal`.

    - `tying="adjacent"`: A_(k+1) = C_k, T_A,(k+1) = T_C,k, B = A_1, W^T = C_K and H is
      the identity.
    - `tying="layer-wise"`: A, C, T_A and T_C are the same in all hops; B, W and H are
      matrices of their own.

    Linear start (section 4.2) trains without the softmax at first: p = u_k . m_i for
    the rows whose `softmax` is False.

    Call arguments:
        inputs: `{"story": (batch, sentences, words), "question": (batch, words)}`,
            integers in [0, vocab_size); 0 is padding. Sentences stand in the order of
            the story. A row of zeros among them is an empty memory: it makes the
            sentences before it older. Optional: `"softmax": (batch,)`, Boolean.

    Returns:
        Logits `(batch, vocab_size)` of the answer, which is one word.
    """

    Config = MemoryNetworkConfig

    def __init__(self, config: MemoryNetworkConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        is_adjacent = c.tying == "adjacent"
        tables = c.hops + 1 if is_adjacent else 2
        self.embeddings = [
            _embedding(c.vocab_size, c.embed_dim, f"embedding_{k}")
            for k in range(tables)
        ]
        self.ages = [
            _embedding(c.memory_size, c.embed_dim, f"age_{k}")
            for k in range(tables if c.temporal else 0)
        ]
        self.activation = keras.activations.get(c.activation)
        if is_adjacent:
            self.question_embedding, self.transition = self.embeddings[0], None
            return
        self.question_embedding = _embedding(
            c.vocab_size, c.embed_dim, "question_embedding"
        )
        self.transition = _dense(c.embed_dim, "transition")
        self.logits = _dense(c.vocab_size, "logits")

    def build(self, input_shape: Any = None) -> None:
        for table in (*self.embeddings, *self.ages):
            table.build((None, None))
        if self.transition is not None:
            self.question_embedding.build((None, None))
            self.transition.build((None, self.config.embed_dim))
            self.logits.build((None, self.config.embed_dim))

    def example_inputs(self) -> dict[str, Array]:
        story = [[[3, 4, 5], [4, 1, 0], [5, 0, 0]], [[2, 6, 0], [3, 5, 0], [0] * 3]]
        question = [[1, 4, 2], [3, 2, 0]]
        return {"story": np.array(story, "int32"), "question": np.array(question)}

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        state, _ = self._read(inputs)
        if self.transition is not None:
            return self.logits(state)
        table = ops.cast(self.embeddings[-1].embeddings, state.dtype)
        return ops.matmul(state, ops.transpose(table))  # (B, vocab_size)

    def attention(self, inputs: dict[str, Tensor]) -> Tensor:
        """The attention weights of every hop, `(batch, hops, sentences)`.

        Args:
            inputs: As for a call.
        """
        return self._read(inputs)[1]

    def _read(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The state after the last hop, and the attention weights."""
        story = ops.cast(inputs["story"], "int32")  # (B, N, W)
        mask = ops.any(ops.not_equal(story, 0), axis=-1)  # (B, N)
        age = ages(mask)
        mask = ops.logical_and(mask, age < self.config.memory_size)
        age = ops.clip(age, 0, self.config.memory_size - 1)
        encode = ENCODINGS[self.config.encoding]
        words = encode(story, self.config.embed_dim, self.compute_dtype)
        memories = [_sum(table(story), words) for table in self.embeddings]
        for k, table in enumerate(self.ages):
            memories[k] = memories[k] + table(age)  # (B, N, D)
        question = ops.cast(inputs["question"], "int32")
        words = encode(question, self.config.embed_dim, self.compute_dtype)
        state = _sum(self.question_embedding(question), words)  # (B, D)
        weights = []
        for k in range(self.config.hops):
            k = 0 if self.transition is not None else k
            p = _attend(state, memories[k], mask, inputs.get("softmax"))  # (B, 1, N)
            weights.append(p)
            read = ops.matmul(p, memories[k + 1])[:, 0]
            if self.transition is not None:
                state = self.transition(state)
            state = self.activation(state + read)
        return state, ops.concatenate(weights, axis=1)


def _embedding(rows: int, embed_dim: int, name: str) -> keras.layers.Embedding:
    return keras.layers.Embedding(rows, embed_dim, _normal(), name=name)


def _dense(units: int, name: str) -> keras.layers.Dense:
    return keras.layers.Dense(
        units, use_bias=False, kernel_initializer=_normal(), name=name
    )


def _normal() -> keras.initializers.Initializer:
    # The paper's (section 4.2).
    return keras.initializers.RandomNormal(stddev=0.1)


def _sum(embedded: Tensor, weights: Tensor) -> Tensor:
    return ops.sum(embedded * weights, axis=-2)


def _attend(
    state: Tensor, memory: Tensor, mask: Tensor, softmax: Tensor | None
) -> Tensor:
    """Attention weights `(batch, 1, sentences)`; scores where `softmax` is False."""
    scores = dot_scores(state[:, None], memory)
    weights = attention_weights(scores, mask)
    if softmax is None:
        return weights
    linear = ops.where(mask[:, None], scores, ops.zeros_like(scores))
    return ops.where(ops.cast(softmax, "bool")[:, None, None], weights, linear)
