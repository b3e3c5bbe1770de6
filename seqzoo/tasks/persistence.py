"""How a whole model travels: its Config, dtype policy and processor as JSON values."""

import dataclasses
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seqzoo.processors import PROCESSORS

# What a model's config for Keras holds besides the fields of its Config.
EXTRAS = ("name", "dtype", "processor", "quantized")
# Bytes that are no UTF-8 become half surrogates and come back.
ANY_BYTES = "surrogateescape"


def plain_config(config: Any) -> dict[str, Any]:
    """A Config as plain JSON values; NumPy numbers become Python's."""
    return {
        key: plain_value(value) for key, value in dataclasses.asdict(config).items()
    }


def plain_value(value: Any) -> Any:
    """NumPy numbers and arrays, also in a list or tuple, as Python's; others as is."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
        return tuple(value) if isinstance(value, list) else value
    if isinstance(value, list | tuple):
        return tuple(plain_value(item) for item in value)
    return value


def with_plain_values(config: Any) -> Any:
    """The Config with Python's numbers for NumPy's, and tuples for lists."""
    names = [field.name for field in dataclasses.fields(config)]
    values = {name: plain_value(getattr(config, name)) for name in names}
    return dataclasses.replace(config, **values)


def extras(model: Any) -> dict[str, Any]:
    """The `EXTRAS` of a model, as plain JSON values."""
    quantized = {
        path: layer.quantization_mode
        for path, layer in _built_layers(model)
        if getattr(layer, "quantization_mode", None)
    }
    return {
        "name": model.name,
        "dtype": model.dtype_policy.name,
        "processor": _packed(model.processor),
        **({"quantized": quantized} if quantized else {}),
    }


def rebuilt(cls: Any, config: dict[str, Any]) -> Any:
    """A model with fresh weights, from the fields of its Config and `EXTRAS`."""
    own = {key: config[key] for key in EXTRAS if key in config}
    config = cls.read_config({k: v for k, v in config.items() if k not in own})
    with dtype_policy(own.get("dtype")):
        model = cls(config, **({"name": own["name"]} if "name" in own else {}))
    model.processor = _unpacked(own.get("processor"))
    if quantized := own.get("quantized"):
        model.ensure_built()
        for path, layer in _built_layers(model):
            if path in quantized:
                layer.quantize(quantized[path])
    return model


def check_plain_weights(model: Any) -> None:
    """Checks that the weights are those that the Config describes.

    Raises:
        ValueError: If a layer is quantized or has LoRA weights; it names the layer.
    """
    for layer in model._flatten_layers(include_self=False):
        mode = getattr(layer, "quantization_mode", None)
        if mode or getattr(layer, "lora_enabled", False):
            raise ValueError(
                "seqzoo.save writes the weights that a Config describes. Received: "
                f"the layer {layer.name!r}, which "
                f"{f'is quantized to {mode}' if mode else 'has LoRA weights'}. Write "
                'model.save("model.keras"), which keeps '
                f"{'it so' if mode else 'their sum'}; keras.saving.load_model reads it."
            )


@contextmanager
def dtype_policy(dtype: Any) -> Iterator[None]:
    """Gives the layers made in this context a Keras dtype policy; None changes nothing.

    Raises:
        ValueError: If there is no such policy.
    """
    if dtype is None:
        yield
        return
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def restored(
    restore: Any, arguments: tuple[Any, ...], attributes: dict[str, Any]
) -> Any:
    """A model that was pickled, with the attributes that its config lacks."""
    model = restore(*arguments)
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def _built_layers(model: Any) -> list[tuple[str, Any]]:
    """Each built layer inside the model, with its path in the model."""
    return [
        (layer.path.split("/", 1)[-1], layer)
        for layer in model._flatten_layers(include_self=False)
        if layer.path
    ]


def _packed(processor: Any) -> dict[str, Any] | None:
    """The processor with the text of its files, as plain JSON values."""
    if processor is None:
        return None
    name = type(processor).__name__
    if PROCESSORS.get(name) is not type(processor):
        warnings.warn(
            f"The processor is a {name}, which seqzoo lacks, so the saved model is "
            "without it. Set model.processor after loading.",
            stacklevel=2,
        )
        return None
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as folder:
        processor.save(Path(folder))
        files = {
            path.name: path.read_bytes().decode("utf-8", ANY_BYTES)
            for path in sorted(Path(folder).iterdir())
        }
    return {"class": name, "config": processor.get_config(), "files": files}


def _unpacked(packed: dict[str, Any] | None) -> Any:
    """The processor that `_packed` described."""
    if packed is None:
        return None
    if packed["class"] not in PROCESSORS:
        raise ValueError(
            f"The saved model has the processor {packed['class']!r}, which seqzoo "
            f"lacks; it has {', '.join(sorted(PROCESSORS))}. A newer seqzoo may know "
            "it (`pip install -U seqzoo`)."
        )
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as folder:
        for file, text in packed["files"].items():
            # Only the name: a path in a file from elsewhere could lead anywhere.
            path = Path(folder) / Path(file).name
            path.write_bytes(text.encode("utf-8", ANY_BYTES))
        return PROCESSORS[packed["class"]].load(packed["config"], Path(folder))
