"""LSTM with coupled input and forget gates (Greff et al. 2017), on Tiny Shakespeare.

    python -m recipes.coupled_lstm_char_lm
    seqzoo train coupled_lstm_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 15 minutes, 1.45 nats a character of the last
tenth with the whole context, 1.47 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="Coupled-gate LSTM character model",
    paper=("Greff et al. 2017, LSTM: a search space odyssey, arxiv.org/abs/1503.04069"),
)
recipe = partial(
    char_lm, name="coupled_lstm_char_lm", card=CARD, cell="coupled_lstm", units=296
)

if __name__ == "__main__":
    run(recipe)
