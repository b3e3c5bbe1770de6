"""Checkpoints of texts: equal to what transformers computed.

The folders in `golden` were made once by `make_golden_texts.py`, which needs
transformers and PyTorch; a slow test makes them anew.
"""

import json
import shutil

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo.ops.vocabularies import ordered_ids
from tests.convert import make_golden_texts
from tests.convert.checkpoints import GOLDEN, changed

CASES = sorted(make_golden_texts.CASES)


def logits_and_expected(folder):
    """Our logits and those of transformers, at real steps, `(places, vocab_size)`."""
    model = seqzoo.load(folder)
    golden = load_file(folder / "golden.safetensors")
    expected = golden["logits"]
    if "source_ids" in golden:
        return _marian(folder, model, golden)
    if "mask" not in golden:  # GPT-2
        return ops.convert_to_numpy(model(golden["token_ids"])), expected
    names = ("token_ids", "mask", "token_type_ids")
    inputs = {name: golden[name] for name in names if name in golden}
    actual = ops.convert_to_numpy(model(inputs))
    if actual.ndim == 2:  # of whole texts
        return actual, expected
    return actual[golden["mask"]], expected[golden["mask"]]


def orders(folder):
    """Marian's id of each of our source ids, and of our target ids."""
    settings = json.loads((folder / "config.json").read_text())
    names = ("pad_token_id", "decoder_start_token_id", "eos_token_id")
    special = [settings[name] for name in names]
    sizes = [settings["vocab_size"]] * 2
    if not settings["share_encoder_decoder_embeddings"]:
        sizes[1] = settings["decoder_vocab_size"]
    return [ordered_ids(size, *special) for size in sizes]


def ours(ids, order, mask=True):
    """Marian's ids as ours; padding is 0."""
    places = {theirs: i for i, theirs in enumerate(order)}
    return np.where(mask, np.vectorize(places.__getitem__)(ids), 0).astype("int32")


def _marian(folder, model, golden):
    source, target = orders(folder)
    inputs = {
        "source_ids": ours(golden["source_ids"], source, golden["mask"]),
        "target_ids": ours(golden["target_ids"], target),
    }
    actual = ops.convert_to_numpy(model(inputs))
    return actual, golden["logits"][..., target]


def check(folder):
    actual, expected = logits_and_expected(folder)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_transformers(case):
    check(GOLDEN / case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_a_new_checkpoint(case, tmp_path):
    pytest.importorskip("transformers")
    make_golden_texts.make(case, tmp_path, seed=1)
    check(tmp_path / case)


def settings_of(folder, file="config.json"):
    return json.loads((folder / file).read_text())


@pytest.fixture
def copy(tmp_path):
    def of(case, **changes):
        folder = shutil.copytree(GOLDEN / case, tmp_path / case)
        settings = settings_of(folder) | changes
        (folder / "config.json").write_text(json.dumps(settings))
        return folder

    return of


@pytest.mark.parametrize("case", ["bert", "roberta_classes", "gpt2", "marian"])
def test_names_as_older_files_have_them(copy, case):
    """TensorFlow's names of the norms, no prefix, buffers that are computed."""
    folder = copy(case)

    def change(tensors):
        for name in list(tensors):
            new = name.removeprefix("transformer.")
            if ("norm" in name.lower() or ".ln_" in name) and case != "marian":
                new = new.replace(".weight", ".gamma").replace(".bias", ".beta")
            tensors[new] = tensors.pop(name)
        more = {
            "bert": "bert.embeddings.position_ids",
            "gpt2": "h.0.attn.bias",
            "marian": "model.encoder.embed_positions.weight",
        }
        if case in more:
            tensors[more[case]] = np.zeros((3, 3), "float32")

    changed(folder, change)
    check(folder)


@pytest.mark.parametrize("case", ["bert", "gpt2", "marian"])
def test_shards_are_read(copy, case):
    folder = copy(case)
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {f"model-0000{k}-of-00002.safetensors": names[k - 1 :: 2] for k in (1, 2)}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    index = {name: file for file, part in parts.items() for name in part}
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": index}))
    check(folder)


@pytest.mark.parametrize("case", ["bert_bfloat", "marian_half", "gpt2_bfloat"])
def test_a_pinned_checkpoint_of_half_precision_is_read(copy, case):
    folder = copy(case)
    seqzoo.hub.write_manifest(folder)
    check(folder)


@pytest.mark.parametrize("case", ["bert", "roberta_classes", "gpt2", "marian"])
def test_a_converted_model_is_saved_as_ours(case, tmp_path):
    model = seqzoo.load(GOLDEN / case)
    again = seqzoo.load(seqzoo.save(model, tmp_path / "ours"))
    inputs = model.example_inputs()
    np.testing.assert_array_equal(
        ops.convert_to_numpy(model(inputs)), ops.convert_to_numpy(again(inputs))
    )


@pytest.mark.parametrize(
    ("case", "changes", "message"),
    [
        (
            "bert",
            {"architectures": ["BertForQuestionAnswering"]},
            "BertForQuestionAnswering, whose head seqzoo lacks. It reads BertModel",
        ),
        (
            "gpt2",
            {"architectures": ["GPT2ForTokenClassification"]},
            "head seqzoo lacks",
        ),
        ("marian", {"architectures": ["MarianForCausalLM"]}, "head seqzoo lacks"),
        ("bert", {"position_embedding_type": "relative_key"}, "relative_key"),
        ("bert", {"is_decoder": True}, "is_decoder=True"),
        ("bert", {"hidden_act": "quick_gelu"}, "quick_gelu"),
        ("bert", {"hidden_size": 15}, r"the model's is \(37, 15\).*\(37, 12\)"),
        ("bert", {"vocab_size": 40}, r"\(40, 12\).*\(37, 12\)"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn"),
        ("gpt2", {"n_positions": 30}, r"\(30, 12\).*\(24, 12\)"),
        ("gpt2", {"n_layer": 3}, "missing transformer.h.2"),
        ("marian", {"normalize_before": True}, "normalize_before"),
        ("marian", {"eos_token_id": 99}, "less than the vocabulary's size"),
        ("marian", {"vocab_size": 50}, "50"),
        (
            "roberta",
            {"tie_word_embeddings": False},
            r"missing lm_head\.decoder\.weight",
        ),
        ("distilbert", {"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_what_cannot_be_exact_is_refused(copy, case, changes, message):
    with pytest.raises(ValueError, match=message):
        seqzoo.load(copy(case, **changes))
