"""`translate` on raw text, with a tiny model that learned a toy corpus."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.data import TranslationBatches, toy_pairs
from seqzoo.decoding import beam_search, continuous_batching
from seqzoo.models import Seq2Seq, Seq2SeqConfig
from seqzoo.processors import TranslationProcessor
from seqzoo.tasks.metrics.bleu import detokenized_bleu, moses_bleu, moses_text
from seqzoo.tasks.translation import LabelSmoothedCrossEntropy, Translation
from tests.graphs import needs_tracing, without_xla

PAIRS = toy_pairs(160)


@pytest.fixture(scope="module")
@without_xla()
def trained():
    keras.utils.set_random_seed(0)
    processor = TranslationProcessor.train(PAIRS.source, PAIRS.target, vocab_size=120)
    model = Seq2Seq(
        Seq2SeqConfig(
            vocab_size=processor.vocab_size,
            embed_dim=16,
            encoder_units=12,
            decoder_units=24,
            attention_units=16,
        )
    )
    model.processor = processor
    batches = TranslationBatches(
        processor.encode_sources(PAIRS.source),
        processor.encode_targets(PAIRS.target),
        batch_size=32,
        multiple=32,
    )(0)
    model(model.example_inputs())
    model.compile(
        keras.optimizers.Adam(0.02), LabelSmoothedCrossEntropy(0.0), jit_compile=False
    )
    # Else the first step would make the variables of Adam, and be traced twice.
    model.optimizer.build(model.trainable_variables)
    for _ in range(20):
        for batch in batches:
            model.train_on_batch(*batch)
    return model


@pytest.fixture
def model(trained, graphs):
    """The trained model, whose searches are not worth compiling."""
    return trained


def test_one_text_gives_one_text_and_a_list_a_list(trained, monkeypatch):
    """And an empty list an empty list; by searches that XLA compiles."""
    model = trained
    monkeypatch.setattr(continuous_batching, "XLA_SOURCES", 1)
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    text = PAIRS.source[0]
    single = model.translate(text)
    assert isinstance(single, str)
    assert single
    assert model.translate([text]) == [single]
    assert model.translate([]) == []


def test_it_learned_something(model):
    """The toy corpus is mostly translated: the verb decodes what it was taught."""
    assert detokenized_bleu(model.translate(PAIRS.source), PAIRS.target).score > 60


def test_a_text_alone_and_in_a_batch_is_translated_alike(model):
    """Neighbours, order and padding change nothing."""
    texts = [PAIRS.source[0], "", "Dogs.", " ".join(PAIRS.source[:3]), PAIRS.source[1]]
    together = model.translate(texts)
    assert together == [model.translate(text) for text in texts]
    assert model.translate(texts[::-1]) == together[::-1]


def test_rows_that_come_and_go_find_what_a_text_alone_finds(model, monkeypatch):
    """More texts than rows: some take the places of others, or move on with them."""
    moves = []
    moved = continuous_batching._Batch.moved

    def watched(batch, rows, queue, start):
        after = moved(batch, rows, queue, start)
        if batch.busy_rows:
            steps = [each.beams.tokens.shape[-1] for each in (batch, after)]
            moves.append((rows, *steps))
        return after

    monkeypatch.setattr(continuous_batching._Batch, "moved", watched)
    monkeypatch.setattr(continuous_batching, "LAST_ROWS", 1)
    monkeypatch.setattr(model, "batch_size", 4)
    texts = ["Dogs.", "A man.", *PAIRS.source[:9], " ".join(PAIRS.source[:3])]
    expected = [model.translate(text) for text in texts]
    assert moves == []
    assert model.translate(texts) == expected
    # To the batch of longer sources, and in the end to a smaller one.
    assert any(rows == 4 and before < after for rows, before, after in moves)
    assert any(rows == 1 and before == after for rows, before, after in moves)


def test_case_of_the_source_does_not_matter(model):
    """Sources are lower-cased before they are read."""
    text = PAIRS.source[2]
    assert model.translate(text.upper()) == model.translate(text)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_blank_text_becomes_an_empty_one(model, text):
    """There is nothing to translate."""
    assert model.translate(text) == ""
    (found,) = model.translate([text], return_attention=True)
    assert found.text == ""


@pytest.mark.parametrize("text", ["🐕 🐕", "日本語のテキスト", "\x00", "<eos>"])
def test_strange_characters_are_translated_somehow(model, text):
    """Unknown characters, emoji, special tokens typed by hand: a string comes back."""
    assert isinstance(model.translate(text), str)


def test_five_hundred_words_are_translated(model):
    """Long input gives output; beyond the processor's limit a clear error."""
    assert isinstance(model.translate("a " * 500), str)
    with pytest.raises(ValueError, match="at most 1024 tokens"):
        model.translate("dogs " * 2000)


def test_n_best_are_distinct_and_sorted(model):
    """The first of n best is the single best; scores fall."""
    best = model.translate(PAIRS.source[0], beam_size=4, n_best=4)
    assert len(set(best)) == 4
    assert best[0] == model.translate(PAIRS.source[0], beam_size=4)
    found = model.translate(
        PAIRS.source[0], beam_size=4, n_best=4, return_attention=True
    )
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)


def test_attention_comes_with_the_pieces(model):
    """A row for each target piece, a column for each source piece, rows sum to 1."""
    found = model.translate(PAIRS.source[0], return_attention=True)
    assert isinstance(found, Translation)
    shape = (len(found.target_tokens), len(found.source_tokens))
    assert found.attention.shape == shape
    np.testing.assert_allclose(found.attention.sum(-1), 1, atol=1e-5)
    assert found.source_tokens[-1] == "<eos>"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": 3}, "string or a list"),
        ({"texts": b"dogs"}, "string or a list"),
        ({"texts": [None]}, "must be a str"),
        ({"texts": "dogs", "beam_size": 0}, "beam_size"),
        ({"texts": "dogs", "n_best": 6}, "n_best"),
        ({"texts": "dogs", "length_penalty": -1}, "length_penalty"),
        ({"texts": "dogs", "length_penalty": "1"}, "length_penalty='1'"),
        ({"texts": "dogs", "beam_size": True}, "beam_size=True"),
    ],
)
def test_wrong_requests_are_refused(model, arguments, message):
    """The error says what was wanted."""
    with pytest.raises(ValueError, match=message):
        model.translate(**arguments)


def test_without_a_processor_the_error_says_so():
    """An architecture alone cannot read text."""
    with pytest.raises(ValueError, match="no processor"):
        Seq2Seq(Seq2SeqConfig(vocab_size=9)).translate("dogs")


def test_loss_without_smoothing_equals_keras():
    """And with smoothing it equals cross-entropy against the smoothed one-hot."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 3, 7)).astype("float32")
    labels = rng.integers(0, 7, (2, 3))
    real = np.array([[1, 1, 0], [1, 0, 0]], "float32")
    for smoothing in (0.0, 0.1):
        ours = LabelSmoothedCrossEntropy(smoothing)(labels, logits, sample_weight=real)
        theirs = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=smoothing, reduction="none"
        )(np.eye(7)[labels], logits)
        expected = (ops.convert_to_numpy(theirs) * real).sum() / real.sum()
        assert float(ours) == pytest.approx(float(expected), abs=1e-5)


def test_loss_comes_back_from_its_config():
    """A saved model keeps its smoothing."""
    loss = keras.losses.get(keras.losses.serialize(LabelSmoothedCrossEntropy(0.2)))
    assert loss.smoothing == 0.2


def test_moses_text_is_that_of_the_published_scores():
    """Lower-cased, split off, escaped."""
    assert moses_text(['Er sagt „Hallo", nicht wahr?'], "de") == [
        "er sagt &quot; hallo &quot; , nicht wahr ?"
    ]


def test_perfect_translations_score_100_by_both_pipelines():
    """And the signatures tell the pipelines apart."""
    texts = ["Zwei Hunde spielen im Schnee.", "Ein Mann mit Hut steht am Fenster."]
    moses = moses_bleu(texts, moses_text(texts, "de"), "de")
    plain = detokenized_bleu(texts, texts)
    assert moses.score == pytest.approx(100)
    assert plain.score == pytest.approx(100)
    assert "tok:none" in moses.signature
    assert "tok:13a" in plain.signature
    with pytest.raises(ValueError, match="2 hypotheses, 1 references"):
        detokenized_bleu(texts, texts[:1])


def test_hypotheses_of_one_text_count_once(model, monkeypatch):
    """The best of each text stays; with fewer texts than wanted, all of them."""
    found = [([7, 3], -1.0), ([8, 3], -2.0), ([9, 3], -3.0)]
    texts = {7: "Hunde.", 8: "Hunde.", 9: "Ein Hund."}
    monkeypatch.setattr(model, "_search", lambda *_: [found])
    monkeypatch.setattr(model.processor, "decode", lambda ids: texts[ids[0]])
    assert model.translate("x", n_best=2) == ["Hunde.", "Ein Hund."]
    assert model.translate("x", n_best=3) == ["Hunde.", "Ein Hund."]


def test_translations_of_a_text_differ(model):
    for translations in model.translate(PAIRS.source[:4], beam_size=5, n_best=5):
        assert len(set(translations)) == len(translations)


def test_numbers_may_be_numpys(model):
    text = PAIRS.source[0]
    one = model.translate(text, np.int64(2), np.float32(1), np.int64(1))
    assert one == model.translate(text, 2)


@pytest.mark.parametrize("pair", [("the cat", "the cat"), (["the cat"], ["the cat"])])
def test_bleu_of_short_texts_counts_the_ngrams_there_are(pair):
    bleu = detokenized_bleu(*pair)
    assert bleu.score == pytest.approx(100)
    assert "eff:yes" in bleu.signature
    assert "eff:no" in detokenized_bleu("a b c d e", "a b c d f").signature


@needs_tracing
def test_a_length_penalty_of_any_value_is_compiled_once(model, monkeypatch):
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    traces = []

    def traced(*arguments):
        traces.append(arguments)
        return beam_search(*arguments)

    monkeypatch.setattr(continuous_batching, "beam_search", traced)
    scores = []
    for penalty in (0, 0.5, 2.0):
        (found,) = model.translate(["Dogs."], 2, penalty, return_attention=True)
        scores.append(found.score * len(found.target_tokens) ** penalty)
    assert len(traces) == 1
    np.testing.assert_allclose(scores, scores[0], rtol=1e-5)  # of one translation


@needs_tracing
def test_a_new_length_or_number_of_texts_is_traced_at_most_once(model, monkeypatch):
    """On TensorFlow one graph takes all; elsewhere few shapes are compiled."""
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    traces = []

    def traced(*arguments):
        traces.append(arguments)
        return beam_search(*arguments)

    monkeypatch.setattr(continuous_batching, "beam_search", traced)
    words = " ".join(PAIRS.source).split()
    for count, length in ((1, 3), (1, 9), (1, 30), (2, 5), (3, 6), (7, 4)):
        texts = [" ".join(words[i : i + length]) for i in range(count)]
        assert len(model.translate(texts, 2)) == count
    assert len(traces) <= (1 if keras.backend.backend() == "tensorflow" else 4)
