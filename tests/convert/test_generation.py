"""What checkpoints generate: token for token what transformers generated."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

import seqzoo
from seqzoo.processors import CharacterProcessor
from seqzoo.processors.base import TextProcessor
from seqzoo.processors.special_tokens import BOS, EOS, until_eos
from tests.convert import make_golden_texts
from tests.convert.checkpoints import GOLDEN
from tests.convert.test_texts import orders, ours


class Numbers(TextProcessor):
    """Token ids written as numbers."""

    def encode_source(self, text):
        return [*map(int, text.split()), EOS]

    def decode(self, ids):
        return " ".join(str(int(i)) for i in until_eos(ids) if i > EOS)


def some(cases, *quick):
    """Each case is compiled; most of them are slow."""
    return [c if c in quick else pytest.param(c, marks=pytest.mark.slow) for c in cases]


GPT2 = some(make_golden_texts.GPT2, "gpt2_odd")
QUICK = "marian_apart"
MARIAN = some(make_golden_texts.MARIAN, QUICK)


def characters(model, end_id):
    """A processor of one character for each token id."""
    size = model.config.vocab_size
    processor = CharacterProcessor("".join(map(chr, range(256, 256 + size))))
    processor.end_id = end_id
    return processor


@pytest.mark.parametrize("case", GPT2)
def test_gpt2_generates_the_same_tokens(case):
    model = seqzoo.load(GOLDEN / case)
    model.processor = characters(model, end_id=5)
    golden = load_file(GOLDEN / case / "golden.safetensors")
    prompts = [model.processor.decode(ids[:5]) for ids in golden["token_ids"]]
    texts = model.generate(prompts, max_new_tokens=12, temperature=0)
    for text, expected in zip(texts, golden["greedy"], strict=True):
        ended = np.cumsum(expected == 5) > 0
        assert model.processor.encode(text).tolist() == expected[~ended].tolist()


def test_gpt2_scores_a_text_as_transformers():
    model = seqzoo.load(GOLDEN / "gpt2")
    golden = load_file(GOLDEN / "gpt2" / "golden.safetensors")
    ids, logits = golden["token_ids"], golden["logits"].astype("float64")
    log_sums = np.log(np.exp(logits).sum(-1))[:, :-1]
    chosen = np.take_along_axis(logits[:, :-1], ids[:, 1:, None], axis=-1)[..., 0]
    score = model.cross_entropy(ids)
    assert score.nats == pytest.approx((log_sums - chosen).sum(), rel=1e-5)


def marian(folder, expected, **settings):
    """Our translations and the golden ones, as lists of our ids without the ends."""
    model = seqzoo.load(folder)
    model.processor = Numbers()
    golden = load_file(folder / "golden.safetensors")
    source, target = orders(folder)
    ids = ours(golden["source_ids"], source, golden["mask"])
    texts = [" ".join(str(i) for i in row if i > EOS) for row in ids]
    answers = model.translate(texts, **settings)
    actual = [[int(i) for i in answer.split()] for answer in answers]
    theirs = []
    for row in ours(golden[expected], target):
        row = row[1:].tolist()  # without the start
        end = row.index(EOS) if EOS in row else len(row)
        theirs.append([i for i in row[:end] if i > BOS])
    return actual, theirs


@pytest.mark.parametrize("case", MARIAN)
def test_marian_translates_to_the_same_tokens(case):
    actual, expected = marian(GOLDEN / case, "greedy", beam_size=1)
    assert actual == expected


# transformers keeps ended hypotheses apart; here they compete with those that go on.
DIFFERS = pytest.mark.xfail(reason="our search is another one", strict=True)
BEAMS = [
    pytest.param("marian_untied", marks=[pytest.mark.slow, DIFFERS]),
    *some(
        [case for case in make_golden_texts.MARIAN if case != "marian_untied"], QUICK
    ),
]


@pytest.mark.parametrize("case", BEAMS)
def test_marian_searches_beams_for_the_same_tokens(case):
    actual, expected = marian(GOLDEN / case, "beams")
    assert actual == expected


def test_settings_of_generation_are_obeyed():
    config = seqzoo.load(GOLDEN / "marian").config
    assert config.beam_size == 3
    assert config.max_target_tokens == make_golden_texts.MAX_LENGTH - 2
    order = orders(GOLDEN / "marian")[1]
    assert [order[i] for i in config.forbidden_ids] == [make_golden_texts.BAD_WORD]


def test_settings_that_are_not_applied_are_named(tmp_path):
    folder = shutil.copytree(GOLDEN / "marian", tmp_path / "marian")
    path = folder / "generation_config.json"
    settings = json.loads(path.read_text()) | {"repetition_penalty": 1.3}
    path.write_text(json.dumps(settings))
    with pytest.warns(UserWarning, match=r"repetition_penalty=1\.3"):
        seqzoo.load(folder)
