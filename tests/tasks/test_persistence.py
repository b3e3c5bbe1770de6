"""A model as a `.keras` file, a copy, a clone, a backup and an export."""

import copy
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo import layers, serialization
from seqzoo.models import MODELS, RecurrentLM, RecurrentLMConfig
from seqzoo.processors import CharacterProcessor
from seqzoo.tasks import SetPredictionLoss, Task
from seqzoo.tasks.persistence import dtype_policy
from tests.layers.test_dtype_policies import LAYERS, LSTM
from tests.test_contract import build

INPUTS = np.array([[0, 1, 2], [2, 2, 1]], "int32")


@pytest.fixture
def model():
    with dtype_policy("mixed_bfloat16"):
        model = RecurrentLM(RecurrentLMConfig(3, embed_dim=2, units=2, layers=1))
    model.processor = CharacterProcessor("abc", "c")
    model.info = SimpleNamespace(licence="CC0")
    model.ensure_built()
    return model


def arrays(model):
    return [ops.convert_to_numpy(x) for x in model.weights]


def is_equal(model, other):
    return all(map(np.array_equal, arrays(model), arrays(other)))


def test_a_file_holds_weights_policy_name_and_processor(model, tmp_path, monkeypatch):
    """Also where no module of seqzoo has registered its classes yet."""
    model.save(tmp_path / "model.keras")
    registered = keras.saving.get_custom_objects()
    for name in [name for name in registered if name.startswith("seqzoo>")]:
        monkeypatch.delitem(registered, name)
    with pytest.raises(TypeError, match="RecurrentLM"):
        keras.saving.load_model(tmp_path / "model.keras")
    serialization.register()
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is RecurrentLM
    assert is_equal(again, model)
    assert again.name == model.name
    assert again.logits.dtype_policy.name == "mixed_bfloat16"
    assert again.processor.characters == "abc"
    assert again.processor.unknown == "c"


def test_import_seqzoo_registers_its_classes_once_keras_is_there():
    program = """
import importlib.util, sys
import seqzoo
assert "keras" not in sys.modules
importlib.util.find_spec("keras")  # looking for it is not importing it
import keras
print("seqzoo>LSTMCell" in keras.saving.get_custom_objects())
"""
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == "True", result.stderr


def test_every_registered_class_is_listed():
    registered = {
        name.removeprefix("seqzoo>")
        for name, cls in keras.saving.get_custom_objects().items()
        if name.startswith("seqzoo>")
        and not (issubclass(cls, Task) and cls not in MODELS.values())
    }
    listed = [name for names in serialization.classes().values() for name in names]
    assert sorted(listed) == sorted(registered)
    public = [getattr(layers, name) for name in layers.__all__]
    for cls in [*public, *MODELS.values(), SetPredictionLoss]:
        if isinstance(cls, type) and cls is not layers.Cell:
            assert keras.saving.get_registered_name(cls) == f"seqzoo>{cls.__name__}"


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_survives_its_config(name):
    arguments = [LSTM(4) if a is LSTM else a for a in LAYERS[name][0]]
    layer = getattr(layers, name)(*arguments, name="x", dtype="mixed_bfloat16")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(layer)
    assert json.dumps(again.get_config()) == json.dumps(layer.get_config())


def test_a_copy_has_the_weights_and_the_facts(model):
    other = copy.deepcopy(model)
    assert is_equal(other, model)
    assert other.info == model.info
    assert other.processor.characters == "abc"


def test_a_clone_has_fresh_weights(model):
    clone = keras.models.clone_model(model)
    clone.ensure_built()
    assert clone.config == model.config
    assert clone.processor.characters == "abc"
    assert not is_equal(clone, model)


def test_callbacks_keep_the_model(model, tmp_path):
    """ModelCheckpoint's file and the backup of an interrupted training."""
    path = tmp_path / "best.keras"
    model.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    backup = keras.callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
    kept = keras.callbacks.ModelCheckpoint(path, monitor="loss")
    model.fit(INPUTS, INPUTS, verbose=0, callbacks=[kept, backup])
    assert is_equal(keras.saving.load_model(path), model)
    other = copy.deepcopy(model)
    other.logits.kernel.assign(ops.zeros((2, 3)))
    other.fit(INPUTS, INPUTS, verbose=0, callbacks=[backup])  # its epoch is done
    assert is_equal(other, model)


def test_a_detector_keeps_its_own_loss(tmp_path):
    model = build(MODELS["DETR"])
    model.compile("adam", SetPredictionLoss(giou_weight=3.0))
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.set_loss.get_config() == model.set_loss.get_config()


def test_a_processor_of_ones_own_is_named_when_it_stays_behind(model):
    class OwnProcessor(CharacterProcessor):
        pass

    model.processor = OwnProcessor("abc")
    with pytest.warns(UserWarning, match="OwnProcessor, which seqzoo lacks"):
        assert keras.models.clone_model(model).processor is None


@pytest.mark.parametrize("is_called", [False, True])
def test_a_model_exports_called_or_not(is_called, tmp_path):
    """What the export answers, for another batch size and length, is the model's."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("writes a SavedModel by TensorFlow")
    model = build(MODELS["TCNClassifier"])
    if is_called:
        model(model.example_inputs())
    model.export(tmp_path / "out", verbose=False)
    inputs = {
        "sequences": np.random.default_rng(0).normal(size=(3, 7, 3)).astype("float32"),
        "mask": np.ones((3, 7), bool),
    }
    exported = tf.saved_model.load(tmp_path / "out")
    answers = exported.serve({k: tf.constant(v) for k, v in inputs.items()})
    np.testing.assert_allclose(answers, model(inputs), atol=1e-5)


def test_a_quantized_layer_is_kept_and_a_quantized_model_refused(tmp_path):
    model = build(MODELS["ViT"])
    inputs = model.example_inputs()
    with pytest.raises(ValueError, match="not supported"):
        model.quantize("int8")
    model.logits.quantize("int8")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.logits.quantization_mode == "int8"
    np.testing.assert_array_equal(again(inputs), model(inputs))
    with pytest.raises(ValueError, match="'logits', which is quantized to int8"):
        seqzoo.save(model, tmp_path / "folder")


def test_lora_weights_are_saved_as_their_sum(tmp_path):
    model = build(MODELS["ViT"])
    inputs = model.example_inputs()
    model.logits.enable_lora(2)
    model.logits.lora_kernel_b.assign(ops.ones((2, 3)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(inputs), model(inputs), atol=1e-6)
    with pytest.raises(ValueError, match="'logits', which has LoRA weights"):
        seqzoo.save(model, tmp_path / "folder")
