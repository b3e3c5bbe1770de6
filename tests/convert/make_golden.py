"""Writes the golden checkpoints: small random models of transformers and their outputs.

    python -m tests.convert.make_golden

Needs transformers and PyTorch. Each folder holds what transformers itself saves, and
`golden.safetensors` with pixels and what the model makes of them.
"""

from pathlib import Path

import numpy as np

# Settings of a ViTConfig, and whether the file has the names of transformers 4.
VIT = {
    "vit": ({}, True),
    "vit_new_names": ({"hidden_act": "relu"}, False),
    "vit_no_bias": ({"qkv_bias": False, "image_size": [16, 8]}, True),
}
SMALL = {
    "image_size": 16,
    "patch_size": 4,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 16,
    "num_labels": 3,
}


def make_vit(case: str, root: Path, seed: int = 0) -> None:
    """The folder of one case, in `root`."""
    import torch
    import transformers
    from safetensors.numpy import save_file

    settings, old_names = VIT[case]
    torch.manual_seed(seed)
    config = transformers.ViTConfig(**(SMALL | settings))
    model = transformers.ViTForImageClassification(config).eval()
    for weight in model.parameters():
        # Fresh biases are 0 and fresh gains 1, which would hide a wrong place.
        weight.data += 0.1 * torch.randn_like(weight)
    size = config.image_size
    height, width = (size, size) if isinstance(size, int) else size
    shape = (2, height, width, 3)
    pixels = np.random.default_rng(seed).normal(size=shape).astype("float32")
    with torch.no_grad():
        logits = model(torch.tensor(pixels.transpose(0, 3, 1, 2))).logits.numpy()
    folder = root / case
    model.save_pretrained(folder, save_original_format=old_names)
    processor = transformers.ViTImageProcessorPil(
        size={"height": height, "width": width}
    )
    processor.save_pretrained(folder)
    save_file({"pixels": pixels, "logits": logits}, folder / "golden.safetensors")


if __name__ == "__main__":
    for name in VIT:
        make_vit(name, Path(__file__).parent / "golden")
