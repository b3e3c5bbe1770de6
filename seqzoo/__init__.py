"""A zoo of sequence models in Keras 3: one line gives a trained model.

    model = seqzoo.load("bilstm_attn_translate")
    model.translate("Two dogs play in the snow.")

Public names are imported when they are first used, so that `import seqzoo` is fast and
loads neither Keras nor TensorFlow.
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from seqzoo import serialization

if TYPE_CHECKING:
    from seqzoo.hub import ModelInfo, save
    from seqzoo.samples import sample
    from seqzoo.zoo import build, info, list_models, load, push, verify

__all__ = [
    "ModelInfo",
    "build",
    "info",
    "list_models",
    "load",
    "push",
    "sample",
    "save",
    "verify",
]

_HOME = {name: "seqzoo.zoo" for name in __all__} | {
    "ModelInfo": "seqzoo.hub",
    "save": "seqzoo.hub",
    "sample": "seqzoo.samples",
}
_PARTS = {module.name for module in pkgutil.iter_modules(__path__)}

serialization.register()


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _PARTS:
        value = importlib.import_module(f"seqzoo.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("seqzoo")
    else:
        raise AttributeError(f"module 'seqzoo' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_PARTS, "__version__"])
