"""What is special to BERT: the encoder of PyTorch, heads, positions, fill, features."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import data
from seqzoo.models import BERT, BERTClassifier, BERTClassifierConfig, BERTConfig
from seqzoo.processors import SubwordProcessor
from seqzoo.tasks.persistence import dtype_policy

SIZES = {
    "vocab_size": 60,
    "embed_dim": 8,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 12,
    "max_positions": 24,
}
# For tests/test_contract.py, which needs a loss and targets of `BERT`.
TINY = SIZES
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
TARGETS = np.array([[4, 5, 6, 7], [4, 5, 6, 7]])

IDS = np.array([[2, 9, 8, 7, 3, 0, 0], [2, 11, 4, 12, 9, 14, 3]], "int32")
MASK = IDS > 0
INPUTS = {"token_ids": IDS, "mask": MASK}


def numpy(x):
    return ops.convert_to_numpy(x)


def bert(**fields):
    keras.utils.set_random_seed(0)
    model = BERT(BERTConfig(**{**SIZES, **fields}))
    model.ensure_built()
    for weight in model.weights:  # biases that are not 0, norms that are not 1
        if "seed" not in weight.path:
            noise = np.random.default_rng(len(weight.path)).normal(size=weight.shape)
            weight.assign(numpy(weight) + 0.1 * noise)
    return model


@pytest.fixture(scope="module")
def model():
    return bert()


@pytest.fixture(scope="module")
def trained():
    """A model with a processor, as `fill` needs it."""
    texts = data.toy_texts().train
    processor = SubwordProcessor.train(texts, 60, max_tokens=24, head_tokens=8)
    model = bert(vocab_size=processor.vocab_size)
    model.processor = SubwordProcessor(processor.tokenizer, (), 24, 8, framed=True)
    return model


@pytest.mark.parametrize("pre_norm", [False, True])
def test_the_encoder_equals_that_of_pytorch(pre_norm):
    torch = pytest.importorskip("torch")
    model = bert(pre_norm=pre_norm, epsilon=1e-6)
    encoder = model.encoder
    stack = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(
            8, 2, 12, 0.0, "gelu", 1e-6, batch_first=True, norm_first=pre_norm
        ),
        2,
        torch.nn.LayerNorm(8, 1e-6) if pre_norm else None,
        enable_nested_tensor=False,
    ).eval()

    def copy(to, layer):
        to.weight.data = torch.tensor(numpy(layer.weights[0]).T)
        to.bias.data = torch.tensor(numpy(layer.weights[1]))

    for theirs, block in zip(stack.layers, encoder.blocks, strict=True):
        theirs.self_attn.in_proj_weight.data = torch.tensor(
            numpy(block.attention.qkv.kernel).T
        )
        theirs.self_attn.in_proj_bias.data = torch.tensor(
            numpy(block.attention.qkv.bias)
        )
        copy(theirs.self_attn.out_proj, block.attention.output_layer)
        copy(theirs.linear1, block.feed_forward.hidden)
        copy(theirs.linear2, block.feed_forward.output_layer)
        copy(theirs.norm1, block.attention_norm)
        copy(theirs.norm2, block.feed_forward_norm)
    if pre_norm:
        copy(stack.norm, encoder.norm)
    x = numpy(encoder._embedded(INPUTS, ops.convert_to_tensor(MASK)))
    with torch.no_grad():
        wanted = stack(
            torch.tensor(x), src_key_padding_mask=torch.tensor(~MASK)
        ).numpy()
    np.testing.assert_allclose(numpy(encoder(INPUTS))[MASK], wanted[MASK], atol=1e-5)


def test_the_head_is_tied_to_the_embedding(model):
    hidden = numpy(model.encoder(INPUTS))
    x = numpy(model.transform_norm(model.transform(hidden)))
    wanted = x @ numpy(model.encoder.token_embedding.embeddings).T
    wanted = wanted + numpy(model.decoder_bias)
    np.testing.assert_allclose(numpy(model(INPUTS)), wanted, atol=1e-5)
    loose = bert(tied=False)
    assert loose(INPUTS).shape == (2, 7, 60)
    assert loose.decoder.kernel.shape == (8, 60)


def test_logits_of_places_are_those_of_the_whole(model):
    places = np.array([[1, 3], [6, 2]])
    whole = numpy(model(INPUTS))
    some = numpy(model({**INPUTS, "places": places}))
    np.testing.assert_allclose(
        some, np.take_along_axis(whole, places[..., None], 1), atol=1e-6
    )


@pytest.mark.parametrize("fields", [{}, {"position_offset": 2, "token_types": 1}])
def test_padding_may_stand_on_either_side(fields):
    model = bert(**fields)
    left = np.array([[0, 0, 2, 9, 8, 7, 3]], "int32")
    after = numpy(model({"token_ids": left, "mask": left > 0}))[0, 2:]
    before = numpy(model(INPUTS))[0, :5]
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_positions_begin_at_the_offset():
    plain, offset = bert(token_types=0), bert(token_types=0, position_offset=2)
    table = numpy(offset.encoder.positions)
    assert table.shape == (26, 8)
    for mine, theirs in zip(plain.weights, offset.weights, strict=True):
        if "seed" not in mine.path:
            mine.assign(numpy(theirs)[-len(numpy(mine)) :])
    np.testing.assert_allclose(numpy(plain(INPUTS)), numpy(offset(INPUTS)), atol=1e-6)


def test_segments_have_their_own_vectors(model):
    same = model({**INPUTS, "token_type_ids": np.zeros_like(IDS)})
    np.testing.assert_allclose(numpy(same), numpy(model(INPUTS)), atol=1e-6)
    other = model({**INPUTS, "token_type_ids": np.ones_like(IDS)})
    assert np.abs(numpy(other) - numpy(same)).max() > 1e-3
    with pytest.raises(ValueError, match="token_types=0"):
        bert(token_types=0)({**INPUTS, "token_type_ids": np.zeros_like(IDS)})


def test_too_many_steps_are_refused(model):
    ids = np.ones((1, 25), "int32")
    with pytest.raises(ValueError, match="at most 24 tokens"):
        model({"token_ids": ids, "mask": ids > 0})


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float16"])
def test_half_precision_comes_near(policy):
    full = bert()
    with dtype_policy(policy):
        half = bert()
    for weight, other in zip(half.weights, full.weights, strict=True):
        if "seed" not in weight.path:
            weight.assign(numpy(other))
    found = numpy(ops.cast(half(INPUTS), "float32"))[MASK]
    np.testing.assert_allclose(found, numpy(full(INPUTS))[MASK], atol=0.1)


def test_the_head_has_its_own_activation():
    model = bert(activation="relu", head_activation="gelu_tanh", head="masked_lm")
    hidden = numpy(model.encoder(INPUTS))
    x = hidden @ numpy(model.transform.kernel) + numpy(model.transform.bias)
    x = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(numpy(model.transform(hidden)), x, atol=1e-5)


def test_attention_weights_ignore_padding(model):
    weights = [numpy(each) for each in model.attention(INPUTS)]
    assert [each.shape for each in weights] == [(2, 2, 7, 7)] * 2
    for each in weights:
        np.testing.assert_allclose(each.sum(-1), 1, atol=1e-5)
        assert (each[0, :, :, 5:] == 0).all()


def test_fill_ranks_tokens_and_completes_the_text(trained):
    best = trained.fill("the film is [MASK].", top=3)
    inputs = trained.processor.encode(["the film is [MASK]."])
    place = int(np.flatnonzero(inputs["token_ids"][0] == 4)[0])
    logits = numpy(trained(inputs))[0, place]
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    order = np.argsort(-probabilities)[:3]
    assert [each.token for each in best] == [
        trained.processor.piece(i).strip() for i in order
    ]
    np.testing.assert_allclose(
        [each.probability for each in best], probabilities[order], rtol=1e-4
    )
    for filling, token_id in zip(best, order, strict=True):
        piece = trained.processor.piece(token_id)
        assert filling.text == f"the film is{piece}."
    two = trained.fill("[MASK] film is [MASK]", top=2)
    assert [len(place) for place in two] == [2, 2]
    assert trained.fill([]) == []
    assert len(trained.fill(["a [MASK]", "the [MASK]"], top=1)) == 2


@pytest.mark.parametrize(
    ("text", "top", "wanted"),
    [
        ("no mask", 5, r"\[MASK\]"),
        ("a film " * 40 + "[MASK] " + "a film " * 40, 5, "0 of 1"),
        ("a [MASK]", 0, "top"),
        (b"a [MASK]", 5, "string"),
    ],
)
def test_fill_refuses_what_it_cannot_fill(trained, text, top, wanted):
    with pytest.raises(ValueError, match=wanted):
        trained.fill(text, top=top)


def test_features_are_pooled_outputs(trained):
    texts = ["a good film", "bad", "the story of a film is fine"]
    rows = trained.features(texts)
    assert rows.shape == (3, 8)
    for text, row in zip(texts, rows, strict=True):
        tokens = trained.features(text, pooling="tokens")
        count = len(trained.processor.encode_ids([text])[0])
        assert tokens.shape == (count, 8)
        np.testing.assert_allclose(tokens.mean(0), row, atol=1e-5)
        np.testing.assert_allclose(
            trained.features(text, pooling="first"), tokens[0], atol=1e-5
        )
    assert trained.features([]).shape == (0, 8)
    with pytest.raises(ValueError, match="pooling"):
        trained.features(texts, pooling="last")


def test_a_model_without_a_head_has_features_only(trained):
    model = bert(head="none", vocab_size=trained.config.vocab_size)
    model.processor = trained.processor
    assert model(INPUTS).shape == (2, 7, 8)
    assert model.features("a film").shape == (8,)
    with pytest.raises(ValueError, match="no head"):
        model.fill("a [MASK]")


@pytest.mark.parametrize("pooling", ["first", "mean"])
@pytest.mark.parametrize("pooler", [True, False])
def test_a_classifier_takes_a_pretrained_encoder(model, pooling, pooler):
    config = BERTClassifierConfig(**SIZES, pooling=pooling, pooler=pooler)
    classifier = BERTClassifier(config)
    classifier.adopt(model)
    hidden = numpy(model.encoder(INPUTS))
    pooled = hidden[:, 0]
    if pooling == "mean":
        pooled = np.stack([h[m].mean(0) for h, m in zip(hidden, MASK, strict=True)])
    if pooler:
        pooled = numpy(classifier.pooler(pooled))
    np.testing.assert_allclose(
        numpy(classifier(INPUTS)), numpy(classifier.logits(pooled)), atol=1e-5
    )


def test_an_encoder_of_other_sizes_is_refused(model):
    other = BERTClassifier(BERTClassifierConfig(**{**SIZES, "num_layers": 1}))
    with pytest.raises(ValueError, match="the sizes of this one"):
        other.adopt(model)


@pytest.mark.parametrize(
    ("config", "fields", "wanted"),
    [
        (BERTConfig, {"num_heads": 5}, "num_heads"),
        (BERTConfig, {"head": "both"}, "head"),
        (BERTConfig, {"token_types": -1}, "token_types"),
        (BERTConfig, {"vocab_size": 0}, "vocab_size"),
        (BERTClassifierConfig, {"pooling": "last"}, "pooling"),
        (BERTClassifierConfig, {"num_classes": 0}, "num_classes"),
    ],
)
def test_bad_choices_are_refused(config, fields, wanted):
    with pytest.raises(ValueError, match=wanted):
        config(**fields)
