"""The gated recurrent unit (Cho et al. 2014), on Tiny Shakespeare.

    python -m recipes.gru_char_lm
    seqzoo train gru_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 20 minutes beside other work, 1.46 nats a character
of the last tenth with the whole context, 1.48 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="GRU character model",
    paper=(
        "Cho et al. 2014, Learning phrase representations using RNN "
        "encoder-decoder, arxiv.org/abs/1406.1078"
    ),
)
recipe = partial(char_lm, name="gru_char_lm", card=CARD, cell="gru", units=296)

if __name__ == "__main__":
    run(recipe)
