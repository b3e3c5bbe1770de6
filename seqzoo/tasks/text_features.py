"""Features of texts from the outputs of an encoder."""

from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.compilation import padded_rows
from seqzoo.ops.types import Tensor
from seqzoo.tasks.base import Task

POOLINGS = ("mean", "first", "tokens")
BATCH_SIZE = 32


class TextFeatures(Task):
    """The part that models with an `encoder` of texts share: the method `features`."""

    encoder: Any

    def features(self, texts: Any, pooling: str = "mean") -> Any:
        """The encoder's outputs of a text, or of each of several.

        Args:
            texts: A text, or a list of them.
            pooling: "mean" over the tokens; "first", the output of the first token; or
                "tokens", the outputs of all of them.

        Returns:
            For one text a float32 array `(features,)`, or with "tokens" `(tokens,
            features)`. For a list `(texts, features)`, or a list of arrays.

        Raises:
            ValueError: If a text is no str or the pooling is unknown.
        """
        if pooling not in POOLINGS:
            raise ValueError(
                f"`pooling` must be one of {', '.join(POOLINGS)}. "
                f"Received: pooling={pooling!r}"
            )
        texts, is_one = self.require_processor().as_list(texts)
        # Texts of similar length share a batch, so that little is padding.
        order = np.argsort([len(str(text)) for text in texts], kind="stable")
        features: list[Any] = [None] * len(texts)
        run = self.compiled_function(self._hidden, any_size=True)
        for start in range(0, len(texts), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            part = [texts[row] for row in rows]
            padding = padded_rows(len(part), BATCH_SIZE, any_size=True) - len(part)
            inputs = self.processor.encode(part + part[-1:] * padding)
            hidden = ops.convert_to_numpy(run(inputs))
            real = np.asarray(inputs["mask"], bool)
            for index, row in enumerate(rows):
                features[row] = _pooled(hidden[index, real[index]], pooling)
        if is_one:
            return features[0]
        if pooling == "tokens":
            return features
        columns = self.config.embed_dim
        return np.stack(features) if features else np.zeros((0, columns), "float32")

    def _hidden(self, inputs: Any) -> Tensor:
        return ops.cast(self.encoder(inputs, training=False), "float32")


def _pooled(outputs: Any, pooling: str) -> Any:
    """Outputs `(tokens, features)` of one text, pooled."""
    if pooling == "tokens":
        return outputs
    return outputs[0] if pooling == "first" else outputs.mean(axis=0)
