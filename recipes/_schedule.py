"""How the models of pictures are trained: AdamW with warm-up, cosine and averages."""

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
    warmup_steps = min(warmup_steps, steps // 2)
    optimizer = keras.optimizers.AdamW(
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
