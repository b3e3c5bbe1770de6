"""Small files to try the models on, from the test data of the zoo's models."""

from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIXES = (".png", ".jpg", ".wav", ".csv")


def sample(name: str) -> Path:
    """The path of a sample file, such as "digit", "cat" or "seven".

    Args:
        name: Name of the sample.

    Raises:
        KeyError: If there is no such sample; the error lists them.

    Example:
        >>> import seqzoo
        >>> seqzoo.sample("digit").name
        'digit.png'
    """
    samples = {path.stem: path for path in FOLDER.iterdir() if path.suffix in SUFFIXES}
    if name not in samples:
        raise KeyError(
            f"No sample is named {name!r}. Samples: {', '.join(sorted(samples))}."
        )
    return samples[name]
