"""The gated recurrent unit (Cho et al. 2014), on Tiny Shakespeare.

    python -m recipes.gru_char_lm
    seqzoo train gru_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 20 minutes beside other work, 1.46 nats a character
of the last tenth with the whole context, 1.48 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds what all cells share.
"""

from recipes._char_lm import run

if __name__ == "__main__":
    run(
        name="gru_char_lm",
        title="GRU character model",
        paper=(
            "Cho et al. 2014, Learning phrase representations using RNN "
            "encoder-decoder, arxiv.org/abs/1406.1078"
        ),
        cell="gru",
        units=296,
    )
