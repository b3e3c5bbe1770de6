"""Rates and masks of dropout."""

import keras


def checked_rate(rate: float, name: str) -> float:
    """A probability of dropping something, in [0, 1)."""
    if not 0 <= rate < 1:
        raise ValueError(
            f"`{name}` is a probability, at least 0 and below 1. "
            f"Received: {name}={rate}"
        )
    return rate


def noise(shape, rate, seed_generator):
    """A Boolean tensor that is True with probability `rate`."""
    return keras.random.uniform(shape, seed=seed_generator) < rate
