"""The base of layers whose config is the arguments of their constructor."""

import inspect
from typing import Any

import keras
import numpy as np

from seqzoo.layers.block import Block
from seqzoo.layers.recurrent.replacements import refuse_foreign


class SerializableLayer(Block):
    """A layer that keeps each argument of its constructor as an attribute of its name.

    From these it derives `get_config` and `from_config`, which Keras's own automatic
    configs do for plain numbers and strings only. A subclass that overrides
    `get_config` adds its own arguments there.
    """

    def __init__(self, **kwargs: Any) -> None:
        refuse_foreign(type(self).__name__, kwargs)
        super().__init__(**kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        arguments: dict[int, str] = {}  # names of the layers among them, by identity
        classes = type(self).__mro__[: type(self).__mro__.index(SerializableLayer)]
        for cls in reversed(classes):
            if "get_config" in vars(cls):
                break
            constructor: Any = vars(cls).get("__init__", object)
            for name, argument in inspect.signature(constructor).parameters.items():
                if name == "self" or argument.kind == argument.VAR_KEYWORD:
                    continue
                value = getattr(self, name)
                config[name] = plain(value)
                if isinstance(value, keras.layers.Layer):
                    first = arguments.setdefault(id(value), name)
                    config[name] = config[name] if first == name else first
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A fresh layer; a cell in it comes from the cell's own config.

        A cell that is given as the name of another argument is that argument's cell.
        """
        cells = {
            name: keras.saving.deserialize_keras_object(
                value, custom_objects=custom_objects
            )
            for name, value in config.items()
            if name.endswith("cell") and isinstance(value, dict)
        }
        for name, value in config.items():
            if name.endswith("cell") and isinstance(value, str) and value in cells:
                cells[name] = cells[value]
        return cls(**{**config, **cells})


def plain(value: Any) -> Any:
    """An argument as a config holds it."""
    if isinstance(value, keras.layers.Layer):
        # Without the shapes that it was built for: its layer builds it.
        config = keras.saving.serialize_keras_object(value)
        config.pop("build_config", None)
        if getattr(value, "users", 0) > 1:
            # Keras's own mark of a shared object, which it would put into a copy.
            config["shared_object_id"] = id(value)
        return config
    if isinstance(value, keras.initializers.Initializer):
        return keras.initializers.serialize(value)
    if isinstance(value, keras.regularizers.Regularizer):
        return keras.regularizers.serialize(value)
    if isinstance(value, keras.constraints.Constraint):
        return keras.constraints.serialize(value)
    if isinstance(value, np.generic):
        return value.item()
    return keras.activations.serialize(value) if callable(value) else value
