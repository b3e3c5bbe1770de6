"""The processor of recordings: log-mel frames."""

import io
import struct
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.ops.arithmetic import next_power_of_two
from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, class_names, padded
from seqzoo.processors.files import as_numpy, file_content, is_file

RATES = (1000, 384_000)  # samples a second of a file: lowest, highest
MOST_CHANNELS = 64
SILENCE = 1e-3  # of the full range: quieter recordings hold no word
FRAME_MULTIPLE = 16  # batches are padded to a multiple of so many frames


class LogMelProcessor(Processor):
    """Recordings as logarithms of mel-band energies, a frame every 10 ms.

    Each frame of 25 ms is multiplied by a Hann window. Triangular bands, evenly spaced
    on the mel scale, mel(f) = 2595 log10(1 + f / 700), sum its power spectrum (Davis
    and Mermelstein 1980). A recording is then shifted and scaled as a whole to mean 0
    and variance 1. This removes its loudness and keeps the means of the bands, which
    say much about a word of half a second.

    Recordings are paths, bytes or open files of WAV files, read by scipy, or arrays of
    samples at `sample_rate`: floats from -1 to 1 or 16-bit integers; channels are
    averaged.

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        sample_rate: Samples a second; files at another rate are resampled.
        bands: Number of mel bands.
        max_seconds: Longest recording that is accepted.

    Raises:
        ValueError: If the rate or the number of bands is out of range.
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
        if not (100 <= sample_rate <= 1_000_000 and 1 <= bands <= 4096):
            raise ValueError(
                "`sample_rate` must be from 100 to 1,000,000 and `bands` from 1 to "
                f"4,096. Received: sample_rate={sample_rate!r}, bands={bands!r}"
            )
        self.labels = class_names(labels)
        self.sample_rate = sample_rate
        self.bands = bands
        self.max_seconds = max_seconds
        self._frame = round(0.025 * sample_rate)
        self._hop = round(0.010 * sample_rate)
        self._points = next_power_of_two(self._frame)  # of the Fourier transform
        self._window = np.hanning(self._frame + 2)[1:-1]
        self._filters = mel_filters(bands, self._points, sample_rate)

    @property
    def sample(self) -> str:
        """The digit seven."""
        return "seven"

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
        samples = np.pad(samples, (0, max(0, self._frame - len(samples))))
        windows = np.lib.stride_tricks.sliding_window_view(samples, self._frame)
        spectrum = np.fft.rfft(windows[:: self._hop] * self._window, self._points)
        energies = (np.abs(spectrum) ** 2) @ self._filters.T
        logarithms = np.log(energies + 1e-6)
        spread = logarithms.std() + 1e-3
        return ((logarithms - logarithms.mean()) / spread).astype("float32")

    def doubt(self, given: Any) -> str:
        """Says that a recording is silent."""
        samples = self._samples(given)
        loudest = float(np.abs(samples - samples.mean()).max())
        return "The recording is silent." if loudest < SILENCE else ""

    def _samples(self, recording: Any) -> Array:
        """Samples `(samples,)` from -1 to 1, of one channel, at `sample_rate`."""
        rate = self.sample_rate
        if is_file(recording):
            rate, recording = read_wav(recording)
        samples = as_numpy(recording)
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
        if samples.ndim == 2 and samples.shape[1] > MOST_CHANNELS:
            advice = "Transpose it" if len(samples) > 1 else "Give its only row"
            raise ValueError(
                "The array of a recording must be (samples,) or (samples, channels), "
                f"with at most {MOST_CHANNELS} channels. Received: shape "
                f"{samples.shape}. {advice}; several recordings go into a list."
            )
        if len(samples) > self.max_seconds * rate:  # before it is converted
            raise ValueError(
                f"A recording may last at most {self.max_seconds} s. Received: "
                f"{len(samples) / rate:.1f} s. Cut it."
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


def read_wav(file: Any) -> tuple[int, Array]:
    """The sample rate and the samples of a WAV file.

    The header is believed only as far as the file's size allows.

    Args:
        file: A path, the bytes of a file, or a file that is open for reading.

    Raises:
        ValueError: If it is no WAV file; it names the file.
        FileNotFoundError: If the path does not exist.
    """
    from scipy.io import wavfile

    name, data = file_content(file)
    try:
        _check_wav(data)
        with warnings.catch_warnings(action="ignore"):  # of unknown chunks
            rate, samples = wavfile.read(io.BytesIO(data))
        if not RATES[0] <= rate <= RATES[1]:
            raise ValueError(
                f"its sample rate is {rate:,}, not from {RATES[0]:,} to {RATES[1]:,}"
            )
    except Exception as error:  # scipy raises many kinds for damaged headers
        text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(
            f"A recording must be a WAV file. Received: {name}; {text}. Convert it."
        ) from error
    return rate, samples


def _check_wav(data: bytes) -> None:
    """Checks the sizes in the header of a WAV file against the file.

    Raises:
        ValueError: If the header claims more than the file has, or no channels.
    """
    if data[:4] not in (b"RIFF", b"RIFX", b"RF64") or data[8:12] != b"WAVE":
        raise ValueError("it does not begin as one")
    order = ">" if data[:4] == b"RIFX" else "<"
    start = 12
    while start + 8 <= len(data):
        kind = data[start : start + 4]
        (size,) = struct.unpack(order + "I", data[start + 4 : start + 8])
        if kind == b"fmt ":
            if size < 16 or start + 24 > len(data):
                raise ValueError("its format is cut off")
            head = struct.unpack(order + "HHIIHH", data[start + 8 : start + 24])
            _, channels, _, _, frame, bits = head
            if not (1 <= channels <= MOST_CHANNELS and frame and bits):
                raise ValueError(
                    f"its header says {channels} channels and {bits} bits a sample"
                )
        # A program that could not go back to the header leaves the greatest number.
        is_open = data[:4] == b"RF64" or size == 2**32 - 1
        if kind == b"data" and start + 8 + size > len(data) and not is_open:
            raise ValueError(
                f"its header claims {size:,} bytes of samples, and the file has "
                f"{len(data):,}"
            )
        start += 8 + size + size % 2
