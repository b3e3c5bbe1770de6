"""Classifiers of transformers: logits equal to those that transformers computed.

The folders in `golden` were made once by `make_golden.py`, which needs transformers and
PyTorch; a slow test makes them anew.
"""

import json
import shutil

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file

import seqzoo
from tests.convert import make_golden
from tests.convert.checkpoints import GOLDEN, changed, logits

MAKERS = dict.fromkeys(make_golden.VIT, make_golden.make_vit)
MAKERS |= dict.fromkeys(make_golden.SWIN, make_golden.make_swin)
CASES = sorted(MAKERS)


@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_transformers(case):
    actual, expected = logits(GOLDEN / case)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_a_new_checkpoint(case, tmp_path):
    pytest.importorskip("transformers")
    MAKERS[case](case, tmp_path, seed=1)
    actual, expected = logits(tmp_path / case)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def edited(case, tmp_path, **changes):
    """A copy of a case with other settings in its `config.json`."""
    folder = shutil.copytree(GOLDEN / case, tmp_path / case)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


PIXELS = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype("uint8")


@pytest.mark.parametrize("case", ["vit", "swin"])
def test_labels_that_exclude_no_other_have_sigmoids(case, tmp_path):
    """The function that transformers' pipeline applies to the same logits."""
    folder = edited(case, tmp_path, problem_type="multi_label_classification")
    model = seqzoo.load(folder)
    pixels = model.processor.encode([PIXELS])
    scores = ops.convert_to_numpy(model(pixels))[0].astype("float64")
    expected = 1 / (1 + np.exp(-scores))
    actual = model.classify(PIXELS, top=3)
    order = np.argsort(-expected)
    assert [p.label for p in actual] == [model.processor.labels[i] for i in order]
    np.testing.assert_allclose(
        [p.probability for p in actual], expected[order], atol=1e-6
    )
    again = seqzoo.load(seqzoo.save(model, tmp_path / "ours"))
    assert again.classify(PIXELS, top=3) == actual
    usual = seqzoo.load(GOLDEN / case).classify(PIXELS, top=3)
    assert abs(sum(p.probability for p in usual) - 1) < 1e-6


@pytest.mark.parametrize(
    ("case", "changes", "message"),
    [
        ("vit", {"problem_type": "regression"}, "problem_type='regression'"),
        ("vit", {"num_labels": 7}, "`num_labels` is 7"),
        ("vit", {"quantization_config": {"bits": 4}}, "quantization_config"),
        ("vit", {"pruned_heads": {"0": [1]}}, "pruned_heads"),
        ("swin", {"problem_type": "regression"}, "problem_type='regression'"),
        ("swin", {"num_attention_heads": [3, 3]}, "two names of one setting"),
        ("detr", {"hidden_size": 99}, "two names of one setting"),
        ("detr", {"num_hidden_layers": 9}, "two names of one setting"),
        ("detr", {"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_a_setting_that_would_change_the_answer_is_refused(
    case, changes, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        seqzoo.load(edited(case, tmp_path, **changes))


@pytest.mark.parametrize(
    "change",
    [
        {"do_flip_channel_order": True},
        {"default_to_square": False},
        {"crop_pct": 0.9},
        {"rescale_offset": True},
        {"do_grayscale": True},
    ],
)
def test_so_is_one_of_the_preprocessor(change, tmp_path):
    folder = edited("vit", tmp_path)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=next(iter(change))):
        seqzoo.load(folder)


def headless(case, tmp_path):
    """What `ViTModel.save_pretrained` writes: no head, and no prefix."""
    folder = edited(case, tmp_path, architectures=["Model"])
    settings = json.loads((folder / "config.json").read_text())
    settings.pop("id2label"), settings.pop("label2id")
    (folder / "config.json").write_text(json.dumps(settings))

    def change(tensors):
        for name in list(tensors):
            array = tensors.pop(name)
            if not name.startswith("classifier."):
                tensors[name.partition(".")[2]] = array

    changed(folder, change)
    return folder


@pytest.mark.parametrize("case", ["vit", "vit_new_names", "swin", "swin_positions"])
@pytest.mark.parametrize("num_classes", [5, 2])
def test_a_backbone_gets_a_fresh_head(case, num_classes, tmp_path):
    folder = headless(case, tmp_path)
    if case == "vit":  # its file has the pooler, which no classifier uses
        pooler = {"pooler.dense.weight": np.zeros((12, 12), "f")}
        changed(folder, lambda tensors: tensors.update(pooler))
    model = seqzoo.load(folder, num_classes=num_classes)
    whole = seqzoo.load(GOLDEN / case)
    pixels = load_file(GOLDEN / case / "golden.safetensors")["pixels"]
    assert model(pixels).shape[-1] == num_classes
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.pooled(pixels)),
        ops.convert_to_numpy(whole.pooled(pixels)),
        atol=1e-6,
    )
    assert len(model.processor.labels) == num_classes
    assert ops.convert_to_numpy(model.logits.kernel).std() > 0


def test_without_a_number_of_classes_it_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match=r"has no head.*Pass num_classes"):
        seqzoo.load(headless("vit", tmp_path))
