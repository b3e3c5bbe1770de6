"""Writes the golden token ids: small tokenizers, and what transformers makes of texts.

    python -m tests.processors.make_golden_tokens

Needs transformers, tokenizers and sentencepiece.
"""

import json
from pathlib import Path

import numpy as np

from tests.processors.nasty import strings

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]
MASK = {"content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False}
CASES = {
    "gpt2": "GPT2Tokenizer",
    "gpt2_prefix": "GPT2Tokenizer",
    "gpt2_json": "GPT2Tokenizer",
    "bert": "BertTokenizer",
    "bert_cased": "BertTokenizer",
    "bert_json": "BertTokenizer",
    "roberta": "RobertaTokenizer",
    "roberta_json": "RobertaTokenizer",
    "marian": "MarianTokenizer",
}


def corpus():
    """Lines to train on."""
    pages = sorted((ROOT / "docs").glob("*.md"))[:8]
    lines = [line for page in pages for line in page.read_text("utf-8").splitlines()]
    return [line for line in lines if line] + strings(300, seed=1)


def make(case, folder):
    """The files of one tokenizer, and its ids of the nasty strings."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    kind = case.partition("_")[0]
    {"gpt2": _byte_level, "roberta": _byte_level, "bert": _word_piece}.get(
        kind, _sentence_pieces
    )(case, folder)
    tokenizer = getattr(transformers, CASES[case]).from_pretrained(folder)
    if case.endswith("_json"):
        for path in folder.iterdir():
            path.unlink()
        tokenizer.save_pretrained(folder)
    rows = [tokenizer(text)["input_ids"] for text in strings()]
    golden = {
        "ids": np.concatenate([np.array(row, "uint16") for row in rows]),
        "lengths": np.array([len(row) for row in rows], "uint16"),
    }
    np.savez_compressed(folder / "ids.npz", **golden)
    if case == "marian":
        texts = [tokenizer.decode(row, skip_special_tokens=True) for row in rows[:200]]
        (folder / "texts.json").write_text(json.dumps(texts))


def _byte_level(case, folder):
    from tokenizers import ByteLevelBPETokenizer

    special = ["<|endoftext|>"]
    if case.startswith("roberta"):
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        (folder / "special_tokens_map.json").write_text(
            json.dumps({"mask_token": MASK})
        )
    learned = ByteLevelBPETokenizer()
    learned.train_from_iterator(corpus(), 500, special_tokens=special)
    learned.save_model(str(folder))
    options = {"add_prefix_space": case == "gpt2_prefix"}
    (folder / "tokenizer_config.json").write_text(json.dumps(options))


def _word_piece(case, folder):
    from tokenizers import BertWordPieceTokenizer

    is_cased = case == "bert_cased"
    learned = BertWordPieceTokenizer(lowercase=not is_cased)
    learned.train_from_iterator(corpus(), 700, limit_alphabet=300)
    learned.save_model(str(folder))
    options = {"do_lower_case": not is_cased}
    (folder / "tokenizer_config.json").write_text(json.dumps(options))


def _sentence_pieces(case, folder):
    import sentencepiece

    pieces = {}
    for file, rule in (("source", "nmt_nfkc"), ("target", "identity")):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus()),
            model_prefix=str(folder / file),
            vocab_size=420,
            normalization_rule_name=rule,
            character_coverage=0.999,
            minloglevel=2,
        )
        (folder / f"{file}.model").rename(folder / f"{file}.spm")
        for line in (folder / f"{file}.vocab").read_text("utf-8").split("\n"):
            pieces[line.split("\t")[0]] = None
        (folder / f"{file}.vocab").unlink()
    special = ["</s>", "<unk>", ">>de<<"]
    others = [p for p in pieces if p and p not in (*special, "<s>", "<pad>")]
    words = [*special, *others[5:], "<pad>"]  # a few pieces have no id
    vocabulary = {word: i for i, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))


if __name__ == "__main__":
    for name in CASES:
        make(name, GOLDEN / name)
