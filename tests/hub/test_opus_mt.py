"""A translator of OPUS-MT from the Hub, with SentencePiece models trained here."""

import io
import json

import numpy as np
import pytest
import sentencepiece
from safetensors.numpy import load_file, save

import seqzoo
from tests.convert.checkpoints import GOLDEN

NAME = "Helsinki-NLP/opus-mt-en-de"
ENGLISH = ["Two dogs play in the snow.", "A man climbs a ladder.", "The sun is out."]
GERMAN = ["Zwei Hunde spielen im Schnee.", "Ein Mann steigt auf eine Leiter."]
# As the repository has them, with the sizes of a small model.
GENERATION = {
    "bad_words_ids": [[0]],
    "decoder_start_token_id": 0,
    "eos_token_id": 0,
    "forced_eos_token_id": 0,
    "max_length": 12,
    "num_beams": 2,
    "pad_token_id": 0,
    "renormalize_logits": True,
}


def sentence_pieces(lines):
    """The bytes of a model, and its pieces."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20),
        model_writer=model,
        vocab_size=40,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    loaded = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [loaded.id_to_piece(i) for i in range(loaded.get_piece_size())]
    return model.getvalue(), pieces[3:]


@pytest.fixture(scope="module")
def files():
    """The files of the repository."""
    (source, english), (target, german) = map(sentence_pieces, (ENGLISH, GERMAN))
    words = ["</s>", "<unk>", *dict.fromkeys([*english, *german]), "<pad>"]
    size, pad = len(words), len(words) - 1
    ids = {"decoder_start_token_id": pad, "pad_token_id": pad}
    generation = GENERATION | ids | {"bad_words_ids": [[pad]]}
    settings = json.loads((GOLDEN / "marian" / "config.json").read_text())
    settings |= {"vocab_size": size, "decoder_vocab_size": size, **ids}
    rng = np.random.default_rng(0)
    tensors = {
        name: rng.normal(
            size=[size if n == 37 else n for n in array.shape], scale=0.5
        ).astype("float32")
        for name, array in load_file(GOLDEN / "marian" / "model.safetensors").items()
    }
    return {
        "config.json": json.dumps(settings).encode(),
        "generation_config.json": json.dumps(generation).encode(),
        "model.safetensors": save(tensors),
        "source.spm": source,
        "target.spm": target,
        "tokenizer_config.json": b'{"source_lang": "eng", "target_lang": "deu"}',
        "vocab.json": json.dumps({word: i for i, word in enumerate(words)}).encode(),
        "pytorch_model.bin": b"\x80\x04.",
    }


def test_it_translates(files, server, tmp_path):
    commit = server.publish(NAME, files)
    model = seqzoo.load(f"hf:{NAME}")
    assert (model.info.task, model.info.revision) == ("translation", commit)
    assert "pytorch_model.bin" not in server.requests
    texts = model.translate(ENGLISH)
    assert len(texts) == 3 and all(isinstance(text, str) for text in texts)
    assert model.translate(ENGLISH[0]) == texts[0]
    assert model.processor.source_tokens(ENGLISH[0])[-1] == "<eos>"
    saved = seqzoo.load(seqzoo.save(model, tmp_path / "ours"))
    assert saved.translate(ENGLISH) == texts
    offline = seqzoo.load(f"hf:{NAME}", local_files_only=True)
    assert offline.processor.get_config() == model.processor.get_config()


def test_a_repository_without_a_model_of_pieces_is_refused(files, server):
    server.publish(NAME, {k: v for k, v in files.items() if k != "target.spm"})
    with pytest.raises(ValueError, match=r"lacks target\.spm.*Fetch"):
        seqzoo.load(f"hf:{NAME}")
