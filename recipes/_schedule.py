"""How models of pictures are trained: AdamW or Muon; warm-up, cosine and averages."""

import functools
from typing import Literal

import keras

# Weights that are no kernels, by their names.
NO_DECAY = (
    "bias",
    "beta",
    "gamma",
    "positions",
    "class_token",
    "anchors",
    "content",
)
# What Muon leaves to AdamW, beside all that is no matrix, and with which part of its
# learning rate.
NO_MUON = ("logits", *NO_DECAY)
MUON_RATIO = 0.5

Kind = Literal["adamw", "muon"]


def scheduled(
    kind: Kind,
    steps: int,
    learning_rate: float,
    warmup_steps: int,
    weight_decay: float,
    clip_norm: float,
    ema_momentum: float,
) -> keras.optimizers.Optimizer:
    """An optimizer whose rate rises from 0, then falls by half a cosine to a hundredth.

    "muon" (Jordan et al. 2024) replaces the momentum of a matrix by the nearest
    orthogonal one, so that every direction of it moves equally far, scaled as Liu et
    al. 2025 (arxiv.org/abs/2502.16982) do; AdamW trains the last layer and whatever is
    no matrix.

    Args:
        kind: "adamw" or "muon".
        steps: Of the whole training.
        learning_rate: After the warm-up. Of Muon's matrices; the rest has a
            `MUON_RATIO` of it.
        warmup_steps: Steps in which it rises; at most half of all.
        weight_decay: On kernels.
        clip_norm: Largest norm of all gradients together.
        ema_momentum: Of the averaged weights.
    """
    make = keras.optimizers.AdamW
    if kind == "muon":
        make = functools.partial(
            keras.optimizers.Muon,
            adam_lr_ratio=MUON_RATIO,
            adam_weight_decay=weight_decay,
            exclude_layers=list(NO_MUON),
        )
    warmup_steps = min(warmup_steps, steps // 2)
    optimizer = make(
        keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=learning_rate,
            warmup_steps=warmup_steps,
            decay_steps=steps - warmup_steps,
            alpha=0.01,
        ),
        weight_decay=weight_decay,
        global_clipnorm=clip_norm,
        use_ema=True,
        ema_momentum=ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=list(NO_DECAY))
    return optimizer
