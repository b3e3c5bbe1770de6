"""Adam, AdamW and Muon with warm-up, cosine decay, clipping and averaged weights.

All take the arguments of `cosine`, and:

- `clip_norm`: largest norm of all gradients together.
- `ema_momentum`: momentum of the averaged weights, which are validated and kept.
- `beta_2`: momentum of the squared gradients.
- `weight_decay`: decoupled decay of weights, except those in `no_decay`.
"""

from collections.abc import Sequence
from typing import Any

import keras

# Parts of the names of weights that are no kernels: they do not decay.
NO_DECAY = (
    "bias",
    "beta",
    "gamma",
    "positions",
    "class_token",
    "anchors",
    "content",
)
# AdamW trains these and everything else that is no matrix.
NO_MUON = ("logits", *NO_DECAY)
MUON_RATIO = 0.5  # AdamW's learning rate as a share of Muon's


def cosine(learning_rate: float, steps: int, warmup_steps: int = 0) -> Any:
    """A rate that rises from 0, then falls by half a cosine to a hundredth.

    Args:
        learning_rate: The rate after the warm-up.
        steps: Steps of the whole training, warm-up included.
        warmup_steps: Steps of the rise; at most half of all.
    """
    decay = keras.optimizers.schedules.CosineDecay
    if not warmup_steps:
        return decay(learning_rate, steps, alpha=0.01)
    rise = min(warmup_steps, steps // 2)
    return decay(
        0.0, steps - rise, alpha=0.01, warmup_target=learning_rate, warmup_steps=rise
    )


def adam(
    learning_rate: float,
    steps: int,
    *,
    clip_norm: float,
    ema_momentum: float,
    warmup_steps: int = 0,
    beta_2: float = 0.999,
) -> keras.optimizers.Optimizer:
    """Adam (Kingma and Ba 2015)."""
    return keras.optimizers.Adam(
        cosine(learning_rate, steps, warmup_steps),
        beta_2=beta_2,
        **_shared(clip_norm, ema_momentum),
    )


def adamw(
    learning_rate: float,
    steps: int,
    *,
    clip_norm: float,
    ema_momentum: float,
    weight_decay: float,
    warmup_steps: int = 0,
    beta_2: float = 0.999,
    no_decay: Sequence[str] = NO_DECAY,
    young_averages: bool = False,
) -> keras.optimizers.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    `young_averages`: the averages are of use after any number of steps, see
    `YoungAverages`.
    """
    kind = YoungAverages if young_averages else keras.optimizers.AdamW
    optimizer = kind(
        cosine(learning_rate, steps, warmup_steps),
        beta_2=beta_2,
        weight_decay=weight_decay,
        **_shared(clip_norm, ema_momentum),
    )
    optimizer.exclude_from_weight_decay(var_names=list(no_decay))
    return optimizer


def muon(
    learning_rate: float,
    steps: int,
    *,
    clip_norm: float,
    ema_momentum: float,
    weight_decay: float,
    warmup_steps: int = 0,
) -> keras.optimizers.Optimizer:
    """Muon for matrices, AdamW for the last layer and all other weights.

    Muon (Jordan et al. 2024) replaces the momentum of a matrix by the nearest
    orthogonal matrix, so that it moves equally far in every direction, scaled as in Liu
    et al. 2025 (arxiv.org/abs/2502.16982).
    """
    optimizer = keras.optimizers.Muon(
        cosine(learning_rate, steps, warmup_steps),
        adam_lr_ratio=MUON_RATIO,
        adam_weight_decay=weight_decay,
        exclude_layers=list(NO_MUON),
        weight_decay=weight_decay,
        **_shared(clip_norm, ema_momentum),
    )
    optimizer.exclude_from_weight_decay(var_names=list(NO_DECAY))
    return optimizer


class YoungAverages(keras.optimizers.AdamW):
    """AdamW whose averages forget their start.

        momentum_t = min(ema_momentum, (1 + t) / (10 + t)) after t steps

    So the averages reach over about a ninth of the steps so far. With a constant
    momentum, those of a short run are still near the first weights.
    """

    @property
    def ema_momentum(self) -> Any:
        """The momentum at the next step; set it to the largest."""
        steps = keras.ops.cast(self.iterations, "float32")
        return keras.ops.minimum(self._ema_momentum, (1 + steps) / (10 + steps))

    @ema_momentum.setter
    def ema_momentum(self, value: float) -> None:
        self._ema_momentum = value

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "ema_momentum": self._ema_momentum}


def stretch(optimizer: keras.optimizers.Optimizer, factor: float) -> None:
    """Makes a schedule `factor` times as long, and the reach of the averages.

    Averages of momentum m reach over about 1 / (1 - m) steps. A schedule that is none
    of Keras's stays.
    """
    schedule: Any = getattr(optimizer, "_learning_rate", None)
    is_schedule = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    if is_schedule and type(schedule).__module__.startswith("keras."):
        config = schedule.get_config()
        for name, value in config.items():
            if name.endswith("_steps") and value:
                config[name] = max(1, round(value * factor))
            elif name == "boundaries":
                config[name] = [max(1, round(step * factor)) for step in value]
        optimizer.learning_rate = type(schedule).from_config(config)
    if optimizer.use_ema:
        momentum = optimizer.get_config()["ema_momentum"]
        optimizer.ema_momentum = 1 - min(1.0, (1 - momentum) / factor)


def _shared(clip_norm: float, ema_momentum: float) -> dict[str, Any]:
    return dict(global_clipnorm=clip_norm, use_ema=True, ema_momentum=ema_momentum)
