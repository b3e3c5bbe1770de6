"""What is special to Swin checkpoints of transformers.

That their logits are right is in `test_classifiers.py`; `test_vit.py` has what both
families share.
"""

import json
import shutil

import numpy as np
import pytest

import seqzoo
from tests.convert.checkpoints import GOLDEN, changed, logits


@pytest.fixture
def copy(tmp_path):
    def of(case):
        return shutil.copytree(GOLDEN / case, tmp_path / case)

    return of


def test_what_is_computed_or_of_pretraining_is_left_out(copy):
    """Files of transformers 4 hold the index of the table, too."""
    folder = copy("swin")
    index = "swin.encoder.layers.0.blocks.0.attention.self.relative_position_index"
    mask_token = "swin.embeddings.mask_token"
    more = {index: np.zeros((16, 16), "int64"), mask_token: np.zeros((1, 1, 6))}
    changed(folder, lambda tensors: tensors.update(more))
    actual, expected = logits(folder)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_the_class_tokens_place_of_transformers_4_is_left_out(copy):
    folder = copy("swin_positions")
    name = "swin.embeddings.position_embeddings"

    def with_class_token(tensors):
        token = np.ones((1, 1, 6), "float32")
        tensors[name] = np.concatenate([token, tensors[name]], axis=1)

    changed(folder, with_class_token)
    actual, expected = logits(folder)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_the_config_is_the_checkpoints():
    model = seqzoo.load(GOLDEN / "swin_no_bias")
    config = model.config
    assert (config.depths, config.num_heads, config.window_size) == ((2, 2), (2, 3), 4)
    assert (config.use_bias, config.epsilon, config.drop_path) == (False, 0.1, 0.1)
    # Whatever the config says, as in their code.
    norms = [model.patch_norm, *(merging.norm for merging in model.mergings)]
    assert {norm.epsilon for norm in norms} == {1e-5}
    assert seqzoo.info(GOLDEN / "swin").class_name == "Swin"


def test_another_window_resamples_the_tables():
    model = seqzoo.load(GOLDEN / "swin", window_size=6)
    assert model.blocks[3].attention.bias_table.shape == (11, 11, 3)


def test_a_checkpoint_without_its_head_is_refused(copy):
    folder = copy("swin")
    changed(folder, lambda tensors: tensors.pop("classifier.weight"))
    with pytest.raises(
        ValueError, match=r"missing classifier\.weight.*with their head"
    ):
        seqzoo.load(folder)


def test_patches_must_be_square(copy):
    folder = copy("swin")
    settings = json.loads((folder / "config.json").read_text()) | {"patch_size": [2, 4]}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="square"):
        seqzoo.load(folder)
