"""The base of layers that are made of layers."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import tree

from seqzoo.ops.types import Tensor


class Block(keras.layers.Layer):
    """A layer whose sublayers compute in its own dtype policy.

    Without it, Keras gives a sublayer the global policy. Keras also casts every
    floating call argument to the compute dtype. A layer that needs some of them in
    full precision, such as times or boxes, names them in `uncast`.
    """

    uncast: tuple[str, ...] = ()  # names of the call arguments that keep their dtype

    def child(self, cls: type, *args: Any, name: str, **kwargs: Any) -> Any:
        """A sublayer `cls(*args, **kwargs)`; `name` is the attribute that holds it."""
        return cls(*args, name=name, dtype=self.dtype_policy, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.uncast:
            # Keras converts all arguments or none, so this method does it instead.
            self._convert_input_args = False
            self._allow_non_tensor_positional_args = True
            names = _parameters(type(self).call)
            if args and "mask" in names and kwargs.get("mask") is None:
                mask = getattr(args[0], "_keras_mask", None)  # a cast loses it
                kwargs = kwargs if mask is None else {**kwargs, "mask": mask}
            args = tuple(
                self._convert(name, value)
                for name, value in zip(names, args, strict=False)
            )
            kwargs = {name: self._convert(name, kwargs[name]) for name in kwargs}
        return super().__call__(*args, **kwargs)

    def _convert(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if name in self.uncast:
            return self.convert_uncast(name, value)
        return tree.map_structure(
            lambda x: self.dtype_policy.convert_input(
                x, self.autocast, self.input_dtype
            ),
            value,
        )

    def convert_uncast(self, name: str, value: Any) -> Tensor:
        """An argument in `uncast` as a tensor; arrays and lists become float32."""
        if keras.ops.is_tensor(value) or keras.backend.is_keras_tensor(value):
            return value
        return keras.ops.convert_to_tensor(np.asarray(value), "float32")


@functools.cache
def _parameters(call: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(call).parameters)[1:]
