"""What is special to `Seq2Seq`: one step at a time equals teacher forcing."""

import dataclasses

import numpy as np
import pytest
from keras import ops

from seqzoo.layers.attention.scores import SCORES
from seqzoo.models import Seq2Seq, Seq2SeqConfig

TINY = Seq2SeqConfig(
    vocab_size=20,
    embed_dim=6,
    encoder_units=4,
    decoder_units=8,  # as the memory has, which "dot" wants
    attention_units=5,
    max_source_steps=12,
)
SOURCE = np.array([[5, 6, 7, 3], [8, 3, 0, 0]], "int32")
TARGET = np.array([[2, 9, 10, 11, 12], [2, 13, 14, 3, 0]], "int32")
VARIANTS = [
    *({"attention": score} for score in SCORES),
    {"attention": None},
    {"attention": None, "encoder": "reversed", "encoder_units": 8, "encoder_layers": 2},
    {"encoder": "reversed", "encoder_units": 8, "encoder_layers": 2},
    {"attention": None, "fixed_context": True, "memory_embeddings": True},
    {"decoder_layers": 1},
    {"decoder_layers": 3, "encoder_layers": 2},
    {"attention_layers": 2, "memory_embeddings": True},
    {"attention_layers": 2, "decoder_layers": 3, "query": "both"},
    {"query": "input"},
    {"query": "both"},
    {"cell": "gru"},
    {"cell": "elman"},
    {"tied_embeddings": False},
]


def variant_name(changes):
    return ",".join(f"{key}={value}" for key, value in changes.items())


def make(**changes):
    model = Seq2Seq(dataclasses.replace(TINY, **changes))
    model(model.example_inputs())
    return model


@pytest.mark.parametrize("changes", VARIANTS, ids=variant_name)
def test_decoding_steps_equal_teacher_forcing(changes):
    """Fed one by one, with carried state, tokens give the logits of the whole."""
    model = make(**changes)
    whole = ops.convert_to_numpy(model({"source_ids": SOURCE, "target_ids": TARGET}))
    beams = 3
    step, state = model.start_decoding(model.read_source(SOURCE), beams)
    for t in range(TARGET.shape[1]):
        tokens = np.repeat(TARGET[:, t : t + 1], beams, axis=1)
        logits, state = step(ops.convert_to_tensor(tokens), state)
        for beam in range(beams):
            np.testing.assert_allclose(
                ops.convert_to_numpy(logits)[:, beam, 3:], whole[:, t, 3:], atol=1e-5
            )


def test_padding_unknown_and_start_are_never_written():
    """The step rules out what is no text."""
    model = make()
    step, state = model.start_decoding(model.read_source(SOURCE), 1)
    logits, _ = step(ops.full((2, 1), 2, "int32"), state)
    assert (ops.convert_to_numpy(logits)[..., :3] < -1e8).all()


def test_without_attention_the_source_is_seen_through_the_first_state_alone():
    """The plain encoder-decoder has no alignment to show."""
    model = make(attention=None)
    assert model.align(SOURCE, TARGET) is None
    logits = [
        ops.convert_to_numpy(model({"source_ids": source, "target_ids": TARGET}))
        for source in (SOURCE, SOURCE[::-1])
    ]
    assert np.abs(logits[0] - logits[1]).max() > 1e-4


@pytest.mark.parametrize("attention_layers", [1, 2])
def test_alignments_are_distributions_over_the_real_source(attention_layers):
    """A row for each target step; padding gets nothing."""
    model = make(attention_layers=attention_layers)
    weights = ops.convert_to_numpy(model.align(SOURCE, TARGET))
    assert weights.shape == (2, 5, 4)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert not weights[1, :, 2:].any()


def test_tied_embeddings_share_one_table():
    """Source, target and output read the same rows; untied there are three."""
    sizes = [
        sum(int(np.prod(w.shape)) for w in model.weights if "embedding" in w.path)
        for model in (make(), make(tied_embeddings=False))
    ]
    assert sizes == [20 * 6, 3 * 20 * 6]


@pytest.mark.parametrize(
    ("place", "variational"),
    [
        ("embedding_dropout", False),
        ("dropout", False),
        ("output_dropout", True),
        ("recurrent_dropout", True),
    ],
)
def test_dropout_acts_in_training_alone(place, variational, graphs):
    """Every place where the literature drops changes the output of training."""
    inputs = {"source_ids": SOURCE, "target_ids": TARGET}
    changes = {place: 0.5, "variational": variational}
    model = make(decoder_layers=1, **changes)
    quiet = ops.convert_to_numpy(model(inputs))
    np.testing.assert_array_equal(quiet, ops.convert_to_numpy(model(inputs)))
    loud = ops.convert_to_numpy(model(inputs, training=True))
    assert np.abs(loud - quiet).max() > 1e-4, place


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": "lstn"},
        {"attention": "soft"},
        {"query": "key"},
        {"decoder_layers": 0},
        {"attention_layers": 3},
    ],
)
def test_unknown_choices_are_refused(changes):
    """The error names the field."""
    with pytest.raises(ValueError, match=next(iter(changes))):
        make(**changes)
