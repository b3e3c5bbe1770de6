"""Sine waves: what Neil et al. (2016) say of them holds for every sampling."""

import numpy as np
import pytest

from seqzoo.data import SAMPLINGS, SineBatches, sine_waves


@pytest.fixture(scope="module", params=SAMPLINGS)
def sampled(request):
    return request.param, sine_waves(request.param, 300, seed=4)


def fitted_period(times, values):
    """The period whose sine and cosine leave the least of the wave unexplained."""
    periods = np.exp(np.linspace(0, np.log(100), 4000))
    angles = 2 * np.pi * times[None] / periods[:, None]
    basis = np.stack([np.sin(angles), np.cos(angles)], -1)
    explained = []
    for each in basis:
        found, *_ = np.linalg.lstsq(each, values, rcond=None)
        explained.append(((each @ found - values) ** 2).sum())
    return periods[np.argmin(explained)]


def test_labels_say_whether_the_period_is_the_targets(sampled):
    """A fit that knows nothing of the label finds 5 to 6 ms for label 1 alone."""
    _, waves = sampled
    for row in range(6):
        real = waves.mask[row]
        period = fitted_period(
            waves.times[row][real].astype("float64")[:200],
            waves.values[row][real][:200],
        )
        edge = min(abs(period - 5), abs(period - 6)) < 0.05
        assert edge or (5 < period < 6) == bool(waves.labels[row])


def test_half_are_the_targets(sampled):
    _, waves = sampled
    assert waves.labels.sum() == len(waves) / 2


def test_waves_last_fifteen_to_125_milliseconds(sampled):
    """And lie within the first 125 ms; padding comes after, and is 0."""
    _, waves = sampled
    last = waves.mask.sum(1) - 1
    ends = waves.times[np.arange(len(waves)), last]
    assert (waves.times[:, 0] >= 0).all() and (ends <= 125.001).all()
    assert (ends - waves.times[:, 0]).max() > 100
    assert (np.diff(waves.mask.astype(int), axis=1) <= 0).all()
    assert not waves.values[~waves.mask].any() and not waves.times[~waves.mask].any()


def test_times_are_the_samplings(sampled):
    sampling, waves = sampled
    real = waves.mask[:, 1:]
    steps = np.diff(waves.times, axis=1)[real]
    if SAMPLINGS[sampling] is None:
        assert (steps >= 0).all() and 0.5 < steps.std() < 1.5
    else:
        np.testing.assert_allclose(steps, SAMPLINGS[sampling], atol=1e-3)


def test_batches_repeat_by_seed_and_epoch_and_are_fresh():
    batches = SineBatches(["standard", "asynchronous"], 8)(1)
    (first, labels), (second, _) = batches
    again, labels_again = SineBatches(["standard", "asynchronous"], 8)(1)[0]
    np.testing.assert_array_equal(first["sequences"], again["sequences"])
    np.testing.assert_array_equal(labels, labels_again)
    other, _ = SineBatches(["standard"], 8)(2)[0]
    assert not np.array_equal(first["sequences"], other["sequences"])
    assert not np.array_equal(first["times"], second["times"])


def test_an_unknown_sampling_is_refused():
    with pytest.raises(ValueError, match="standard, high_resolution, asynchronous"):
        sine_waves("fast", 2, seed=0)
