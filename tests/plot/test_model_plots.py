"""`seqzoo plot` of vision models: each figure shows the right image."""

import functools

import numpy as np
import pytest
from keras import ops
from PIL import Image

import seqzoo
from seqzoo import cli, hub
from seqzoo.models import (
    DETR,
    MemoryNetwork,
    MemoryNetworkConfig,
    RecurrentLM,
    RecurrentLMConfig,
    Swin,
    SwinConfig,
    ViT,
    ViTConfig,
)
from seqzoo.plot import model_plots
from seqzoo.processors import (
    CharacterProcessor,
    DetectionProcessor,
    ImageProcessor,
    StoryProcessor,
)
from seqzoo.tasks import base
from tests.graphs import uncompiled
from tests.models.tiny import TINY_DETR

PIXELS = np.random.default_rng(0).integers(256, size=(24, 32, 3)).astype("uint8")


def vit():
    # 14 pixels of a row hold three patches: two pixels are left out.
    config = ViTConfig((8, 14), 4, 3, 2, 8, 2, 2, 8)
    model = ViT(config)
    model.processor = ImageProcessor(["cat", "dog"], (8, 14), resize=(12, 16))
    return model


def swin():
    # 9 pixels need five patches: the last ones reach a pixel beyond.
    config = SwinConfig((9, 8), 2, 3, 2, 4, (2, 1), (2, 2), 2)
    model = Swin(config)
    model.processor = ImageProcessor(["cat", "dog"], (9, 8))
    return model


def detr():
    model = DETR(TINY_DETR)
    model.processor = DetectionProcessor(["cat", "dog", "ball"], 24, 48)
    return model


def stories():
    model = MemoryNetwork(MemoryNetworkConfig(vocab_size=7, embed_dim=4))
    model.processor = StoryProcessor("abcdef")
    return model


def language():
    model = RecurrentLM(RecurrentLMConfig(vocab_size=3, embed_dim=2, units=2))
    model.processor = CharacterProcessor.train("abc")
    return model


@pytest.fixture
def load(monkeypatch):
    """Gives every name the model that a function makes, and returns the model."""

    def give(make):
        model = built(make)
        monkeypatch.setattr(seqzoo, "load", lambda name: model, raising=False)
        return model

    # One image is not worth compiling.
    monkeypatch.setattr(base, "compile_for", uncompiled)
    return give


@functools.cache
def built(make):
    """The same model for every test, and on every backend."""
    model = make()
    model(model.example_inputs())
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return model


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in" / "scene.png"
    path.parent.mkdir()
    Image.fromarray(PIXELS).save(path)
    return str(path)


@pytest.fixture
def drawn(monkeypatch):
    """What would be drawn: the arguments of the function that draws."""
    found = {}

    def attention(image, weights, out, **rest):
        found.update(rest, weights=weights)
        return out

    def detections(image, objects, out, attention=None):
        found.update(objects=objects, attention=attention)
        return out

    monkeypatch.setattr(model_plots.plot, "plot_attention_map", attention)
    monkeypatch.setattr(model_plots.plot, "plot_detections", detections)
    return found


@pytest.mark.parametrize("make", [vit, swin, detr])
def test_an_image_is_drawn_by_default(load, image, capsys, tmp_path, make):
    load(make)
    out = tmp_path / "a.png"
    assert cli.main(["plot", "toy", image, "--out", str(out)]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("make", "region"),
    [
        # 8 x 12 of the 12 x 16 pixels, from row 2 and column 1 on, doubled.
        (vit, (2, 4, 26, 20)),
        # 10 x 8 pixels of 9 x 8.
        (swin, (0, 0, 32, 24 * 10 / 9)),
    ],
)
def test_the_map_lies_where_its_patches_are(load, image, drawn, make, region):
    model = load(make)
    assert cli.main(["plot", "toy", image, "--out", "a.png"]) == 0
    np.testing.assert_allclose(drawn["region"], region)
    expected = model.attention_map(model.processor.encode([image]))
    np.testing.assert_allclose(drawn["weights"], ops.convert_to_numpy(expected)[0])
    answer = model.classify(image)
    assert drawn["label"] == f"{answer.label} {answer.probability:.2f}"
    assert drawn["source"] == "all layers"


def test_a_layer_and_a_head_can_be_asked_for(load, image, drawn):
    model = load(swin)
    options = ["--layer", "2", "--head", "1"]
    assert cli.main(["plot", "toy", image, "--out", "a.png", *options]) == 0
    pixels = model.processor.encode([image])
    expected = ops.convert_to_numpy(model.attention_map(pixels, layer=2, head=1))
    np.testing.assert_allclose(drawn["weights"], expected[0])
    assert drawn["source"] == "layer 2, head 1"


def test_each_object_has_the_attention_of_its_own_query(load, image, drawn):
    model = load(detr)
    options = ["--threshold", "0.1", "--top", "3", "--layer", "0", "--head", "1"]
    assert cli.main(["plot", "toy", image, "--out", "a.png", *options]) == 0
    inputs = model.processor.encode([image])
    scores = ops.convert_to_numpy(ops.softmax(model(inputs)["logits"]))[0, :, :-1]
    queries = np.argsort(-scores.max(-1), kind="stable")[:3]
    assert queries.tolist() != [0, 1, 2]  # else anybody would get it right
    maps = ops.convert_to_numpy(model.attention(inputs)[0])[0, 1, queries]
    np.testing.assert_allclose(drawn["attention"], maps, atol=1e-6)
    assert len(drawn["objects"]) >= 3
    np.testing.assert_array_equal(
        drawn["objects"].boxes_xyxy, model.detect(image, 0.1).boxes_xyxy
    )


def test_an_image_without_objects_is_drawn_all_the_same(load, image, tmp_path):
    model = load(detr)
    assert not len(model.detect(image, 1.0))
    out = tmp_path / "a.svg"
    command = ["plot", "toy", image, "--threshold", "1", "--out", str(out)]
    assert cli.main(command) == 0
    assert out.is_file()


def test_without_an_image_it_is_the_training(monkeypatch, capsys, tmp_path):
    """Which needs no model, only its log."""
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path))
    model = vit()
    model(model.example_inputs())
    folder = hub.save(model, tmp_path / "toy")
    (folder / "train_log.csv").write_text("epoch,loss\n1,3.5\n2,2.5\n")
    hub.write_manifest(folder)
    monkeypatch.setattr(seqzoo, "load", lambda name: pytest.fail(), raising=False)
    out = tmp_path / "a.svg"
    assert cli.main(["plot", "toy", "--out", str(out)]) == 0
    assert "loss" in out.read_text("utf-8")
    for kind in ("attention", "detections"):
        command = ["plot", "toy", "--kind", kind, "--out", str(out)]
        assert cli.main(command) == 2
        assert "an INPUT, the path of an image for toy" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["attention", "detections"])
@pytest.mark.parametrize("problem", ["missing", "text", "folder"])
def test_what_is_no_image_is_refused_before_a_model_is_loaded(
    monkeypatch, capsys, tmp_path, kind, problem
):
    monkeypatch.setattr(seqzoo, "load", lambda name: pytest.fail(), raising=False)
    path = tmp_path / "scene.png"
    if problem == "text":
        path.write_text("no image")
    elif problem == "folder":
        path.mkdir()
    out = tmp_path / "a.png"
    command = ["plot", "toy", str(path), "--kind", kind, "--out", str(out)]
    assert cli.main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (vit, ["--layer", "2"], "`layer` must be in [-2, 2)"),
        (vit, ["--head", "0"], "needs a single `layer`"),
        (vit, ["--top", "2"], "--top is not for --kind attention"),
        (vit, ["--kind", "detections"], "object detectors have boxes"),
        (detr, ["--layer", "9"], "`layer` must be in [-2, 2)"),
        (detr, ["--kind", "attention"], "vision transformers have such maps"),
        (detr, ["--unit", "9"], "--unit is not for --kind detections"),
        (language, ["--kind", "attention"], "vision transformers have such maps"),
    ],
)
def test_what_the_model_cannot_do_is_refused_in_one_line(
    load, image, capsys, tmp_path, make, options, message
):
    load(make)
    out = tmp_path / "a.png"
    assert cli.main(["plot", "toy", image, "--out", str(out), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not out.exists()


def test_hops_of_a_question(load, tmp_path, capsys):
    load(stories)
    text, out = "A b. B c? C. A?", str(tmp_path / "a.svg")
    assert cli.main(["plot", "toy", text, "--kind", "hops", "--out", out]) == 0
    one = (tmp_path / "a.svg").read_bytes()
    arguments = ["plot", "toy", text, "--kind", "hops", "--question"]
    assert cli.main([*arguments, "0", "--out", out]) == 0
    assert (tmp_path / "a.svg").read_bytes() != one
    assert cli.main([*arguments, "2", "--out", out]) == 2
    assert "`question` must be from 0 to 1" in capsys.readouterr().err


def test_a_model_without_hops_is_refused(load, tmp_path):
    load(language)
    with pytest.raises(ValueError, match="question answerers have hops"):
        model_plots.draw("toy", "a. b?", tmp_path / "a.svg", "hops")
