"""What the detectors share: batches with denoising queries, and average precision."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recipes._schedule import Kind, scheduled
from seqzoo.data import AnnotatedPicture, DetectionCorpus, shuffled_batches
from seqzoo.data.annotated import noised_targets, padded_targets
from seqzoo.tasks.coco import AveragePrecision, average_precision
from seqzoo.tasks.detection import ObjectDetector
from seqzoo.tasks.set_prediction import SetPredictionLoss
from seqzoo.training import Card, Metric, Recipe

# From a training picture and a generator to the picture changed at random.
Augment = Callable[[AnnotatedPicture, np.random.Generator], AnnotatedPicture]


def recipe(
    corpus: DetectionCorpus,
    name: str,
    model: ObjectDetector,
    card: Card,
    most_objects: int,
    epochs: int,
    augment: Augment = lambda picture, rng: picture,
    batch_size: int = 16,
    denoising_groups: int = 3,
    learning_rate: float = 5e-4,
    warmup_steps: int = 500,
    weight_decay: float = 1e-4,
    clip_norm: float = 0.5,
    ema_momentum: float = 0.998,
    optimizer: Kind = "adamw",
    golden: Any = None,
) -> Recipe:
    """The recipe of one detector.

    Args:
        corpus: Annotated pictures in three parts; training pictures of one size.
        name: The trained name.
        model: With its processor.
        card: The hand-written part of the model card.
        most_objects: Objects in a training picture at most.
        epochs: How many.
        augment: How training pictures are changed; their size stays.
        batch_size: Pictures in a batch.
        denoising_groups: Nearly right copies of the objects, to be put right.
        learning_rate: After the warm-up; falls by half a cosine to a hundredth.
        warmup_steps: Steps in which it rises from 0.
        weight_decay: On kernels.
        clip_norm: Largest norm of all gradients together.
        ema_momentum: Of the averaged weights, which are kept.
        optimizer: "adamw" or "muon".
        golden: A small real input.
    """
    count = len(corpus.train(0))
    batch_size = min(batch_size, count)
    processor, classes = model.processor, len(corpus.labels)

    def batches(epoch: int):
        pictures = corpus.train(epoch)

        def batch(rows):
            rng = np.random.default_rng([3, epoch, int(rows[0])])
            chosen = [augment(pictures[int(row)], rng) for row in rows]
            targets = padded_targets(chosen, most_objects)
            pixels = np.stack([each.picture for each in chosen])
            noise = noised_targets(targets, rng, denoising_groups, classes)
            return {"images": processor.normalised(pixels), **noise}, targets

        return shuffled_batches(count, batch_size, batch, epoch=epoch)

    made = scheduled(
        optimizer,
        epochs * len(batches(0)),
        learning_rate,
        warmup_steps,
        weight_decay,
        clip_norm,
        ema_momentum,
    )
    return Recipe(
        name=name,
        model=model,
        train=batches,
        loss=SetPredictionLoss(),
        optimizer=made,
        epochs=epochs,
        validate=lambda model: validate(model, corpus.validation),
        monitor="map",
        mode="max",
        evaluate=functools.partial(evaluate, corpus=corpus),
        card=card,
        golden=golden,
        weights_dtype="float16",
    )


def validate(
    model: ObjectDetector, pictures: Sequence[AnnotatedPicture]
) -> dict[str, float]:
    """COCO's mean average precision, and that at IoU 0.5, in per cent."""
    scores = scored(model, pictures)
    return {"map": 100 * scores.mean, "map_50": 100 * scores.at_50}


def evaluate(model: ObjectDetector, corpus: DetectionCorpus) -> dict[str, Metric]:
    """Average precision on the test pictures, by class too."""
    scores = scored(model, corpus.test)

    def metric(value: float, **extra: Any) -> Metric:
        split = f"{corpus.name}, test"
        return Metric(100 * value, "%", split, len(corpus.test), extra=extra)

    return {
        "map": metric(scores.mean, by_class=_rounded(scores, 0)),
        "map_50": metric(scores.at_50, by_class=_rounded(scores, 1)),
        "map_75": metric(scores.at_75),
    }


def scored(
    model: ObjectDetector, pictures: Sequence[AnnotatedPicture]
) -> AveragePrecision:
    """Average precision of all that the queries answer."""
    pictures = list(pictures)
    return average_precision(
        model.detect([each.picture for each in pictures], threshold=0.0),
        [each.boxes_xyxy for each in pictures],
        [each.labels for each in pictures],
        model.processor.labels,
    )


def _rounded(scores: AveragePrecision, which: int) -> dict[str, float | None]:
    """By class; None where there was no such object, which JSON has no number for."""
    return {
        name: None if math.isnan(both[which]) else round(100 * both[which], 2)
        for name, both in scores.by_class.items()
    }
