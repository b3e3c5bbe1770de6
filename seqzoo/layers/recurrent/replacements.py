"""What replaces the arguments of layers of Keras, TensorFlow Addons and keras-tcn."""

from collections.abc import Iterable

_LEFT_OUT = "leave it out: it chooses between implementations, and here is one"
_NO_PENALTY = "leave it out: a gain has neither penalty nor constraint"
_RESERVOIR = "give a `recurrent_initializer` that draws such a kernel"
REPLACEMENTS = {
    "dropout": "give it to the layer: Recurrent(cell, dropout=...)",
    "recurrent_dropout": "give it to the layer: Recurrent(cell, recurrent_dropout=...)",
    "activation": "leave it out: this layer's activation is fixed",
    "recurrent_activation": "this cell has no gates of a function to choose",
    "norm_gamma_initializer": "use `gain_initializer`",
    "norm_beta_initializer": "use `shift_initializer`",
    "norm_epsilon": "use `epsilon`",
    "layernorm_epsilon": "use `epsilon`",
    "gamma_initializer": "use `gain_initializer`",
    "gamma_regularizer": _NO_PENALTY,
    "gamma_constraint": _NO_PENALTY,
    "leaky": "use LeakyCell(units, time_constants=1 / leaky, learned=False)",
    "connectivity": _RESERVOIR,
    "spectral_radius": _RESERVOIR,
    "use_norm2": _RESERVOIR,
    "merge_mode": (
        'use `merge`: "concat", "sum", "multiply" for "mul", "average" for "ave", or '
        "None"
    ),
    "zero_output_for_mask": "leave it out: outputs of masked steps are always zero",
    "time_major": "leave it out: inputs are (batch, steps, features)",
    "return_attention_scores": "use return_weights=True in the call",
    "layer": "give the cell itself",
    "backward_layer": "use `backward_cell`",
    "key_dim": "leave it out: a head has features / num_heads features",
    "nb_filters": "give the features of each block as `units`, such as [25] * 8",
    "nb_stacks": "repeat the dilations, such as dilations=[1, 2, 4] * nb_stacks",
    "padding": (
        "leave it out: convolutions are causal; for both directions run a second net "
        "over the flipped sequence"
    ),
    "dropout_rate": "use `dropout`",
    "use_skip_connections": "leave it out: each block has a shortcut around it",
    "use_weight_norm": "leave it out: kernels are weight-normalised",
    "use_batch_norm": "leave it out: kernels are weight-normalised",
    "use_layer_norm": "leave it out: kernels are weight-normalised",
    "unroll": _LEFT_OUT,
    "implementation": _LEFT_OUT,
    "use_cudnn": _LEFT_OUT,
}


def refuse_foreign(layer: str, arguments: Iterable[str]) -> None:
    """Raises a ValueError that names the replacement of each foreign argument.

    Args:
        layer: Name of the layer's class.
        arguments: Names of arguments that the layer does not have.
    """
    foreign = [name for name in arguments if name in REPLACEMENTS]
    if foreign:
        advice = "; ".join(f"`{name}`: {REPLACEMENTS[name]}" for name in foreign)
        raise ValueError(
            f"{layer} does not have the arguments {', '.join(foreign)} of other "
            f"libraries' layers. Instead: {advice}."
        )
