"""LSTM with peepholes (Gers and Schmidhuber 2000), on Tiny Shakespeare.

    python -m recipes.peephole_lstm_char_lm
    seqzoo train peephole_lstm_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 32 minutes, 1.47 nats a character of the last
tenth with the whole context, 1.49 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="Peephole LSTM character model",
    paper=(
        "Gers and Schmidhuber 2000, Recurrent nets that time and count, "
        "doi:10.1109/IJCNN.2000.861302"
    ),
)
recipe = partial(
    char_lm, name="peephole_lstm_char_lm", card=CARD, cell="peephole_lstm", units=256
)

if __name__ == "__main__":
    run(recipe)
