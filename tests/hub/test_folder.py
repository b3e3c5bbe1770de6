"""A model and its folder."""

import json
import multiprocessing
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo import hub
from seqzoo.hub import saved
from seqzoo.processors import PROCESSORS
from tests.hub.toy import answer
from tests.processors.test_pretrained import marian


def test_what_is_saved_is_loaded(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    loaded = seqzoo.load(folder)
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert loaded.config == toy.config
    assert loaded.processor.labels == ["cat", "dog"] and loaded.processor.upper
    assert loaded.info.params == toy.count_params()
    assert isinstance(loaded, keras.Model)


def test_a_model_without_processor_has_none_when_loaded(toy, tmp_path):
    toy.processor = None
    assert seqzoo.load(hub.save(toy, tmp_path / "mine")).processor is None


TEXTS = ["two dogs play in the snow"] * 3
TOKENS = Path(__file__).parents[1] / "processors" / "golden"
MADE = {
    "ByteLevelProcessor": lambda cls: cls.load({}, TOKENS / "gpt2"),
    "CharacterProcessor": lambda cls: cls.train("two dogs"),
    "DetectionProcessor": lambda cls: cls(["cat", "dog"], 8, 12),
    "EncoderProcessor": lambda cls: cls.load({}, TOKENS / "bert"),
    "GreyImageProcessor": lambda cls: cls(["cat", "dog"], layout="pixels"),
    "ImageProcessor": lambda cls: cls(["cat", "dog"], (8, 9), resize=(10, 10)),
    "LogMelProcessor": lambda cls: cls(["zero", "one"], bands=20),
    "MarianProcessor": lambda cls: marian(),
    "StoryProcessor": lambda cls: cls.train(TEXTS, ["dogs"]),
    "SubwordProcessor": lambda cls: cls.train(TEXTS, 40),
    "TimedSeriesProcessor": lambda cls: cls(["slow", "fast"], max_steps=100),
    "TranslationProcessor": lambda cls: cls.train(TEXTS, TEXTS, 40),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_every_processor_comes_back_with_its_model(toy, tmp_path, name):
    """A folder that is saved may hold nothing that loading it would refuse to read."""
    toy.processor = MADE[name](PROCESSORS[name])
    folder = hub.save(toy, tmp_path / "mine")
    loaded = seqzoo.load(folder).processor
    assert loaded.get_config() == toy.processor.get_config()
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert files == {file for file, good in seqzoo.verify(folder) if good}


def test_saving_twice_gives_the_same_bytes(toy, tmp_path):
    first, second = hub.save(toy, tmp_path / "a"), hub.save(toy, tmp_path / "b")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_saving_leaves_nothing_beside_the_folder(toy, tmp_path):
    hub.save(toy, tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "config.json",
        "labels.txt",
        "manifest.json",
        "model.safetensors",
    }


def test_files_of_other_kinds_stay_and_are_hashed_anew(toy, bundled):
    toy.hidden.kernel.assign(toy.hidden.kernel + 1)
    hub.save(toy, bundled)
    assert (bundled / "metrics.json").is_file()
    assert all(ok for _, ok in seqzoo.verify("toy_data"))
    assert hub.read_manifest(bundled).repo_id == "zoo/toy_data"
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


def test_a_failed_save_leaves_the_old_model(toy, tmp_path, monkeypatch):
    folder = hub.save(toy, tmp_path / "mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr(toy.processor, "save", fail)
    toy.hidden.kernel.assign(toy.hidden.kernel + 1)
    with pytest.raises(OSError, match="disk full"):
        hub.save(toy, folder)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_two_savers_at_once_leave_one_whole_model(toy, tmp_path):
    folder = tmp_path / "mine"
    errors = []

    def save():
        try:
            for _ in range(5):
                hub.save(toy, folder)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=save) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert all(ok for _, ok in seqzoo.verify(folder))


def _add_one(path):
    from seqzoo.hub.manifest import locked

    for _ in range(20):
        with locked(path.parent):
            path.write_text(str(int(path.read_text()) + 1))


def test_the_lock_holds_between_processes(tmp_path):
    counter = tmp_path / "folder" / "counter"
    counter.parent.mkdir()
    counter.write_text("0")
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        pool.map(_add_one, [counter, counter])
    assert counter.read_text() == "40"


def test_float16_halves_the_weights_and_gives_each_variable_its_dtype(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine", weights_dtype="float16")
    arrays = load_file(folder / "model.safetensors")
    assert {array.dtype for array in arrays.values()} == {np.dtype("float16")}
    loaded = seqzoo.load(folder)
    assert {variable.dtype for variable in loaded.weights} == {"float32"}
    np.testing.assert_allclose(answer(loaded), answer(toy), atol=1e-2)


def test_float16_refuses_weights_that_it_cannot_hold(toy, tmp_path):
    toy.out.bias.assign([1e5, 0.0])
    with pytest.raises(ValueError, match=r"out/bias.*float32"):
        hub.save(toy, tmp_path / "mine", weights_dtype="float16")
    assert not (tmp_path / "mine").exists()


def test_an_unknown_weights_dtype_is_refused(toy, tmp_path):
    with pytest.raises(ValueError, match=r"float32, float16, int8.*'int4'"):
        hub.save(toy, tmp_path / "mine", weights_dtype="int4")


def test_only_models_of_the_zoo_are_saved(tmp_path):
    with pytest.raises(ValueError, match="Sequential"):
        hub.save(keras.Sequential(), tmp_path / "mine")


def test_an_unbuilt_model_is_not_saved(toy, tmp_path):
    with pytest.raises(ValueError, match="no weights yet"):
        hub.save(type(toy)(toy.config), tmp_path / "mine")


def test_dtype_sets_the_policy_of_this_model_alone(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    before = keras.config.dtype_policy().name
    loaded = seqzoo.load(folder, dtype="bfloat16")
    assert {variable.dtype for variable in loaded.weights} == {"bfloat16"}
    assert keras.config.dtype_policy().name == before
    again = seqzoo.load(hub.save(loaded, tmp_path / "again"))
    assert {variable.dtype for variable in again.weights} == {"float32"}


def test_an_override_that_changes_no_weight_is_taken(toy, tmp_path):
    loaded = seqzoo.load(hub.save(toy, tmp_path / "mine"), dropout=0.5)
    assert loaded.config.dropout == 0.5 and loaded.config.sizes == (1, 2)


def test_an_unknown_override_is_refused_with_the_nearest_name(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    with pytest.raises(ValueError, match=r"'unit'. Did you mean 'units'"):
        seqzoo.load(folder, unit=3)


def test_an_override_that_changes_shapes_is_refused_and_lists_them(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    with pytest.raises(ValueError, match=r"units=5.*build.*hidden/kernel.*\(3, 5\)"):
        seqzoo.load(folder, units=5)


def test_build_gives_the_changed_architecture_with_fresh_weights(bundled, toy):
    model = seqzoo.build("toy_data", units=5)
    assert model.hidden.kernel.shape == (3, 5)
    assert model.processor.labels == ["cat", "dog"]
    fresh = seqzoo.build("toy_data")
    assert not np.array_equal(answer(fresh), answer(toy))


def test_keys_must_match_exactly(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    arrays = load_file(folder / "model.safetensors")
    arrays["hidden/scale"] = arrays.pop("hidden/bias")
    arrays["out/bias"] = np.zeros(7, "float32")
    save_file(arrays, folder / "model.safetensors")
    hub.write_manifest(folder)
    with pytest.raises(ValueError) as caught:
        seqzoo.load(folder)
    for part in (
        "missing hidden/bias",
        "unknown hidden/scale",
        "out/bias: the model's is (2,), the file's (7,)",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_load_that_is_cut_short_leaves_the_next_one_whole(
    toy, tmp_path, monkeypatch, error
):
    """Keras keeps a list of variables that wait for a value: none stays on it."""
    read_tensors = saved.read_tensors

    def cut(files, origin):
        shapes, readers = read_tensors(files, origin)

        def stop():
            raise error

        return shapes, {**readers, sorted(readers)[1]: stop}

    folder = hub.save(toy, tmp_path / "toy")
    with monkeypatch.context() as patch:
        patch.setattr(saved, "read_tensors", cut)
        with pytest.raises(error):
            seqzoo.load(folder)
    np.testing.assert_allclose(answer(seqzoo.load(folder)), answer(toy))


def test_a_file_that_is_no_safetensors_is_refused(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    (folder / "model.safetensors").write_bytes(b"\x80\x04K\x01.")  # a pickle of 1
    hub.write_manifest(folder)
    with pytest.raises(ValueError, match="no readable safetensors"):
        seqzoo.load(folder)


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    hub.write_manifest(folder)


def test_a_class_that_is_not_ours_is_never_looked_up(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    edit_config(folder, **{"class": "os.system"})
    with pytest.raises(ValueError, match=r"'os.system', which seqzoo lacks"):
        seqzoo.load(folder)


def test_a_processor_that_is_not_ours_is_never_looked_up(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine")
    edit_config(folder, processor={"class": "Popen", "config": {}})
    with pytest.raises(ValueError, match=r"'Popen'.*seqzoo lacks"):
        seqzoo.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seqzoo_format": 3}, "pip install -U seqzoo"),
        ({"config": None}, "must hold a `class` and its `config`"),
    ],
)
def test_a_config_of_another_form_is_refused(toy, tmp_path, changes, message):
    folder = hub.save(toy, tmp_path / "mine")
    edit_config(folder, **changes)
    with pytest.raises(ValueError, match=message):
        seqzoo.load(folder)
