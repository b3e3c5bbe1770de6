"""What tests of checkpoints share."""

from pathlib import Path

from keras import ops
from safetensors.numpy import load_file, save_file

import seqzoo

GOLDEN = Path(__file__).parent / "golden"


def logits(folder):
    """What a folder's classifier makes of its golden pixels, and what is expected."""
    model = seqzoo.load(folder)
    golden = load_file(folder / "golden.safetensors")
    return ops.convert_to_numpy(model(golden["pixels"])), golden["logits"]


def changed(folder, change):
    """Changes the tensors of a checkpoint in place."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
