"""The order of token ids."""


def ordered_ids(vocab_size: int, pad_id: int, start_id: int, end_id: int) -> list[int]:
    """A foreign vocabulary's id of each of our ids.

    Ours begin with `seqzoo.processors.special_tokens.SPECIAL_TOKENS`, and the other
    foreign ids follow in their order, the foreign `<unk>` among them. Our `<unk>` is
    never used, and stands for the padding; so may our `<bos>`, because Marian's decoder
    starts at the padding.

    Args:
        vocab_size: Number of foreign ids.
        pad_id: The foreign id of the padding.
        start_id: Of the token that starts a decoder.
        end_id: Of the end.

    Example:
        >>> ordered_ids(5, pad_id=4, start_id=4, end_id=0)
        [4, 4, 4, 0, 1, 2, 3]
    """
    special = [pad_id, pad_id, start_id, end_id]
    return [*special, *(i for i in range(vocab_size) if i not in special)]
