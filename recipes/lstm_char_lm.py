"""Long short-term memory (Gers et al. 2000), on Tiny Shakespeare.

    python -m recipes.lstm_char_lm
    seqzoo train lstm_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 33 minutes beside other work, 1.47 nats a character
of the last tenth with the whole context, 1.49 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds the numbers that all cells share.
"""

from functools import partial

from recipes._char_lm import char_lm, char_lm_card, run

CARD = char_lm_card(
    title="LSTM character model",
    paper=(
        "Hochreiter and Schmidhuber 1997, Long short-term memory, "
        "doi:10.1162/neco.1997.9.8.1735; forget gate: Gers et al. 2000, "
        "doi:10.1162/089976600300015015"
    ),
)
recipe = partial(char_lm, name="lstm_char_lm", card=CARD, cell="lstm", units=256)

if __name__ == "__main__":
    run(recipe)
