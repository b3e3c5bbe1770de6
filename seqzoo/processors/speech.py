"""Recordings to log-mel frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FRAME_MULTIPLE = 16  # batches are padded to so many frames, so that few shapes occur


class LogMelProcessor:
    """Recordings as logarithms of mel-band energies, one frame every hundredth second.

    A frame of 25 ms under a Hann window gives a power spectrum; triangular bands,
    evenly spaced on the mel scale, mel(f) = 2595 log10(1 + f / 700), sum it (Davis and
    Mermelstein 1980). A recording is then shifted and scaled as a whole to mean 0 and
    variance 1, which takes its loudness away and leaves its spectrum: of a word of half
    a second the mean of a band says much.

    Recordings are paths of WAV files, read by scipy, or arrays of samples at
    `sample_rate`: floats from -1 to 1 or 16-bit integers; channels are averaged.

    Args:
        labels: Name of each class.
        sample_rate: Samples a second that the model was trained on; files at another
            rate are resampled.
        bands: Number of mel bands.
        max_seconds: Longest recording that is accepted.
    """

    hub_task = "audio-classification"
    demo_panel = "recording"

    def __init__(
        self,
        labels: Sequence[str],
        sample_rate: int = 8000,
        bands: int = 40,
        max_seconds: float = 10.0,
    ):
        self.labels = [str(label) for label in labels]
        self.sample_rate = sample_rate
        self.bands = bands
        self.max_seconds = max_seconds
        self._frame = round(0.025 * sample_rate)
        self._hop = round(0.010 * sample_rate)
        self._points = 1 << (self._frame - 1).bit_length()  # of the transform
        self._window = np.hanning(self._frame + 2)[1:-1]
        self._filters = mel_filters(bands, self._points, sample_rate)

    def listed(self, recordings: Any) -> tuple[list[Any], bool]:
        """The recordings as a list, and whether it was a single one."""
        if isinstance(recordings, list | tuple):
            return list(recordings), False
        return [recordings], True

    def encode(self, recordings: Sequence[Any]) -> dict[str, Array]:
        """What the model is called on.

        Raises:
            ValueError: If one of them is no recording, or too long.
            FileNotFoundError: If a path leads nowhere.
        """
        return padded_frames([self.frames(each) for each in recordings])

    def frames(self, recording: Any) -> Array:
        """The frames of one recording, float32 `(frames, bands)`."""
        samples = self._samples(recording)
        if len(samples) > self.max_seconds * self.sample_rate:
            raise ValueError(
                f"A recording may last at most {self.max_seconds} s. Received: "
                f"{len(samples) / self.sample_rate:.1f} s. Cut it."
            )
        samples = np.pad(samples, (0, max(0, self._frame - len(samples))))
        framed = np.lib.stride_tricks.sliding_window_view(samples, self._frame)
        spectrum = np.fft.rfft(framed[:: self._hop] * self._window, self._points)
        energies = (np.abs(spectrum) ** 2) @ self._filters.T
        logarithms = np.log(energies + 1e-6)
        spread = logarithms.std() + 1e-3
        return ((logarithms - logarithms.mean()) / spread).astype("float32")

    def _samples(self, recording: Any) -> Array:
        """Floating samples of one channel at the processor's rate."""
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
        elif samples.dtype == np.uint8:  # 8-bit WAV has its zero in the middle
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

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {
            "labels": self.labels,
            "sample_rate": self.sample_rate,
            "bands": self.bands,
            "max_seconds": self.max_seconds,
        }

    def save(self, folder: Path) -> None:
        """Nothing: the config says it all."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "LogMelProcessor":
        """The processor that a model was saved with."""
        return cls(**config)


def padded_frames(recordings: Sequence[Array]) -> dict[str, Array]:
    """Frames of several recordings, padded with 0 to one length, and where they are.

    Returns:
        `{"sequences": (batch, frames, bands), "mask": (batch, frames)}`.
    """
    longest = max(len(frames) for frames in recordings)
    steps = -(-longest // FRAME_MULTIPLE) * FRAME_MULTIPLE
    shape = (len(recordings), steps, recordings[0].shape[1])
    sequences, mask = np.zeros(shape, "float32"), np.zeros(shape[:2], bool)
    for row, frames in enumerate(recordings):
        sequences[row, : len(frames)] = frames
        mask[row, : len(frames)] = True
    return {"sequences": sequences, "mask": mask}


def mel_filters(bands: int, points: int, sample_rate: int) -> Array:
    """Triangles over the bins of a power spectrum, `(bands, points // 2 + 1)`.

    Each rises from the middle of the band before to its own middle and falls to that
    of the next; the middles are evenly spaced in mel from 0 to half the sample rate.
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
            f"Wanted a WAV file. Received: {path}, of which scipy says: {error}."
        ) from error
