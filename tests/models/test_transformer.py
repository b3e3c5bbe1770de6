"""What is special to `Transformer`: cached decoding equals teacher forcing."""

import dataclasses

import numpy as np
import pytest
from keras import ops

from seqzoo.decoding import BeamSettings, beam_search, best_hypotheses, start_beams
from seqzoo.decoding.continuous_batching import search_all
from seqzoo.models import Transformer, TransformerConfig
from seqzoo.processors.special_tokens import BOS, EOS, PAD, UNK

TINY = {
    "vocab_size": 20,
    "embed_dim": 8,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_heads": 2,
    "decoder_heads": 2,
    "encoder_hidden_dim": 12,
    "decoder_hidden_dim": 12,
}
SOURCE = np.array([[5, 6, 7, 3], [8, 3, 0, 0]], "int32")
TARGET = np.array([[2, 9, 10, 11, 12], [2, 13, 14, 3, 0]], "int32")
VARIANTS = [
    {},
    {"pre_norm": True},
    {"positions": "learned", "scaled_embeddings": False},
    {"source_vocab_size": 9, "tied_output": False},
    {"encoder_heads": 4, "encoder_hidden_dim": 10, "encoder_layers": 1},
    {"decoder_heads": 1, "decoder_hidden_dim": 10, "decoder_layers": 3},
    {"activation": "swish", "epsilon": 0.1},
]


def make(**changes):
    model = Transformer(dataclasses.replace(TransformerConfig(**TINY), **changes))
    model.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.4)
    return model


def numpy_of(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
def test_decoding_steps_equal_teacher_forcing(changes):
    model = make(**changes)
    whole = numpy_of(model({"source_ids": SOURCE, "target_ids": TARGET}))
    beams = 3
    step, state = model.start_decoding(model.read_source(SOURCE), beams)
    for t in range(TARGET.shape[1]):
        tokens = np.repeat(TARGET[:, t : t + 1], beams, axis=1)
        logits, state = step(ops.convert_to_tensor(tokens), state)
        for beam in range(beams):
            np.testing.assert_allclose(
                numpy_of(logits)[:, beam, 3:], whole[:, t, 3:], atol=1e-5
            )


def test_reordered_beams_remember_their_own_tokens():
    """Beams that are reordered at random have the logits of their own history."""
    model, rng = make(), np.random.default_rng(0)
    beams, steps = 3, 7
    step, state = model.start_decoding(model.read_source(SOURCE), beams)
    history = np.full((2, beams, 1), BOS)
    for _ in range(steps):
        logits, state = step(ops.convert_to_tensor(history[:, :, -1]), state)
        for beam in range(beams):
            whole = model({"source_ids": SOURCE, "target_ids": history[:, beam]})
            np.testing.assert_allclose(
                numpy_of(logits)[:, beam, 3:], numpy_of(whole)[:, -1, 3:], atol=1e-5
            )
        parents = rng.integers(0, beams, (2, beams))
        state = state.reordered(ops.convert_to_tensor(parents, "int32"))
        history = np.take_along_axis(history, parents[:, :, None], axis=1)
        tokens = rng.integers(3, 20, (2, beams, 1))
        history = np.concatenate([history, tokens], axis=2)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_beam_search_equals_one_without_a_cache(beam_size):
    """The oracle reads each hypothesis from its start at every step."""
    model, max_steps = make(), 6
    settings = BeamSettings(beam_size, BOS, EOS)

    def search(step, state):
        beams = start_beams(state, 2, max_steps, settings)
        return best_hypotheses(beam_search(step, beams, settings))

    def read_again(tokens, state):
        history, t = state  # (B, K, max_steps), (B, K, 1)
        is_here = ops.arange(max_steps) == t
        history = ops.where(is_here, ops.expand_dims(tokens, -1), history)
        logits = [
            model({"source_ids": SOURCE, "target_ids": history[:, beam]})
            for beam in range(beam_size)
        ]
        logits = ops.take_along_axis(
            ops.stack(logits, axis=1), ops.expand_dims(t, -1), axis=2
        )[:, :, 0]
        never = np.isin(np.arange(20), [PAD, UNK, BOS])
        return ops.where(never, -1e9, logits), (history, t + 1)

    ours = search(*model.start_decoding(model.read_source(SOURCE), beam_size))
    history = ops.full((2, beam_size, max_steps), PAD, "int32")
    theirs = search(read_again, (history, ops.zeros((2, beam_size, 1), "int32")))
    np.testing.assert_array_equal(numpy_of(ours.tokens), numpy_of(theirs.tokens))
    np.testing.assert_allclose(numpy_of(ours.scores), numpy_of(theirs.scores), 1e-4)


def test_a_batch_that_changes_its_rows_and_size_translates_alike(monkeypatch):
    """Caches of rows that begin at different steps, and move to longer sources."""
    model, rng = make(encoder_layers=1, decoder_layers=1), np.random.default_rng(0)
    sources = [
        [*rng.integers(4, 20, length).tolist(), EOS]
        for length in rng.integers(1, 15, 12)
    ]

    def search(rows):
        monkeypatch.setattr(type(model), "batch_size", rows)
        found = search_all(model, sources, BeamSettings(2, BOS, EOS))
        return {i: (ids, scores) for i, ids, scores in found}

    few, many = search(4), search(16)
    for i in range(len(sources)):
        steps = min(few[i][0].shape[1], many[i][0].shape[1])
        np.testing.assert_array_equal(few[i][0][:, :steps], many[i][0][:, :steps])
        np.testing.assert_allclose(few[i][1], many[i][1], rtol=1e-4)


def test_attention_is_causal_and_skips_padding():
    attention = make().attention(SOURCE, TARGET)
    for name, layers in attention._asdict().items():
        for weights in map(numpy_of, layers):
            np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
            if name == "decoder":
                assert np.all(np.triu(weights, 1) == 0)
            else:
                assert np.all(weights[1, ..., 2:] == 0)
    np.testing.assert_allclose(
        numpy_of(make().align(SOURCE, TARGET)),
        np.mean([numpy_of(w) for w in attention.cross], axis=(0, 2)),
        rtol=1e-5,
    )


def test_sentences_longer_than_the_positions_are_refused():
    long = np.full((1, 6), 4, "int32")
    with pytest.raises(ValueError, match="at most max_steps=5 tokens"):
        make(max_steps=5)({"source_ids": long, "target_ids": TARGET[:1]})
