"""Batches of images with boxes, and the targets that a detector learns from."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqzoo.data.annotated import AnnotatedImage
from seqzoo.data.batches import ShuffledBatches
from seqzoo.ops.types import Array

Augmentation = Callable[[AnnotatedImage, np.random.Generator], AnnotatedImage]


class DetectionBatches(ShuffledBatches):
    """Shuffled batches `(inputs, targets)` with denoising queries.

    `inputs["images"]` are the pixels; the other inputs come from `noised_targets`, the
    targets from `padded_targets`.

    Args:
        train: From the index of an epoch to its images, as in `DetectionCorpus`.
        processor: Its `labels` are the classes; its `normalised` makes the pixels.
        batch_size: Images in a batch; a smaller set is one batch.
        max_objects: Most objects that an image has.
        denoising_groups: Noised copies of the objects of each image.
        augment: Random changes of an image, in this order; all images of a batch must
            end in one size.
        repeats: How often an epoch shows each image, changed anew each time.
    """

    def __init__(
        self,
        train: Callable[[int], Sequence[AnnotatedImage]],
        processor: Any,
        batch_size: int,
        max_objects: int,
        denoising_groups: int,
        augment: Sequence[Augmentation] = (),
        repeats: int = 1,
    ):
        super().__init__(repeats * len(train(0)), batch_size)
        self.train, self.processor, self.max_objects = train, processor, max_objects
        self.denoising_groups, self.augment = denoising_groups, tuple(augment)

    def make(self, epoch: int, part: Any) -> tuple[dict[str, Array], dict[str, Array]]:
        images, rng = self.train(epoch), self.generator(epoch, part)
        annotated = []
        for index in part:
            image = images[int(index) % len(images)]
            for change in self.augment:
                image = change(image, rng)
            annotated.append(image)
        targets = padded_targets(annotated, self.max_objects)
        pixels = np.stack([each.image for each in annotated])  # (B, H, W, 3)
        classes = len(self.processor.labels)
        noised = noised_targets(targets, rng, self.denoising_groups, classes)
        return {"images": self.processor.normalised(pixels), **noised}, targets


def padded_targets(
    images: Sequence[AnnotatedImage], max_objects: int
) -> dict[str, Array]:
    """The targets of `SetPredictionLoss`.

    Returns:
        `{"labels": int32 (images, max_objects), -1 for padding; "boxes_cxcywh": float32
        (images, max_objects, 4)}`, boxes as shares of the image; padding is a box in
        the middle.

    Raises:
        ValueError: If an image has more objects.
    """
    labels = np.full((len(images), max_objects), -1, "int32")
    boxes = np.full((len(images), max_objects, 4), 0.5, "float32")
    for i, annotated in enumerate(images):
        count = len(annotated.labels)
        if count > max_objects:
            raise ValueError(
                f"An image may have at most {max_objects} objects. Received: {count}. "
                "Raise `max_objects`."
            )
        height, width = annotated.image.shape[:2]
        low, high = annotated.boxes_xyxy[:, :2], annotated.boxes_xyxy[:, 2:]
        boxes[i, :count] = np.concatenate([(low + high) / 2, high - low], axis=1)
        boxes[i, :count] /= np.array([width, height] * 2)
        labels[i, :count] = annotated.labels
    return {"labels": labels, "boxes_cxcywh": boxes}


def noised_targets(
    targets: dict[str, Array],
    rng: np.random.Generator,
    groups: int,
    classes: int,
    flipped: float = 0.2,
    moved: float = 0.4,
    scaled: float = 0.4,
) -> dict[str, Array]:
    """Denoising queries: noised copies of the targets (Li et al. 2022, section 3.3).

        centre' = centre + moved * size / 2 * u;   size' = size (1 + scaled * u)

    with every u uniform from -1 to 1; a label is drawn anew with probability `flipped`.

    Args:
        targets: Targets from `padded_targets`.
        rng: Generator of the noise.
        groups: Noised copies of the targets of each image.
        classes: Number of classes.
        flipped: Share of labels that are drawn anew.
        moved: Largest shift of a centre, in halves of the box.
        scaled: Largest growth or shrinkage of a side, as a share of it.

    Returns:
        `{"noised_labels": int32 (images, groups, objects), "noised_boxes": float32
        (images, groups, objects, 4)}`.
    """
    labels = np.repeat(targets["labels"][:, None], groups, axis=1)  # (B, groups, N)
    boxes = np.repeat(targets["boxes_cxcywh"][:, None], groups, axis=1)
    drawn = rng.integers(classes, size=labels.shape).astype("int32")
    changed = (rng.random(labels.shape) < flipped) & (labels >= 0)
    noise = rng.uniform(-1, 1, size=boxes.shape).astype("float32")
    size = boxes[..., 2:]
    centre = boxes[..., :2] + moved * size / 2 * noise[..., :2]
    size = size * (1 + scaled * noise[..., 2:])
    return {
        "noised_labels": np.where(changed, drawn, labels),
        "noised_boxes": np.clip(np.concatenate([centre, size], axis=-1), 0, 1),
    }
