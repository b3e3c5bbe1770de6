"""Attention over an encoder's outputs, with one of six alignment scores."""

from typing import Any

import keras
from keras import ops

from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.attention import (
    additive_scores,
    attention_weights,
    cosine_scores,
    dot_scores,
    scaled_dot_scores,
)
from seqzoo.ops.types import Shape, Tensor

SCORES = ("additive", "cosine", "dot", "general", "location", "scaled_dot")


@keras.saving.register_keras_serializable("seqzoo")
class Attention(keras.layers.Layer):
    """Soft alignment of queries with a memory, and the resulting context.

        weights = softmax(score(query, key), over the memory's real steps)
        context = weights @ memory

    `score` is one of (q query, k memory step, W and v weights):

        "additive"    v . tanh(W_q q + W_k k + b)          Bahdanau et al. 2015, A.1.2
        "general"     q . W k                              Luong et al. 2015, eq. 8
        "dot"         q . k                                Luong et al. 2015, eq. 8
        "scaled_dot"  (W_q q) . (W_k k) / sqrt(units)      Vaswani et al. 2017, eq. 1
        "cosine"      beta(q) cos(W q, k)                  Graves et al. 2014, eq. 5, 6
        "location"    row of W q that belongs to the step  Luong et al. 2015, eq. 9

    "dot" needs queries and memory with equal numbers of features. In "cosine" the key
    strength is beta(q) = softplus(w . q + b), as in the controller of a Neural Turing
    Machine. "location" reads the query alone, for memories of up to `max_steps` steps.

    Args:
        score: Name of the alignment score.
        units: Size of the compared vectors, for "additive" and "scaled_dot".
        max_steps: Longest memory, for "location".

    Call arguments:
        query: Float tensor `(batch, query_steps, query_features)`.
        memory: Float tensor `(batch, memory_steps, features)`.
        mask: Boolean tensor `(batch, memory_steps)`; True is real.
        keys: The result of `project(memory)`, so that a decoder computes it only once.
        memory_mask: The same as `mask`: Keras passes the mask of a memory that comes
            from `Embedding(mask_zero=True)` by this name. `mask` overrides it.

    Returns:
        `(context, weights)`: `(batch, query_steps, features)` and `(batch,
        query_steps, memory_steps)`. Each row of `weights` sums to 1 and is 0
        where `mask` is False.

    Raises:
        ValueError: If the score is unknown, lacks its `units` or `max_steps`, or
            the shapes do not fit it.
    """

    def __init__(
        self,
        score: str = "additive",
        units: int | None = None,
        max_steps: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ValueError(
                f"`score` must be one of {', '.join(SCORES)}. Received: score={score!r}"
            )
        if score in ("additive", "scaled_dot") and not units:
            raise ValueError(
                f"score={score!r} compares vectors of `units` features. "
                f"Received: units={units}"
            )
        if score == "location" and not max_steps:
            raise ValueError(
                'score="location" has a weight for each memory step: give the '
                f"longest memory as `max_steps`. Received: max_steps={max_steps}"
            )
        self.score = score
        self.units = units and positive_integer(units, "units")
        self.max_steps = max_steps and positive_integer(max_steps, "max_steps")

    def build(self, query_shape: Shape, memory_shape: Shape) -> None:
        query_dim, memory_dim = query_shape[-1], memory_shape[-1]
        self.query_dim, self.memory_dim = query_dim, memory_dim
        if self.score == "dot" and query_dim != memory_dim:
            raise ValueError(
                'score="dot" needs as many features in queries as in memory. Received: '
                f"query features={query_dim}, memory features={memory_dim}. "
                'Use score="general" for different sizes.'
            )

        def kernel(name: str, *shape: int | None) -> Any:
            return self.add_weight(name=name, shape=shape, initializer="glorot_uniform")

        if self.score == "additive":
            self.query_kernel = kernel("query_kernel", query_dim, self.units)
            self.key_kernel = kernel("key_kernel", memory_dim, self.units)
            self.bias = self.add_weight(
                name="bias", shape=(self.units,), initializer="zeros"
            )
            self.score_kernel = kernel("score_kernel", self.units)
        elif self.score == "scaled_dot":
            self.query_kernel = kernel("query_kernel", query_dim, self.units)
            self.key_kernel = kernel("key_kernel", memory_dim, self.units)
        elif self.score == "general":
            self.key_kernel = kernel("key_kernel", memory_dim, query_dim)
        elif self.score == "cosine":
            self.query_kernel = kernel("query_kernel", query_dim, memory_dim)
            self.strength_kernel = kernel("strength_kernel", query_dim, 1)
            self.strength_bias = self.add_weight(
                name="strength_bias", shape=(1,), initializer="ones"
            )
        elif self.score == "location":
            self.location_kernel = kernel("location_kernel", query_dim, self.max_steps)

    def project(self, memory: Tensor) -> Tensor:
        """The keys of a memory, with which `call` compares the queries."""
        if self.score == "additive":
            return ops.matmul(memory, self.key_kernel) + self.bias
        if self.score in ("scaled_dot", "general"):
            return ops.matmul(memory, self.key_kernel)
        return memory

    def call(
        self,
        query: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        keys: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        mask = memory_mask if mask is None else mask
        check_shapes(
            query=(query, f"batch query_steps {self.query_dim}"),
            memory=(memory, f"batch memory_steps {self.memory_dim}"),
            mask=(mask, "batch memory_steps"),
            keys=(keys, "batch memory_steps units"),
        )
        if mask is not None:
            # A weight of zero times NaN is NaN.
            real = ops.expand_dims(ops.cast(mask, "bool"), -1)  # (B, S, 1)
            memory = ops.where(real, memory, ops.zeros_like(memory))
        keys = self.project(memory) if keys is None else keys
        weights = attention_weights(self._scores(query, keys), mask)
        return ops.matmul(weights, memory), weights

    def _scores(self, query: Tensor, keys: Tensor) -> Tensor:
        if self.score == "additive":
            query = ops.matmul(query, self.query_kernel)
            return additive_scores(query, keys, self.score_kernel)
        if self.score == "scaled_dot":
            return scaled_dot_scores(ops.matmul(query, self.query_kernel), keys)
        if self.score == "cosine":
            strength = ops.softplus(
                ops.matmul(query, self.strength_kernel) + self.strength_bias
            )
            return cosine_scores(ops.matmul(query, self.query_kernel), keys, strength)
        if self.score == "location":
            return self._location_scores(query, keys)
        return dot_scores(query, keys)

    def _location_scores(self, query: Tensor, keys: Tensor) -> Tensor:
        steps = keys.shape[1]
        if steps is not None and steps > self.max_steps:
            raise ValueError(
                f"This attention was built for memories of at most max_steps="
                f"{self.max_steps} steps. Received: {steps} steps."
            )
        scores = ops.matmul(query, self.location_kernel)  # (B, T, max_steps)
        return scores[:, :, : ops.shape(keys)[1]]

    def compute_output_shape(
        self, query_shape: Shape, memory_shape: Shape
    ) -> tuple[Shape, Shape]:
        batch_and_steps = query_shape[:2]
        return (*batch_and_steps, memory_shape[-1]), (*batch_and_steps, memory_shape[1])
