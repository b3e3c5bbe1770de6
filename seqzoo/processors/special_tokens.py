"""The token ids that mean no piece of text, the same for every translator."""

from collections.abc import Iterable

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>")


def until_eos(ids: Iterable[int]) -> list[int]:
    """The ids up to the first EOS, which is kept, without padding."""
    real = [int(token_id) for token_id in ids if token_id != PAD]
    return real[: real.index(EOS) + 1] if EOS in real else real
