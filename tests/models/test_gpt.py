"""What is special to `GPT`: the cache, the window, causal order."""

import dataclasses

import numpy as np
import pytest
from keras import ops

from seqzoo.models import GPT, GPTConfig

TINY = {
    "vocab_size": 11,
    "window": 8,
    "embed_dim": 8,
    "num_layers": 3,
    "num_heads": 2,
    "hidden_dim": 12,
}
STEPS = {"learned": 8, "rotary": 27}  # learned positions end with the window


@pytest.fixture(scope="module", params=STEPS)
def model(request):
    return make(positions=request.param)


def make(**changes):
    model = GPT(dataclasses.replace(GPTConfig(**TINY), **changes))
    model.build()
    rng = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.4)
    return model


def tokens_for(model, rows=3):
    steps = STEPS[model.config.positions]
    return np.random.default_rng(1).integers(0, 11, (rows, steps)).astype("int32")


def numpy_of(x):
    return ops.convert_to_numpy(x)


def read(model, ids, parts, states=None):
    """Logits of the parts of a text that end at the given steps, and the states."""
    states, logits, start = model.initial_states(len(ids)), [], 0
    for end in parts:
        part = ops.convert_to_tensor(ids[:, start:end])
        part_logits, states = model.advance(part, states)
        logits.append(numpy_of(part_logits))
        start = end
    return np.concatenate(logits, axis=1), states


@pytest.mark.parametrize("ends", [range(1, 28), (3, 4, 8, 14, 27), (1, 2, 8, 9, 27)])
def test_reading_from_the_cache_equals_reading_at_once(model, ends):
    """At every position and past the window."""
    ids = tokens_for(model)
    ends = [end for end in ends if end <= ids.shape[1]]
    logits, _ = read(model, ids, ends)
    np.testing.assert_allclose(logits, numpy_of(model(ids)), atol=1e-5)


def test_rows_may_be_padded_anywhere(model):
    """Each row of a chunk has another number of real tokens, in any places."""
    ids = tokens_for(model)
    whole, rng = numpy_of(model(ids)), np.random.default_rng(2)
    states, done = model.initial_states(3), np.zeros(3, int)
    while min(done) < ids.shape[1]:
        counts = np.minimum(rng.integers(0, 4, 3), ids.shape[1] - done)
        part, mask = np.full((3, 5), 10, "int32"), np.zeros((3, 5), bool)
        for row, count in enumerate(counts):
            places = np.sort(rng.choice(5, count, replace=False))
            part[row, places] = ids[row, done[row] : done[row] + count]
            mask[row, places] = True
        logits, states = model.advance(
            ops.convert_to_tensor(part), states, ops.convert_to_tensor(mask)
        )
        for row, count in enumerate(counts):
            np.testing.assert_allclose(
                numpy_of(logits)[row][mask[row]],
                whole[row, done[row] : done[row] + count],
                atol=1e-5,
            )
        done += counts


def test_a_token_sees_only_the_window_before_it():
    """With one layer, the logits forget what is further away than the window."""
    model = make(positions="rotary", num_layers=1)
    ids = tokens_for(model)
    changed = ids.copy()
    changed[:, :5] = (changed[:, :5] + 1) % 11
    before, after = numpy_of(model(ids)), numpy_of(model(changed))
    first = 4 + TINY["window"]  # the first step that no longer sees step 4
    np.testing.assert_array_equal(before[:, first:], after[:, first:])
    assert not np.allclose(before[:, first - 1], after[:, first - 1])


def test_rotary_logits_depend_on_distances_only():
    """The same text after other tokens that are out of sight has equal logits."""
    model = make(positions="rotary", num_layers=1)
    text = tokens_for(model)[:, :16]
    first = np.random.default_rng(3).integers(0, 11, (3, 9)).astype("int32")
    moved = model(np.concatenate([first, text], axis=1))
    np.testing.assert_allclose(
        numpy_of(moved)[:, -8:], numpy_of(model(text))[:, -8:], atol=1e-5
    )


def test_attention_is_causal_and_sums_to_one(model):
    for weights in map(numpy_of, model.attention(tokens_for(model))):
        np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
        assert np.all(np.triu(weights, 1) == 0)


class Digits:
    """A processor of tokens that stand for themselves."""

    def encode(self, text):
        return np.array([int(token) for token in text.split()], "int32")

    def decode(self, ids):
        return "".join(f"{token} " for token in ids)

    def as_list(self, text):
        return ([text], True) if isinstance(text, str) else (list(text), False)


@pytest.mark.parametrize("prompt_tokens", [1, 5, 8, 30])
def test_generating_past_the_window_equals_reading_again(model, prompt_tokens):
    """With learned positions the last half window is read again when it is full."""
    model.processor = Digits()
    tokens = np.random.default_rng(4).integers(0, 11, prompt_tokens).tolist()
    prompt = " ".join(map(str, tokens))
    text = model.generate(prompt, max_new_tokens=30, temperature=0)
    window = half = TINY["window"]
    if model.config.positions == "learned":
        half = window // 2
        start = max(0, len(tokens) - half) if len(tokens) + half > window else 0
    else:
        start = 0
    expected = []
    for i in range(30):
        if half < window and i % half == 0 and len(tokens) - start + half - 1 >= window:
            start = len(tokens) - half
        logits = numpy_of(model(np.array([tokens[start:]], "int32")))
        tokens.append(int(logits[0, -1].argmax()))
        expected.append(tokens[-1])
    assert [int(token) for token in text.split()] == expected


def test_texts_of_a_batch_are_those_of_each_alone(model):
    """Prompts of other lengths, which read again at other steps."""
    model.processor, rng = Digits(), np.random.default_rng(6)
    prompts = [
        " ".join(map(str, rng.integers(0, 11, length))) for length in (1, 5, 8, 3, 30)
    ]
    settings = {"max_new_tokens": 21, "temperature": 0.8, "seed": 3}
    assert model.generate(prompts, **settings) == [
        model.generate(prompt, **settings) for prompt in prompts
    ]


def test_scores_past_the_window_have_half_a_window_before_them(model):
    ids = np.random.default_rng(5).integers(0, 11, (2, 31)).astype("int32")
    window, most = TINY["window"], model.max_tokens or 31
    nats = 0.0
    for i in range(30):
        # The latest part that scores step i and starts at a multiple of half.
        start = 0 if i < most else (i - most) // (window // 2) * 4 + 4
        logits = numpy_of(model(ids[:, start : i + 1]))[:, -1]
        true = np.take_along_axis(logits, ids[:, i + 1 : i + 2], axis=-1)
        nats += (np.log(np.exp(logits).sum(-1)) - true[:, 0]).sum()
    assert model.cross_entropy(ids).nats == pytest.approx(nats, rel=1e-5)


def test_a_text_longer_than_the_learned_positions_is_refused():
    with pytest.raises(ValueError, match="at most 8 tokens"):
        make()(np.zeros((1, 9), "int32"))
