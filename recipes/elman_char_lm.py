"""The simple recurrent network of Elman (1990), on Tiny Shakespeare.

    python -m recipes.elman_char_lm
    seqzoo train elman_char_lm --text my.txt

Two CPU cores and KERAS_BACKEND=jax; 16 minutes, 1.57 nats a character of the last
tenth with the whole context, 1.58 by nanoGPT's protocol, one seed.
`recipes/_char_lm.py` holds what all cells share.
"""

from recipes._char_lm import run

if __name__ == "__main__":
    run(
        name="elman_char_lm",
        title="Elman network character model",
        paper="Elman 1990, Finding structure in time, doi:10.1207/s15516709cog1402_1",
        cell="elman",
        units=520,
    )
