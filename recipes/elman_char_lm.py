"""The simple recurrent network of Elman (1990), on Tiny Shakespeare.

    python -m recipes.elman_char_lm
    seqzoo train elman_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 16 minutes, 1.57 nats a character of the last
tenth with the whole context, 1.58 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="Elman network character model",
    paper="Elman 1990, Finding structure in time, doi:10.1207/s15516709cog1402_1",
)
recipe = partial(char_lm, name="elman_char_lm", card=CARD, cell="elman", units=520)

if __name__ == "__main__":
    run(recipe)
