"""`preprocessor_config.json` of transformers as the arguments of our processors."""

from collections.abc import Callable, Mapping
from typing import Any

from seqzoo.convert.settings import Settings, class_labels, parse_object, require

PREPROCESSOR = "preprocessor_config.json"
RESAMPLES = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


def image_processor(
    settings: Settings, files: Mapping[str, bytes], where: str
) -> dict[str, Any] | None:
    """Our ImageProcessor as `config.json` describes it (see `Family.processor`).

    Raises:
        ValueError: If a setting has a value that our processor lacks.
    """
    return _processor("ImageProcessor", _sides, settings, files, where)


def detection_processor(
    settings: Settings, files: Mapping[str, bytes], where: str
) -> dict[str, Any] | None:
    """Our DetectionProcessor as `config.json` describes it; like `image_processor`."""
    return _processor("DetectionProcessor", _edges, settings, files, where)


def _processor(
    class_name: str,
    sizes: Callable[[Settings, str], dict[str, Any]],
    settings: Settings,
    files: Mapping[str, bytes],
    where: str,
) -> dict[str, Any] | None:
    if PREPROCESSOR not in files:
        return None
    where = f"{PREPROCESSOR} of {where}"
    preprocessor = parse_object(files[PREPROCESSOR], where)
    config = {
        "labels": class_labels(settings),
        **sizes(preprocessor, where),
        **_channels(preprocessor, settings.get("num_channels", 3), where),
    }
    return {"class": class_name, "config": config}


def _sides(preprocessor: Settings, where: str) -> dict[str, Any]:
    """The height and width after resizing and after cropping."""
    require(preprocessor, where, default_to_square=True)
    resize = _height_and_width(preprocessor.get("size", 224), where)
    crop = resize
    if preprocessor.get("do_center_crop"):
        crop = _height_and_width(preprocessor.get("crop_size", 224), where)
    return {"size": crop, "resize": resize}


def _edges(preprocessor: Settings, where: str) -> dict[str, Any]:
    """The limits of the shorter and the longer side."""
    size = preprocessor.get("size", 800)
    if isinstance(size, int):  # as files before transformers 4.27 have it
        size = {"shortest_edge": size}
    if set(size) == {"shortest_edge"}:
        size = {**size, "longest_edge": preprocessor.get("max_size", 1333)}
    if set(size) != {"shortest_edge", "longest_edge"}:
        raise ValueError(
            f"{where} must resize by shortest_edge and longest_edge. "
            f"Received: size={size!r}"
        )
    return dict(size)


def _channels(preprocessor: Settings, channels: int, where: str) -> dict[str, Any]:
    """The mean and standard deviation of each channel, and how to resample."""
    require(
        preprocessor,
        where,
        do_resize=True,
        do_rescale=True,
        rescale_factor=1 / 255,
        # Of the processors of other families.
        **dict.fromkeys(("do_flip_channel_order", "rescale_offset", "offset"), False),
        **dict.fromkeys(("include_top", "do_grayscale", "do_reduce_labels"), False),
        crop_pct=None,
        pad_size=None,
    )
    resample = preprocessor.get("resample", 2)
    if resample not in RESAMPLES:
        raise ValueError(
            f"{where} resamples by {resample!r}; seqzoo knows {RESAMPLES}, as Pillow "
            "numbers them."
        )
    mean, std = preprocessor.get("image_mean"), preprocessor.get("image_std")
    if not preprocessor.get("do_normalize", True):
        mean, std = [0.0] * channels, [1.0] * channels
    if mean is None or std is None:
        raise ValueError(f"{where} must give image_mean and image_std.")
    return {"mean": mean, "std": std, "resample": RESAMPLES[resample]}


def _height_and_width(size: Any, where: str) -> list[int]:
    if isinstance(size, int):
        return [size, size]
    if isinstance(size, Mapping) and {"height", "width"} <= size.keys():
        return [size["height"], size["width"]]
    raise ValueError(f"{where} must give a height and a width. Received: {size!r}")
