"""LSTM with layer normalisation (Ba et al. 2016), on Tiny Shakespeare.

    python -m recipes.layer_norm_lstm_char_lm
    seqzoo train layer_norm_lstm_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 28 minutes, 1.43 nats a character of the last
tenth with the whole context, 1.45 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="Layer-normalised LSTM character model",
    paper="Ba et al. 2016, Layer normalization, arxiv.org/abs/1607.06450",
)
recipe = partial(
    char_lm,
    name="layer_norm_lstm_char_lm",
    card=CARD,
    cell="layer_norm_lstm",
    units=254,
)

if __name__ == "__main__":
    run(recipe)
