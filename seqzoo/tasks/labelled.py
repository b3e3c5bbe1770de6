"""The base class of models that return class labels, and the check of images."""

from typing import Any

from seqzoo.ops.types import Tensor
from seqzoo.tasks.base import Task


class LabelledTask(Task):
    """Base class of models whose last layer `logits` has an output for each class.

    The Config has `num_classes`; the processor has `labels`, the names of the classes.
    """

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """With another number of classes, the logits get fresh weights."""
        if key.startswith("logits/") and saved.num_classes != self.config.num_classes:
            return None
        return super().adapted_weight(key, array, shape, saved)

    def adapt_processor(self, saved: Any) -> None:
        """New classes have no names yet, so they are numbered."""
        if saved.num_classes != self.config.num_classes:
            count = self.config.num_classes
            self.processor.labels = [f"class {i}" for i in range(count)]


def check_images(
    images: Tensor, channels: int, sides: tuple[int, int] | None = None
) -> None:
    """Checks that a tensor is a batch of images `(batch, height, width, channels)`.

    Args:
        images: The tensor. A size that is None, unknown, is not checked.
        channels: Number of channels.
        sides: Height and width that the model has positions for; None accepts any.

    Raises:
        ValueError: If not; it names both shapes.
    """
    shape = tuple(images.shape)
    wanted = (None, *(sides or (None, None)), channels)
    if len(shape) == 4 and all(
        size == want or None in (size, want)
        for size, want in zip(shape, wanted, strict=True)
    ):
        return
    height, width = sides or ("height", "width")
    advice = "seqzoo.load(name, image_size=...) adapts the positions." if sides else ""
    raise ValueError(
        f"Images must have shape (batch, {height}, {width}, {channels}). "
        f"Received: {shape}. {advice}".rstrip()
    )
