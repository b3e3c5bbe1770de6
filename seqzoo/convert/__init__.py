"""Other libraries' checkpoints into ours: read from the files, without their code.

A checkpoint in the layout of Hugging Face transformers is a `config.json` with a
`model_type`, weights as safetensors, and perhaps a `preprocessor_config.json`. `spec`
turns the two JSON files into what our own `config.json` would say, `weights` turns the
tensors into ours, one by one.
"""

from seqzoo.convert.checkpoint import Checkpoint
from seqzoo.convert.transformers import FAMILIES, is_foreign, spec, weights

__all__ = ["FAMILIES", "Checkpoint", "is_foreign", "spec", "weights"]
