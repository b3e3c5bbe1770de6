"""How models of pictures are trained: AdamW or Muon; warm-up, cosine and averages."""

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
# Of the learning rate of matrices: that of the weights which AdamW trains.
MUON_RATIO = 0.5


def adamw(
    steps: int,
    learning_rate: float,
    warmup_steps: int,
    weight_decay: float,
    clip_norm: float,
    ema_momentum: float,
) -> keras.optimizers.AdamW:
    """AdamW whose rate rises from 0, then falls by half a cosine to a hundredth.

    Args:
        steps: Of the whole training.
        learning_rate: After the warm-up.
        warmup_steps: Steps in which it rises; at most half of all.
        weight_decay: On kernels.
        clip_norm: Largest norm of all gradients together.
        ema_momentum: Of the averaged weights.
    """
    optimizer = keras.optimizers.AdamW(
        _rising_and_falling(steps, learning_rate, warmup_steps),
        weight_decay=weight_decay,
        global_clipnorm=clip_norm,
        use_ema=True,
        ema_momentum=ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=list(NO_DECAY))
    return optimizer


def muon(
    steps: int,
    learning_rate: float,
    warmup_steps: int,
    weight_decay: float,
    clip_norm: float,
    ema_momentum: float,
) -> keras.optimizers.Muon:
    """Muon (Jordan et al. 2024) for the matrices within, AdamW for all other weights.

    The momentum of a matrix is replaced by the nearest orthogonal one, so that every
    direction of it moves equally far, and scaled as Liu et al. 2025
    (arxiv.org/abs/2502.16982) do. Arguments are those of `adamw`; the learning rate is
    that of the matrices, and the other weights have a `MUON_RATIO` of it.
    """
    optimizer = keras.optimizers.Muon(
        _rising_and_falling(steps, learning_rate, warmup_steps),
        adam_lr_ratio=MUON_RATIO,
        weight_decay=weight_decay,
        adam_weight_decay=weight_decay,
        exclude_layers=["logits", *NO_DECAY],
        global_clipnorm=clip_norm,
        use_ema=True,
        ema_momentum=ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=list(NO_DECAY))
    return optimizer


def _rising_and_falling(
    steps: int, learning_rate: float, warmup_steps: int
) -> keras.optimizers.schedules.CosineDecay:
    warmup_steps = min(warmup_steps, steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=learning_rate,
        warmup_steps=warmup_steps,
        decay_steps=steps - warmup_steps,
        alpha=0.01,
    )
