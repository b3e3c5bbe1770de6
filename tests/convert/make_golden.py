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

# Settings of a SwinConfig, height and width of the pixels, and whether as above.
SWIN = {
    # 8 x 8 patches in windows of 4, then 4 x 4 in a single one.
    "swin": ({}, (16, 16), True),
    "swin_new_names": ({"hidden_act": "relu", "mlp_ratio": 1.5}, (16, 16), False),
    "swin_no_bias": ({"qkv_bias": False, "layer_norm_eps": 0.1}, (16, 24), True),
    # 4 x 12 patches: one window high, so that none is shifted.
    "swin_clamped": ({"depths": [2], "num_heads": [2]}, (8, 24), True),
    # Pixels that fill no patch, 9 x 7 patches that fill no window and no square of 2,
    # then 5 x 4 that fill none either.
    "swin_padded": ({"window_size": 3}, (17, 14), True),
    "swin_positions": ({"use_absolute_embeddings": True}, (16, 16), True),
}
SMALL_SWIN = {
    "image_size": 16,
    "patch_size": 2,
    "embed_dim": 6,
    "depths": [2, 2],
    "num_heads": [2, 3],
    "window_size": 4,
    "mlp_ratio": 2,
    "num_labels": 3,
}

# Settings of a ResNetConfig, and whether as above. Timm is not needed: its names are
# the tests'.
DETR = {
    "detr": ({"layer_type": "bottleneck"}, True),
    "detr_basic_new_names": ({"layer_type": "basic"}, False),
    # Bottlenecks of 2, 5, 7 and 10 features.
    "detr_odd_widths": ({"hidden_sizes": [10, 20, 30, 40], "depths": [1] * 4}, True),
}
SMALL_DETR = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 20,
    "decoder_ffn_dim": 20,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_queries": 7,
    "num_labels": 5,
}
SMALL_RESNET = {
    "embedding_size": 8,
    "hidden_sizes": [8, 16, 24, 32],
    "depths": [1, 2, 1, 2],
    "out_features": ["stage4"],
}


def make_vit(case: str, root: Path, seed: int = 0) -> None:
    """The folder of one case, in `root`."""
    import transformers

    settings, old_names = VIT[case]
    config = transformers.ViTConfig(**(SMALL | settings))
    size = config.image_size
    sides = (size, size) if isinstance(size, int) else size
    model = transformers.ViTForImageClassification
    _make(lambda: model(config), sides, 0.1, old_names, root / case, seed)


def make_swin(case: str, root: Path, seed: int = 0) -> None:
    """The folder of one case, in `root`."""
    import transformers

    settings, sides, old_names = SWIN[case]
    config = transformers.SwinConfig(**(SMALL_SWIN | settings))
    model = transformers.SwinForImageClassification
    # Much noise: with little, all positions attend to all others alike.
    _make(lambda: model(config), sides, 0.4, old_names, root / case, seed)


def make_detr(case: str, root: Path, seed: int = 0) -> None:
    """The folder of one case: pixels, whole and with a mask, and an image."""
    import torch
    import transformers
    from safetensors.numpy import save_file

    settings, old_names = DETR[case]
    resnet = transformers.ResNetConfig(**(SMALL_RESNET | settings))
    config = transformers.DetrConfig(**SMALL_DETR, backbone_config=resnet)
    torch.manual_seed(seed)
    model = transformers.DetrForObjectDetection(config).eval()
    rng = np.random.default_rng(seed)
    for name, weight in model.state_dict().items():
        if not weight.is_floating_point():
            continue
        if weight.ndim > 1:
            # Large enough that detections depend on the image, and that each query
            # attends to another place.
            sharp = any(part in name for part in ("q_proj", "k_proj", "query_"))
            scale = (4 if sharp else 1) * (2 / weight[0].numel()) ** 0.5
            new = rng.normal(size=weight.shape) * scale
        else:
            new = weight.numpy() + rng.uniform(-0.3, 0.3, size=weight.shape)
        weight.copy_(torch.tensor(new))
    # Half precision holds them exactly.
    pixels = rng.normal(size=(2, 72, 104, 3)).astype("float16")
    mask = np.ones(pixels.shape[:3], bool)
    mask[1, 50:] = mask[1, :, 77:] = False
    image = rng.integers(256, size=(20, 33, 3)).astype("uint8")
    golden = {"pixels": pixels, "mask": mask, "picture": image}
    values = torch.tensor(pixels.astype("float32").transpose(0, 3, 1, 2))
    for which, real in (("whole", np.ones_like(mask)), ("masked", mask)):
        with torch.no_grad():
            outputs = model(values, pixel_mask=torch.tensor(real.astype("int64")))
        golden[f"{which}_logits"] = outputs.logits.numpy()
        golden[f"{which}_boxes"] = outputs.pred_boxes.numpy()
    size = {"shortest_edge": 40, "longest_edge": 60}
    processor = transformers.DetrImageProcessorPil(size=size)
    resized = processor(images=image, return_tensors="np")["pixel_values"]
    golden["picture_pixels"] = np.ascontiguousarray(resized.transpose(0, 2, 3, 1))
    folder = root / case
    model.save_pretrained(folder, save_original_format=old_names)
    processor.save_pretrained(folder)
    save_file(golden, folder / "golden.safetensors")


def _make(build, sides, noise, old_names, folder, seed):
    import torch
    import transformers
    from safetensors.numpy import save_file

    torch.manual_seed(seed)
    model = build().eval()
    for weight in model.parameters():
        # Fresh biases are 0 and fresh gains 1, which would hide a wrong place.
        weight.data += noise * torch.randn_like(weight)
    height, width = sides
    shape = (2, height, width, 3)
    pixels = np.random.default_rng(seed).normal(size=shape).astype("float32")
    with torch.no_grad():
        logits = model(torch.tensor(pixels.transpose(0, 3, 1, 2))).logits.numpy()
    model.save_pretrained(folder, save_original_format=old_names)
    processor = transformers.ViTImageProcessorPil(
        size={"height": height, "width": width}
    )
    processor.save_pretrained(folder)
    save_file({"pixels": pixels, "logits": logits}, folder / "golden.safetensors")


if __name__ == "__main__":
    golden = Path(__file__).parent / "golden"
    for name in VIT:
        make_vit(name, golden)
    for name in SWIN:
        make_swin(name, golden)
    for name in DETR:
        make_detr(name, golden)
