"""Files of a folder that contradict each other are refused when it is read."""

import json
import shutil
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo.models import FourWayClassifier, RecurrentClassifier, Seq2Seq, ViT
from seqzoo.processors import (
    CharacterProcessor,
    GreyImageProcessor,
    ImageProcessor,
    TimedSeriesProcessor,
    TranslationProcessor,
)
from tests.hub.test_fuzz import small_models

CHECKPOINTS = Path(__file__).parents[1] / "convert" / "golden"
RNN = {"features": 2, "num_classes": 2, "units": 2}
LM = {"vocab_size": 3, "embed_dim": 2, "units": 2, "layers": 1}


def edit(folder, part=None, **changes):
    path = folder / "config.json"
    spec = json.loads(path.read_text())
    target = spec
    for key in part.split("/") if part else ():
        target = target[key]
    target |= changes
    path.write_text(json.dumps(spec))
    if (folder / "manifest.json").exists():
        seqzoo.hub.write_manifest(folder)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("saved")
    for name, model in small_models().items():
        model.build()
        seqzoo.save(model, root / name)
    return root


HUGE = [
    ("lm", {"units": 10**9}),
    ("lm", {"embed_dim": 2**31 - 1}),
    ("lm", {"layers": 30_001}),
    ("lm", {"units": 2**40}),
    ("rnn", {"features": 10**9}),
    ("rnn", {"layers": 10**9}),
    ("vit", {"num_layers": 30_001}),
    ("vit", {"hidden_dim": 10**9}),
    ("vit", {"image_size": 10**6}),
    ("vit", {"patch_size": 1, "image_size": [30_000, 30_000]}),
]


@pytest.mark.parametrize(("name", "sizes"), HUGE)
def test_a_model_that_is_larger_than_its_file_is_never_built(
    saved, tmp_path, name, sizes
):
    folder = shutil.copytree(saved / name, tmp_path / "huge")
    edit(folder, "config", **sizes)
    if "image_size" in sizes:  # as its author would
        side = sizes["image_size"]
        edit(
            folder, "processor/config", size=side if type(side) is list else [side] * 2
        )
        edit(folder, "processor/config", resize=None)
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"huge"):
        seqzoo.load(folder)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("vit", {"hidden_size": 12 * 10**7}),
        ("vit", {"num_hidden_layers": 10**9}),
        ("vit", {"intermediate_size": 10**9}),
        ("swin", {"depths": [10**9, 1]}),
        ("swin", {"depths": [1] * 30_001, "num_heads": [1] * 30_001}),
        ("swin", {"window_size": 10**5}),
        ("detr", {"encoder_layers": 10**8}),
        ("detr", {"d_model": 10**8}),
        ("detr", {"num_queries": 10**9}),
    ],
)
def test_nor_is_one_of_transformers(tmp_path, name, sizes):
    folder = shutil.copytree(CHECKPOINTS / name, tmp_path / "huge")
    edit(folder, **sizes)
    with pytest.raises(ValueError, match=r"huge"):
        seqzoo.load(folder)


def test_the_next_model_is_whole_after_a_refusal(saved, tmp_path):
    """Keras gives waiting variables random values at the next occasion."""
    folder = shutil.copytree(saved / "lm", tmp_path / "huge")
    edit(folder, "config", units=10**9)
    with pytest.raises(ValueError):
        seqzoo.load(folder)
    with keras.StatelessScope():
        pass
    assert seqzoo.load(saved / "lm").built


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("has_manifest", [True, False])
def test_weights_that_are_not_finite_are_refused(
    saved, tmp_path, value, dtype, has_manifest
):
    folder = shutil.copytree(saved / "lm", tmp_path / "nan")
    path = folder / "model.safetensors"
    tensors = {key: array.astype(dtype) for key, array in load_file(path).items()}
    tensors["logits/kernel"].flat[1] = value
    save_file(tensors, path)
    seqzoo.hub.write_manifest(folder)
    if not has_manifest:
        (folder / "manifest.json").unlink()
    with pytest.raises(ValueError, match=r"nan hold NaN or infinite .* logits/kernel"):
        seqzoo.load(folder)


def test_nor_those_of_transformers(tmp_path):
    folder = shutil.copytree(CHECKPOINTS / "vit", tmp_path / "nan")
    path = folder / "model.safetensors"
    save_file({k: v * np.float32("nan") for k, v in load_file(path).items()}, path)
    with pytest.raises(ValueError, match=r"NaN or infinite .* and more"):
        seqzoo.load(folder)


def test_saving_such_weights_warns(saved, tmp_path):
    model = seqzoo.load(saved / "lm")
    model.logits.bias.assign(model.logits.bias * np.nan)
    with pytest.warns(UserWarning, match=r"logits/bias.*load will refuse"):
        seqzoo.save(model, tmp_path / "nan")


TEXTS = ["two dogs play in the snow"] * 3
SEQ = {"embed_dim": 2, "encoder_units": 2, "decoder_units": 2, "attention_units": 2}
GREY = GreyImageProcessor
CONTRADICTIONS = {
    "labels": (RecurrentClassifier, RNN, TimedSeriesProcessor(["a", "b", "c"], 2)),
    "no labels": (RecurrentClassifier, RNN, TimedSeriesProcessor([], 2)),
    "features": (RecurrentClassifier, RNN, TimedSeriesProcessor(["a", "b"], 3)),
    "rows": (RecurrentClassifier, RNN, GREY(["a", "b"], "rows", 28)),
    "pixels": (RecurrentClassifier, RNN, GREY(["a", "b"], "pixels", 28)),
    "plane": (
        FourWayClassifier,
        {"channels": 2, "num_classes": 2, "units": 2, "layers": 1},
        GREY(["a", "b"], "plane", 28),
    ),
    "characters": (None, LM, CharacterProcessor("abcd")),
    "pieces": (
        Seq2Seq,
        {**SEQ, "vocab_size": 9},
        TranslationProcessor.train(TEXTS, TEXTS, 40),
    ),
    "size": (ViT, None, ImageProcessor(["a", "b"], (4, 6), (0.5,), (0.5,))),
    "channels": (ViT, None, ImageProcessor(["a", "b"], (4, 4))),
    "std": (ViT, None, ImageProcessor(["a", "b"], (4, 4), (0.5,), (0.0,))),
    "mean": (ViT, None, ImageProcessor(["a", "b"], (4, 4), (float("nan"),), (1.0,))),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_processor_that_is_not_the_models_is_refused(tmp_path, case):
    cls, config, processor = CONTRADICTIONS[case]
    models = small_models()
    if cls in (ViT, None):
        model = models["vit" if cls else "lm"]
    else:
        model = cls.from_config(config)
    model.build()
    model.processor = processor
    folder = seqzoo.save(model, tmp_path / "odd")
    with pytest.raises(ValueError, match=r"odd (contradicts|has a processor|must be)"):
        seqzoo.load(folder)


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("config", {"units": "2"}, "`units`.*type int"),
        ("config", {"units": True}, "`units`"),
        ("config", {"units": 2.0}, "`units`"),
        ("config", {"zoneout": [None]}, "`zoneout`"),
        ("config", {"dropout": float("nan")}, "`dropout`"),
        ("processor/config", {"labels": "ab"}, "`labels`"),
        ("processor/config", {"labels": {"0": "a", "1": "b"}}, "`labels`"),
        ("processor/config", {"bands": None}, "`bands`"),
        ("processor/config", {"sample_rate": 2 * 10**9}, "`sample_rate` must be from"),
        ("processor/config", {"run": "x"}, "'run', which it lacks"),
        (None, {"processor": {"class": ["x"], "config": {}}}, "seqzoo lacks"),
        (None, {"processor": {"class": "LogMelProcessor"}}, "no `config`"),
    ],
)
def test_a_value_of_another_type_is_named(saved, tmp_path, part, changes, message):
    folder = shutil.copytree(saved / "rnn", tmp_path / "odd")
    edit(folder, part, **changes)
    with pytest.raises(ValueError, match=rf"(?s){message}") as caught:
        seqzoo.load(folder)
    assert "odd" in str(caught.value)


def test_a_processor_makes_no_image_that_fills_the_memory(tmp_path):
    folder = shutil.copytree(CHECKPOINTS / "detr", tmp_path / "huge")
    path = folder / "preprocessor_config.json"
    settings = json.loads(path.read_text())
    edges = {"shortest_edge": 10**6, "longest_edge": 10**9}
    path.write_text(json.dumps(settings | {"size": edges}))
    with pytest.raises(ValueError, match=r"huge.*more than 32,768 pixels"):
        seqzoo.load(folder)
