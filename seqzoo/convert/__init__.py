"""Other libraries' checkpoints into ours: read from the files, without their code.

A checkpoint in the layout of Hugging Face transformers is a `config.json` with a
`model_type`, weights as safetensors, and perhaps a `preprocessor_config.json`.
`transformers.spec` turns the two JSON files into what our own `config.json` would say,
`transformers.weights` the tensors of a `checkpoint.Checkpoint` into ours, one by one.
Whoever only asks whether a file is foreign imports neither.
"""

from collections.abc import Mapping
from typing import Any


def is_foreign(settings: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is one of transformers, not ours."""
    return "model_type" in settings and "seqzoo_format" not in settings
