"""`preprocessor_config.json` of transformers as the arguments of our processors."""

from collections.abc import Mapping
from typing import Any

RESAMPLES = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


def image_processor(
    settings: Mapping[str, Any], found: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Our ImageProcessor, as `config.json` would say it.

    Args:
        settings: The checkpoint's `config.json`.
        found: Its `preprocessor_config.json`.
        where: The checkpoint, as in an error.

    Raises:
        ValueError: If a setting is none of ours.
    """
    resize = _height_and_width(found.get("size", 224), where)
    crop = resize
    if found.get("do_center_crop"):
        crop = _height_and_width(found.get("crop_size", 224), where)
    config = {"labels": labels(settings), "size": crop, "resize": resize}
    config |= _channels(settings, found, where)
    return {"class": "ImageProcessor", "config": config}


def detection_processor(
    settings: Mapping[str, Any], found: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Our DetectionProcessor, as `config.json` would say it.

    Args:
        settings: The checkpoint's `config.json`.
        found: Its `preprocessor_config.json`.
        where: The checkpoint, as in an error.

    Raises:
        ValueError: If a setting is none of ours.
    """
    size = found.get("size", 800)
    if isinstance(size, int):  # as files before transformers 4.27 have it
        longest = found.get("max_size", 1333)
        size = {"shortest_edge": size, "longest_edge": longest}
    if set(size) == {"shortest_edge"}:
        size = {**size, "longest_edge": found.get("max_size", 1333)}
    if set(size) != {"shortest_edge", "longest_edge"}:
        raise ValueError(
            f"preprocessor_config.json of {where} must resize by shortest_edge and "
            f"longest_edge. Received: size={size!r}"
        )
    config = {"labels": labels(settings), **size}
    config |= _channels(settings, found, where)
    return {"class": "DetectionProcessor", "config": config}


def labels(settings: Mapping[str, Any]) -> list[str]:
    """The name of each class, in the order of the logits."""
    names = settings.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    return [names[key] for key in sorted(names, key=int)]


def _channels(
    settings: Mapping[str, Any], found: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """What both kinds of processor have: mean, std and resample."""
    for name, wanted in (
        ("do_resize", True),
        ("do_rescale", True),
        ("rescale_factor", 1 / 255),
    ):
        if abs(found.get(name, wanted) - wanted) > 1e-9:
            raise ValueError(
                f"preprocessor_config.json of {where} has {name}={found[name]!r}; "
                f"seqzoo reads {wanted!r}: resized pixels, divided by 255."
            )
    resample = found.get("resample", 2)
    if resample not in RESAMPLES:
        raise ValueError(
            f"preprocessor_config.json of {where} resamples by {resample!r}; seqzoo "
            f"knows {RESAMPLES}, as Pillow numbers them."
        )
    channels = settings.get("num_channels", 3)
    mean, std = found.get("image_mean"), found.get("image_std")
    if not found.get("do_normalize", True):
        mean, std = [0.0] * channels, [1.0] * channels
    if mean is None or std is None:
        raise ValueError(
            f"preprocessor_config.json of {where} must say image_mean and image_std."
        )
    return {"mean": mean, "std": std, "resample": RESAMPLES[resample]}


def _height_and_width(size: Any, where: str) -> list[int]:
    if isinstance(size, int):
        return [size, size]
    if isinstance(size, Mapping) and {"height", "width"} <= size.keys():
        return [size["height"], size["width"]]
    raise ValueError(
        f"preprocessor_config.json of {where} must give a height and a width. "
        f"Received: {size!r}"
    )
