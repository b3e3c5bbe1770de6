"""What every architecture promises; a new one is covered when it is in `MODELS`."""

import dataclasses
import importlib
import json
import pickle
import re

import keras
import numpy as np
import pytest
from keras import ops, tree

from seqzoo.models import MODELS
from seqzoo.tasks import variables_by_key
from seqzoo.tasks.base import graph_identity
from tests.models.tiny import TINY_DETR

# Fields of small Configs. A model that is not here has `TINY` in its own tests, and
# `LOSS` and `TARGETS` if it needs others than `loss_and_targets` has.
TINY = {
    "DETR": dataclasses.asdict(TINY_DETR),
    "FourWayClassifier": {"num_classes": 3, "units": 4, "layers": 1},
    "MemoryNetwork": {  # with a Dense
        "vocab_size": 7,
        "embed_dim": 4,
        "hops": 2,
        "memory_size": 3,
        "tying": "layer-wise",
    },
    "RecurrentClassifier": {"features": 3, "num_classes": 3, "units": 5},
    "RecurrentLM": {"vocab_size": 11, "embed_dim": 4, "units": 5},
    "RecurrentTextClassifier": {
        "vocab_size": 7,
        "num_classes": 3,
        "embed_dim": 4,
        "units": 5,
    },
    "TCNClassifier": {"features": 3, "num_classes": 3, "units": 5, "blocks": 2},
    "Seq2Seq": {
        "vocab_size": 11,
        "embed_dim": 6,
        "encoder_units": 4,
        "decoder_units": 5,
        "attention_units": 3,
    },
    "Swin": {
        "image_size": 8,
        "patch_size": 2,
        "num_classes": 3,
        "embed_dim": 4,
        "depths": (2, 1),
        "num_heads": (1, 2),
        "window_size": 2,
        "mlp_ratio": 2,
    },
    "ViT": {
        "image_size": 8,
        "patch_size": 4,
        "num_classes": 3,
        "embed_dim": 6,
        "num_layers": 2,
        "num_heads": 2,
        "hidden_dim": 8,
    },
}

# Weights that no first step can move, by the model's equations. A decoder begins with
# zeros, which its first self-attention passes on while its biases are 0; a bias of all
# keys leaves every softmax as it is.
FIRST = r"decoder_0/self_attention(/\w+/kernel|/query/|_norm/gamma)"
UNMOVED = {"DETR": rf"{FIRST}|/key/bias$"}


@pytest.fixture(scope="module", params=sorted(MODELS))
def cls(request):
    return MODELS[request.param]


@pytest.fixture(scope="module")
def model(cls):
    return build(cls)


def build(cls):
    keras.utils.set_random_seed(0)
    sizes = TINY[cls.__name__] if cls.__name__ in TINY else own_tests(cls).TINY
    model = cls(cls.Config(**sizes))
    model.build()
    return model


def own_tests(cls):
    """The module `tests.models.test_x` of a model in `seqzoo.models.x`."""
    return importlib.import_module(f"tests.models.test_{cls.__module__.split('.')[-1]}")


def outputs_of(model, inputs):
    return [ops.convert_to_numpy(x) for x in tree.flatten(model(inputs))]


def rows(inputs, index):
    return tree.map_structure(lambda x: x[index], inputs)


def test_the_config_survives_json(cls, model):
    """A model rebuilt from its JSON has the same Config and the same shapes."""
    config = json.loads(json.dumps(model.get_config()))
    twin = cls.from_config(config)
    assert twin.config == model.config
    twin.build()
    assert [w.shape for w in twin.weights] == [w.shape for w in model.weights]


def test_numpy_numbers_are_numbers(cls, model):
    """They become Python's, which JSON can write."""

    def of_numpy(value):
        if isinstance(value, tuple):
            return tuple(map(of_numpy, value))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return np.asarray(value)[()] if is_number else value

    sizes = dataclasses.asdict(model.config)
    fields = {key: of_numpy(value) for key, value in sizes.items()}
    twin = cls(cls.Config(**fields))
    assert twin.config == model.config
    assert json.dumps(twin.get_config() | {"name": ""}) == json.dumps(
        model.get_config() | {"name": ""}
    )


def test_the_config_is_frozen_and_refuses_unknown_fields(cls, model):
    """A typing error surfaces where it was made."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.config.vocab_size = 3
    with pytest.raises(ValueError, match="no field vocab_sise"):
        cls.from_config({"vocab_sise": 3})


def test_something_else_than_its_config_is_refused(cls):
    """The error names the class that is wanted."""
    with pytest.raises(ValueError, match=cls.Config.__name__):
        cls({"vocab_size": 3})


def test_keys_are_equal_in_two_instances(cls, model):
    """Paths hold no process-wide counters, so that files fit every process."""
    assert list(variables_by_key(build(cls))) == list(variables_by_key(model))


def test_build_creates_every_variable(cls, model):
    """No call is needed for it, and none adds a variable."""
    built = cls.from_config(model.get_config())
    built.build()
    before = [(w.path, w.shape) for w in built.weights]
    built(built.example_inputs())
    assert [(w.path, w.shape) for w in built.weights] == before


def test_rows_of_a_batch_do_not_see_each_other(model):
    """One row alone gives what it gives among others."""
    inputs = model.example_inputs()
    together = outputs_of(model, inputs)
    for index in range(2):
        alone = outputs_of(model, rows(inputs, slice(index, index + 1)))
        for whole, row in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[index : index + 1], row, atol=1e-5)


def test_padding_changes_nothing(model):
    """More padding behind every sequence leaves the outputs as they are."""
    inputs = model.example_inputs()
    if any(x.ndim == 4 for x in tree.flatten(inputs)):
        pytest.skip("an image has no padding")

    def longer(x):
        return np.pad(x, [(0, 0), (0, 3), *[(0, 0)] * (x.ndim - 2)])

    padded = tree.map_structure(longer, inputs)
    before, after = outputs_of(model, inputs), outputs_of(model, padded)
    for short, long in zip(before, after, strict=True):
        np.testing.assert_allclose(short, long[:, : short.shape[1]], atol=1e-5)


def test_inference_is_deterministic_and_finite(model):
    """The same numbers each time."""
    inputs = model.example_inputs()
    first, second = outputs_of(model, inputs), outputs_of(model, inputs)
    for one, other in zip(first, second, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


def test_a_step_of_training_moves_every_weight(cls, graphs):
    """No weight is cut off from the loss."""
    model = build(cls)
    before = {k: ops.convert_to_numpy(v) for k, v in variables_by_key(model).items()}
    inputs = model.example_inputs()
    loss, targets = loss_and_targets(model, inputs)
    # The graph of one step takes longer to trace than the step.
    model.compile(keras.optimizers.Adam(0.1), loss, run_eagerly=True)
    model.train_on_batch(inputs, targets)
    unmoved = re.compile(UNMOVED.get(cls.__name__, "$^"))
    for key, variable in variables_by_key(model).items():
        if not variable.trainable or unmoved.search(key):
            continue
        after = ops.convert_to_numpy(variable)
        assert np.abs(after - before[key]).max() > 0, key


def loss_and_targets(model, inputs):
    """A loss of the model's task, and targets for its example inputs."""
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if model.task.endswith("classification"):
        return cross_entropy, np.array([0, 1])
    if model.task == "object-detection":
        return None, {  # the loss is the task's own
            "labels": np.array([[0, 1], [1, -1]]),
            "boxes_cxcywh": np.full((2, 2, 4), 0.4, "float32"),
        }
    if model.task == "question-answering":
        return cross_entropy, np.array([3, 5])
    if model.task in ("text-generation", "translation"):
        targets = inputs["target_ids"] if isinstance(inputs, dict) else inputs
        return cross_entropy, targets
    return own_tests(type(model)).LOSS, own_tests(type(model)).TARGETS


def test_it_is_a_keras_model_that_saves_whole(model, tmp_path):
    """`save("x.keras")` and `load_model` give the same outputs; `summary` prints."""
    lines = []
    model.summary(print_fn=lambda line, **options: lines.append(line))
    assert f"{model.count_params():,}" in "".join(lines)
    path = tmp_path / "model.keras"
    model.save(path)
    inputs = model.example_inputs()
    before = outputs_of(model, inputs)
    for twin in (keras.saving.load_model(path), pickle.loads(pickle.dumps(model))):
        assert twin.config == model.config
        for one, other in zip(before, outputs_of(twin, inputs), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_graph_stays_good_until_a_layer_changes(model):
    """Calls of a model change nothing that its compiled functions hold."""
    before = graph_identity(model)
    model(model.example_inputs())
    assert graph_identity(model) == before
    layers = model._flatten_layers()
    dense = next(x for x in layers if isinstance(x, keras.layers.Dense))
    activation, dense.activation = dense.activation, keras.ops.cos
    assert graph_identity(model) != before
    dense.activation = activation
    assert graph_identity(model) == before
