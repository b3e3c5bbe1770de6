"""The base of layers whose config is the arguments of their constructor."""

import inspect
from typing import Any

import keras

from seqzoo.layers.block import Block


class SerializableLayer(Block):
    """A layer that keeps each argument of its constructor as an attribute of its name.

    From these it derives `get_config` and `from_config`, which Keras's own automatic
    configs do for plain numbers and strings only. A subclass that overrides
    `get_config` adds its own arguments there.
    """

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        classes = type(self).__mro__[: type(self).__mro__.index(SerializableLayer)]
        for cls in reversed(classes):
            if "get_config" in vars(cls):
                break
            constructor: Any = vars(cls).get("__init__", object)
            for name, argument in inspect.signature(constructor).parameters.items():
                if name != "self" and argument.kind != argument.VAR_KEYWORD:
                    config[name] = plain(getattr(self, name))
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A fresh layer; a cell in it comes from the cell's own config."""
        cells = {
            name: keras.saving.deserialize_keras_object(
                value, custom_objects=custom_objects
            )
            for name, value in config.items()
            if name.endswith("cell")
        }
        return cls(**{**config, **cells})


def plain(value: Any) -> Any:
    """An argument as a config holds it."""
    if isinstance(value, keras.layers.Layer):
        # Without the shapes that it was built for: its layer builds it.
        config = keras.saving.serialize_keras_object(value)
        return {key: config[key] for key in config if key != "build_config"}
    if isinstance(value, keras.initializers.Initializer):
        return keras.initializers.serialize(value)
    return keras.activations.serialize(value) if callable(value) else value
