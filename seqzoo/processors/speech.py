"""The processor of recordings: log-mel frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.ops.arithmetic import next_power_of_two
from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, class_names, padded

FRAME_MULTIPLE = 16  # batches are padded to a multiple of so many frames


class LogMelProcessor(Processor):
    """Recordings as logarithms of mel-band energies, a frame every 10 ms.

    Each frame of 25 ms is multiplied by a Hann window. Triangular bands, evenly spaced
    on the mel scale, mel(f) = 2595 log10(1 + f / 700), sum its power spectrum (Davis
    and Mermelstein 1980). A recording is then shifted and scaled as a whole to mean 0
    and variance 1. This removes its loudness and keeps the means of the bands, which
    say much about a word of half a second.

    Recordings are paths of WAV files, read by scipy, or arrays of samples at
    `sample_rate`: floats from -1 to 1 or 16-bit integers; channels are averaged.

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        sample_rate: Samples a second; files at another rate are resampled.
        bands: Number of mel bands.
        max_seconds: Longest recording that is accepted.
    """

    settings = ("labels", "sample_rate", "bands", "max_seconds")
    hub_task = "audio-classification"
    demo_panel = "recording"

    def __init__(
        self,
        labels: Sequence[str],
        sample_rate: int = 8000,
        bands: int = 40,
        max_seconds: float = 10.0,
    ):
        self.labels = class_names(labels)
        self.sample_rate = sample_rate
        self.bands = bands
        self.max_seconds = max_seconds
        self._frame = round(0.025 * sample_rate)
        self._hop = round(0.010 * sample_rate)
        self._points = next_power_of_two(self._frame)  # of the Fourier transform
        self._window = np.hanning(self._frame + 2)[1:-1]
        self._filters = mel_filters(bands, self._points, sample_rate)

    def encode(self, recordings: Sequence[Any]) -> dict[str, Array]:
        """The inputs of the model, as from `padded_frames`.

        Raises:
            ValueError: If an input is no recording, or too long.
            FileNotFoundError: If a path does not exist.
        """
        return padded_frames([self.frames(recording) for recording in recordings])

    def frames(self, recording: Any) -> Array:
        """The frames of a recording, float32 `(frames, bands)`."""
        samples = self._samples(recording)
        if len(samples) > self.max_seconds * self.sample_rate:
            raise ValueError(
                f"A recording may last at most {self.max_seconds} s. Received: "
                f"{len(samples) / self.sample_rate:.1f} s. Cut it."
            )
        samples = np.pad(samples, (0, max(0, self._frame - len(samples))))
        windows = np.lib.stride_tricks.sliding_window_view(samples, self._frame)
        spectrum = np.fft.rfft(windows[:: self._hop] * self._window, self._points)
        energies = (np.abs(spectrum) ** 2) @ self._filters.T
        logarithms = np.log(energies + 1e-6)
        spread = logarithms.std() + 1e-3
        return ((logarithms - logarithms.mean()) / spread).astype("float32")

    def _samples(self, recording: Any) -> Array:
        """Samples `(samples,)` from -1 to 1, of one channel, at `sample_rate`."""
        rate = self.sample_rate
        if isinstance(recording, str | Path):
            rate, recording = _read_wav(Path(recording))
        samples = np.asarray(recording)
        if (
            samples.ndim not in (1, 2)
            or not samples.size
            or samples.dtype.kind not in ("iuf")
        ):
            raise ValueError(
                "A recording must be the path of a WAV file or an array (samples,) or "
                f"(samples, channels). Received: {type(recording).__name__} of shape "
                f"{samples.shape}, dtype {samples.dtype}."
            )
        if samples.dtype.kind == "f":
            samples = samples.astype("float64")
            if not np.isfinite(samples).all():
                raise ValueError(
                    "A recording must be finite. Received: NaN or infinity."
                )
        elif samples.dtype == np.uint8:  # 128 is silence in an 8-bit WAV file
            samples = (samples.astype("float64") - 128) / 128
        else:
            full = 2**15 if samples.dtype.itemsize > 4 else np.iinfo(samples.dtype).max
            samples = samples / float(full)
        if samples.ndim == 2:
            samples = samples.mean(axis=1)
        if rate != self.sample_rate:
            from scipy.signal import resample_poly

            samples = resample_poly(samples, self.sample_rate, rate)
        return samples


def padded_frames(recordings: Sequence[Array]) -> dict[str, Array]:
    """Frames `(frames, bands)` of several recordings, padded with 0 to one length.

    Returns:
        `{"sequences": (batch, frames, bands), "mask": (batch, frames)}`.
    """
    sequences, mask = padded(recordings, FRAME_MULTIPLE)
    return {"sequences": sequences, "mask": mask}


def mel_filters(bands: int, points: int, sample_rate: int) -> Array:
    """Triangular weights of a power spectrum's bins, `(bands, points // 2 + 1)`.

    Each triangle rises from the centre of the band before to its own centre, and falls
    to the centre of the next. The centres are evenly spaced in mel from 0 to half the
    sample rate.
    """
    top = 2595 * np.log10(1 + sample_rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    bins = np.arange(points // 2 + 1) * sample_rate / points
    low, middle, high = (corners[k : k + bands, None] for k in range(3))
    rising = (bins - low) / (middle - low)
    falling = (high - bins) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling))


def _read_wav(path: Path) -> tuple[int, Array]:
    from scipy.io import wavfile

    try:
        return wavfile.read(path)
    except ValueError as error:
        raise ValueError(
            f"A recording must be a WAV file. Received: {path}; scipy says: {error}."
        ) from error
