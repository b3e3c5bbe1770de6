"""Configs of cells that have the arguments of another cell but other seeds."""

from typing import Any

from seqzoo.ops.arguments import split_seed


def fresh_config(config: Any, purpose: str) -> Any:
    """A config with equal arguments and other seeds.

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
