"""The figure of a transformer's heads."""

import numpy as np
import pytest

from seqzoo import plot
from seqzoo.models import GPT, GPTConfig, Transformer, TransformerConfig
from seqzoo.models.text_attention import TextAttention
from seqzoo.plot.model_plots import draw_heads
from seqzoo.processors import CharacterProcessor, TranslationProcessor

pytest.importorskip("matplotlib")
TEXT = "the dog $x_1$ and\nthe cat"
SIZES = {"embed_dim": 8, "decoder_layers": 2, "encoder_layers": 1}


@pytest.fixture(scope="module")
def writer():
    processor = CharacterProcessor.train(TEXT)
    sizes = {"embed_dim": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8}
    model = GPT(GPTConfig(processor.vocab_size, window=64, **sizes))
    model.processor = processor
    return model


@pytest.fixture(scope="module")
def translator():
    processor = TranslationProcessor.train(
        ["two dogs play", "a cat"], ["zwei Hunde spielen", "eine Katze"], vocab_size=40
    )
    heads = {"encoder_heads": 4, "decoder_heads": 2}
    model = Transformer(TransformerConfig(processor.vocab_size, **SIZES, **heads))
    model.processor = processor
    return model


def test_a_writer_attends_to_earlier_tokens(writer):
    attention = writer.read_attention(TEXT)
    assert "".join(attention.queries) == "".join(attention.keys) == TEXT
    assert attention.weights.shape == (2, 2, len(TEXT), len(TEXT))
    np.testing.assert_allclose(attention.weights.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("part", "layers", "heads"), [("cross", 2, 2), ("encoder", 1, 4), ("decoder", 2, 2)]
)
def test_a_translator_has_three_kinds_of_attention(translator, part, layers, heads):
    attention = translator.read_attention("two dogs", part)
    sides = len(attention.queries), len(attention.keys)
    assert attention.weights.shape == (layers, heads, *sides)
    np.testing.assert_allclose(attention.weights.sum(-1), 1, rtol=1e-5)
    assert ("</s>" in attention.keys[-1] or "eos" in attention.keys[-1]) == (
        part != "decoder"
    )


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_figure_is_written(writer, tmp_path, suffix):
    path = tmp_path / f"heads.{suffix}"
    assert draw_heads(writer, TEXT, path, layer=0) == path
    assert path.stat().st_size > 1000


def test_a_long_text_is_drawn_without_labels(tmp_path):
    weights = np.full((1, 5, 300, 300), 1 / 300, "float32")
    attention = TextAttention(("a",) * 300, ("a",) * 300, weights)
    assert plot.plot_heads(attention, tmp_path / "long.png").is_file()


def test_wrong_choices_are_refused(writer, translator, tmp_path):
    attention, out = writer.read_attention("the"), tmp_path / "x.png"
    with pytest.raises(ValueError, match=r"`layer` must be in \[-2, 2\)"):
        plot.plot_heads(attention, out, layer=2)
    with pytest.raises(ValueError, match=r"`head` must be in \[0, 2\)"):
        plot.plot_heads(attention, out, head=2)
    with pytest.raises(ValueError, match="`part` must be one of encoder, decoder"):
        translator.read_attention("two", part="both")
    with pytest.raises(ValueError, match="--part is for translators"):
        draw_heads(writer, "the", out, part="cross")
    assert not out.exists()
