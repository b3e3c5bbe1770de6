"""The base of layers that are made of layers."""

from typing import Any

import keras


class Block(keras.layers.Layer):
    """A layer whose sublayers compute in its own dtype policy.

    Without it, Keras gives a sublayer the global policy.
    """

    def child(self, cls: type, *args: Any, name: str, **kwargs: Any) -> Any:
        """A sublayer `cls(*args, **kwargs)`; `name` is the attribute that holds it."""
        return cls(*args, name=name, dtype=self.dtype_policy, **kwargs)
