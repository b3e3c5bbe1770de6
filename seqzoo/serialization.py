"""Lets Keras read seqzoo's classes from a `.keras` file after `import seqzoo` alone.

Keras looks a class up among the registered ones. seqzoo's are registered when their
modules are imported, which `import seqzoo` does not do because it would take seconds.
So each class has a stand-in here, which imports the class when Keras rebuilds it.
"""

import ast
import importlib
import importlib.abc
import importlib.util
import sys
from pathlib import Path
from typing import Any

PACKAGE = "seqzoo"
# Registered classes that are not public, by their modules.
PRIVATE_CLASSES = {
    "seqzoo.layers.convolution.resnet": (
        "ConvNorm",
        "FrozenBatchNorm",
        "ResidualBlock",
    ),
    "seqzoo.tasks.set_prediction": ("SetPredictionLoss",),
    "seqzoo.tasks.translation": ("LabelSmoothedCrossEntropy",),
}


def classes() -> dict[str, tuple[str, ...]]:
    """The names of the registered classes by the module that defines or exports them.

    Public names are read from the source: to import a module is to import Keras.
    """
    layers = [
        name
        for name in _names("layers", "__all__")
        if not (name.isupper() or name.islower() or name == "Cell")  # not registered
    ]
    return {
        "seqzoo.layers": tuple(layers),
        "seqzoo.models": tuple(_names("models", "MODELS")),
        **PRIVATE_CLASSES,
    }


def _names(package: str, variable: str) -> list[str]:
    """The strings or names in the value of a variable of a package's `__init__`."""
    source = (Path(__file__).parent / package / "__init__.py").read_text("utf-8")
    value = next(
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable
    )
    if isinstance(value, ast.DictComp):  # {cls.__name__: cls for cls in (...)}
        value = value.generators[0].iter
    return [
        node.id if isinstance(node, ast.Name) else str(ast.literal_eval(node))
        for node in value.elts  # type: ignore[attr-defined]
    ]


def register() -> None:
    """Registers the stand-ins with Keras, now or when Keras is imported."""
    if "keras" in sys.modules:
        _register_stand_ins()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register_stand_ins() -> None:
    import keras

    known = keras.saving.get_custom_objects()
    for module, names in classes().items():
        for name in names:
            known.setdefault(f"{PACKAGE}>{name}", _stand_in(module, name))


def _stand_in(module: str, name: str) -> type:
    def from_config(cls: type, config: dict[str, Any], **options: Any) -> Any:
        real = getattr(importlib.import_module(module), name)
        return real.from_config(config, **options)

    return type(name, (), {"from_config": classmethod(from_config)})


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Registers the stand-ins as soon as Keras is imported."""

    is_asking = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "keras" or self.is_asking:
            return None
        self.is_asking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.is_asking = False
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_register(module: Any) -> None:
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register_stand_ins()

        spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec
