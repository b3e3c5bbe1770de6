"""Strings that tokenizers get wrong."""

# ruff: noqa: RUF001

import random

POOLS = (
    "the of and to in a is that for it as was with be by on not he his but".split(),
    "Dog CAT hOuSe Don't we'll I'VE naïve Ärger straße ＦＵＬＬ ﬁne Ⅻ ½ é é".split(),
    "雪 日本語 한국어 สวัสดี नमस्ते שלום مرحبا Привет ΑΒΓ 𝒳𝒴 🙂 👩‍👩‍👧 🇩🇪 ✍🏽".split(),
    ["\t", "\n", "\r\n", "\xa0", "  ", "   ", "\u2003", "\u200b", "\ufeff", "\xad"],
    ["\x00", "\x07", "\x1b[0m", "\x7f", "\ufffd", "\u0301", "\u202e", "\ue000"],
    "3.14 1,000 2026-11-28 0x1F 007 ①② 1e-9 50% $5 #7 x²".split(),
    "... !!! ?! -- —— (a) [b] {c} <d> a/b a\\b c++ __init__ https://x.org/?q=1 a@b"
    "".split(),
    "<s> </s> <pad> <unk> <mask> [CLS] [SEP] [MASK] [UNK] <|endoftext|> ##ing ▁x"
    "".split(),
    [">>de<<", ">>fr<< ", ">>", "<<", "&amp;", "“", "”", "‘", "’", "…", "„"],
    ["a" * 120, "ab" * 40, "ß" * 30, "😀" * 12, "-" * 50],
)


def strings(count=1000, seed=0):
    """So many strings, always the same; the first are empty or blank."""
    rng = random.Random(seed)
    texts = ["", " ", "\n", "Two dogs play in the snow.", " Two dogs", "Two dogs "]
    while len(texts) < count:
        parts = [
            rng.choice(rng.choice(POOLS))
            for _ in range(rng.choice((1, 2, 3, 5, 8, 13)))
        ]
        texts.append(rng.choice(("", " ", " ")).join(parts))
    return texts
