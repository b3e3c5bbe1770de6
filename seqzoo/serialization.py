"""Lets Keras read seqzoo's classes from a `.keras` file after `import seqzoo` alone.

Keras looks a class up among the registered ones. seqzoo's are registered when their
modules are imported, which `import seqzoo` does not do because it would take seconds.
So each class has a stand-in here, which imports the class when Keras rebuilds it.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from typing import Any

PACKAGE = "seqzoo"
# The module of each registered class.
CLASSES = {
    "seqzoo.layers": (
        "Anchors",
        "Attention",
        "Bidirectional",
        "CausalConv",
        "CoupledLSTMCell",
        "DropPath",
        "ElmanCell",
        "EncoderBlock",
        "FeedForward",
        "GRUCell",
        "LSTMCell",
        "LayerNorm",
        "LayerNormElmanCell",
        "LayerNormLSTMCell",
        "LeakyCell",
        "MultiDirectional2D",
        "MultiHeadAttention",
        "OutputRecurrentCell",
        "PatchEmbedding",
        "PatchMerging",
        "PeepholeLSTMCell",
        "PhasedLSTMCell",
        "PositionedDecoderBlock",
        "PositionedEncoderBlock",
        "Recurrent",
        "ResNet",
        "SelfAttention",
        "SkipCell",
        "SpatialModulation",
        "SwinBlock",
        "TemporalBlock",
        "TemporalConvNet",
        "WindowAttention",
        "ZoneoutCell",
    ),
    "seqzoo.layers.convolution.resnet": (
        "ConvNorm",
        "FrozenBatchNorm",
        "ResidualBlock",
    ),
    "seqzoo.models": (
        "DETR",
        "FourWayClassifier",
        "RecurrentClassifier",
        "RecurrentLM",
        "Seq2Seq",
        "Swin",
        "TCNClassifier",
        "ViT",
    ),
    "seqzoo.tasks.set_prediction": ("SetPredictionLoss",),
    "seqzoo.tasks.translation": ("LabelSmoothedCrossEntropy",),
}


def register() -> None:
    """Registers the stand-ins with Keras, now or when Keras is imported."""
    if "keras" in sys.modules:
        _register_stand_ins()
    else:
        sys.meta_path.insert(0, _AfterKeras())


def _register_stand_ins() -> None:
    import keras

    known = keras.saving.get_custom_objects()
    for module, names in CLASSES.items():
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
