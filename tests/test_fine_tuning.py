"""The page on fine-tuning models of images does what it shows."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo.tasks import base
from seqzoo.tasks.base import variables_by_key
from tests.graphs import uncompiled

PAGE = Path(__file__).parent.parent / "docs" / "fine-tuning-images.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
LABELS = ["red cell", "white cell", "platelet"]


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    """Runs the page's blocks in turn, each once, and keeps the names that each left."""
    names, after_each = {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        compiled = keras.Model.compile
        # A few steps are not worth compiling.
        patch.setattr(
            keras.Model,
            "compile",
            lambda *model, **options: compiled(
                *model, **options | {"jit_compile": False, "run_eagerly": True}
            ),
        )
        patch.setattr(base, "compile_for", uncompiled)
        for block in BLOCKS:
            exec(block, names)
            after_each.append(dict(names))
        yield after_each


def weights_of(model):
    weights = variables_by_key(model)
    return {key: ops.convert_to_numpy(value) for key, value in weights.items()}


def test_all_weights_learn_the_new_classes_and_are_saved(blocks):
    names = blocks[1]
    before, after = weights_of(names["small"]), weights_of(names["model"])
    for key, weight in after.items():
        if key.startswith("logits/"):
            assert weight.shape[-1] == 3
        else:  # near what was trained, but no longer that
            assert not np.array_equal(weight, before[key])
            np.testing.assert_allclose(weight, before[key], atol=0.01)
    saved = seqzoo.load("./my_cells")
    assert saved.processor.labels == LABELS
    images = names["images"]
    np.testing.assert_allclose(
        saved.probabilities(images), names["model"].probabilities(images), atol=1e-3
    )


def test_the_last_layer_alone_learns_from_vectors(blocks):
    names = blocks[2]
    model, trained = names["model"], weights_of(seqzoo.load("./my_vit"))
    for key, weight in weights_of(model).items():
        if not key.startswith("logits/"):
            np.testing.assert_array_equal(weight, trained[key])
    classes = model.probabilities(names["images"]).argmax(axis=1)
    assert (classes == names["labels"]).mean() > 0.9


def test_a_recipe_trains_and_records(blocks):
    model = blocks[3]["model"]
    assert (model.info.task, list(model.info.metrics)) == (
        "image-classification",
        ["accuracy"],
    )
    assert model.processor.labels == LABELS
    assert Path("trained/my_cells/metrics.json").is_file()
