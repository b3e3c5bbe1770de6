import io
import struct

import numpy as np
import pytest
from scipy.io import wavfile

from seqzoo.processors import LogMelProcessor
from seqzoo.processors.speech import mel_filters, read_wav

RATE = 8000
TONE = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE) * 0.5
PROCESSOR = LogMelProcessor(["a", "b"])


def test_bands_cover_the_spectrum_and_sum_to_1_between_their_middles():
    filters = mel_filters(40, 256, RATE)
    assert filters.shape == (40, 129)
    assert filters.min() == 0
    middles = filters.argmax(axis=1)
    assert (np.diff(middles) >= 0).all()
    between = filters.sum(axis=0)[middles[0] + 1 : middles[-1]]
    np.testing.assert_allclose(between, 1, atol=1e-9)


def test_a_tone_that_rises_moves_up_through_the_bands():
    seconds = np.arange(2 * RATE) / RATE
    rising = np.sin(2 * np.pi * (200 * seconds + 400 * seconds**2))
    noise = np.random.default_rng(0).normal(0, 1e-3, len(rising))
    frames = PROCESSOR.frames(rising + noise)
    loudest = frames.argmax(axis=1)
    assert loudest[-10:].mean() > loudest[:10].mean() + 10


def test_a_frame_every_hundredth_second():
    assert PROCESSOR.frames(TONE).shape == (1 + (RATE - 200) // 80, 40)
    assert PROCESSOR.frames(TONE[:10]).shape == (1, 40)  # shorter than a frame


def test_loudness_does_not_matter():
    clip = np.random.default_rng(0).normal(0, 0.1, RATE)
    quiet, loud = PROCESSOR.frames(clip), PROCESSOR.frames(5 * clip)
    np.testing.assert_allclose(quiet, loud, atol=0.05)


@pytest.mark.parametrize("dtype", ["int16", "int64", "float32", "uint8"])
def test_files_and_arrays_of_every_kind_agree(tmp_path, dtype):
    noise = np.clip(np.random.default_rng(0).normal(0, 0.2, RATE), -1, 1)
    full = {"int16": 32767, "int64": 32767, "uint8": 127}.get(dtype, 1.0)
    samples = (noise * full + (128 if dtype == "uint8" else 0)).astype(dtype)
    expected, found = PROCESSOR.frames(noise), PROCESSOR.frames(samples)
    coarse = 1.0 if dtype == "uint8" else 0.02
    np.testing.assert_allclose(found, expected, atol=coarse)
    if dtype != "int64":  # which WAV files lack
        path = tmp_path / "tone.wav"
        wavfile.write(path, RATE, samples)
        np.testing.assert_allclose(PROCESSOR.frames(path), found, atol=1e-6)


def test_channels_are_averaged_and_rates_converted(tmp_path):
    stereo = np.stack([TONE, TONE], axis=1)
    np.testing.assert_allclose(PROCESSOR.frames(stereo), PROCESSOR.frames(TONE))
    faster = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / (2 * RATE)) * 0.5
    wavfile.write(tmp_path / "faster.wav", 2 * RATE, faster.astype("float32"))
    assert PROCESSOR.frames(str(tmp_path / "faster.wav")).shape == (98, 40)


def test_batches_are_padded_and_masked():
    arrays = PROCESSOR.encode([TONE, TONE[:2000]])
    assert arrays["sequences"].shape == (2, 112, 40)
    np.testing.assert_array_equal(arrays["mask"].sum(axis=1), [98, 23])
    assert not arrays["sequences"][~arrays["mask"]].any()


@pytest.mark.parametrize(
    ("recording", "says"),
    [
        (3, "must be the path"),
        (np.zeros(0), "must be the path"),
        (np.zeros((2, 3, 4)), "must be the path"),
        (np.zeros(5, complex), "must be the path"),
        (np.full(900, np.nan), "finite"),
        (np.zeros(11 * RATE), "at most 10"),
    ],
)
def test_what_is_no_recording_is_refused(recording, says):
    with pytest.raises(ValueError, match=says):
        PROCESSOR.encode([recording])


def test_a_file_that_is_no_wav(tmp_path):
    (tmp_path / "no.wav").write_bytes(b"RIFX and no more")
    with pytest.raises(ValueError, match="WAV"):
        PROCESSOR.encode([tmp_path / "no.wav"])


def wav(rate=RATE, channels=1, bits=16, frame=2, claimed=200, riff=b"RIFF"):
    """A WAV file of 244 bytes whose header may lie."""
    order = ">" if riff == b"RIFX" else "<"
    head = struct.pack(
        order + "HHIIHH", 1, channels, rate, rate * frame % 2**32, frame, bits
    )
    size = lambda n: struct.pack(order + "I", n)  # noqa: E731
    return b"".join(
        [
            riff,
            size(236),
            b"WAVEfmt ",
            size(16),
            head,
            b"data",
            size(claimed),
            bytes(200),
        ]
    )


def test_a_true_header_is_believed(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav())
    for given in (wav(), tmp_path / "a.wav", io.BytesIO(wav()), wav(riff=b"RIFX")):
        rate, samples = read_wav(given)
        assert (rate, samples.shape) == (RATE, (100,))


@pytest.mark.parametrize(
    "lie",
    [
        {"rate": 2**32 - 1},
        {"rate": 0},
        {"rate": 1},
        {"claimed": 2**32 - 2},
        {"claimed": 201},
        {"channels": 0},
        {"channels": 65535},
        {"bits": 0},
        {"frame": 0},
        {"frame": 7},
        {"riff": b"OggS"},
    ],
    ids=str,
)
def test_a_header_that_lies_is_refused_by_name(tmp_path, lie):
    path = tmp_path / "liar.wav"
    path.write_bytes(wav(**lie))
    with pytest.raises(ValueError, match=r"WAV file. Received: \S*liar.wav; "):
        PROCESSOR.encode([path])


def test_no_damage_of_a_file_gives_another_error(tmp_path):
    rng = np.random.default_rng(0)
    for length in (*range(0, 60, 3), 100, 243):
        with pytest.raises(ValueError, match="WAV"):
            PROCESSOR.encode([wav()[:length]])
    for _ in range(200):
        data = bytearray(wav())
        for place in rng.integers(0, 48, 2):
            data[place] = rng.integers(256)
        try:
            assert PROCESSOR.encode([bytes(data)])["sequences"].size
        except ValueError:
            pass


@pytest.mark.parametrize("shape", [(1, RATE), (2, RATE)])
def test_an_array_of_another_order_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(samples, channels\).*Received: shape"):
        PROCESSOR.encode([np.zeros(shape)])


def test_it_comes_back_from_its_config(tmp_path):
    config = PROCESSOR.get_config()
    assert LogMelProcessor.load(config, tmp_path).get_config() == config
