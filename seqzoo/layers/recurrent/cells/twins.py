"""Configs of cells that share the arguments of another cell, but nothing else."""

from typing import Any

from seqzoo.ops.arguments import split_seed


def fresh_config(config: Any, purpose: str) -> Any:
    """A config for a cell of its own, with seeds of its own.

    Args:
        config: The config of a cell.
        purpose: Name of the new cell among those of the same config; each seed, of
            initializers too, is split for it.
    """
    if isinstance(config, list | tuple):
        return [fresh_config(value, purpose) for value in config]
    if not isinstance(config, dict):
        return config
    return {
        name: split_seed(value, purpose)
        if name == "seed" and isinstance(value, int)
        else fresh_config(value, purpose)
        for name, value in config.items()
        if name != "shared_object_id"  # with it Keras would give the same cell
    }
