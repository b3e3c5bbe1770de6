"""Checkpoints of transformers with random weights, for benchmarks to load."""

import sys


def save_checkpoint(case, folder):
    """Makes ViT-B/16, Swin-T or DETR-R50, saves it to a folder and returns it.

    Args:
        case: "vit", "swin" or "detr".
        folder: Where to.

    Raises:
        ImportError: Without transformers and PyTorch.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ImportError(
            "This needs transformers and PyTorch. Install them: pip install "
            "transformers torch."
        ) from error
    torch.manual_seed(0)
    if case == "vit":
        model = transformers.ViTForImageClassification(
            transformers.ViTConfig(num_labels=1000)
        )
    elif case == "swin":
        model = transformers.SwinForImageClassification(
            transformers.SwinConfig(num_labels=1000)
        )
    else:
        resnet = transformers.ResNetConfig(out_features=["stage4"])
        model = transformers.DetrForObjectDetection(
            transformers.DetrConfig(num_labels=91, backbone_config=resnet)
        )
    # Its own choice, fused where the family has that.
    print(f"{case}: attention {model.config._attn_implementation}", file=sys.stderr)
    model.eval().save_pretrained(folder)
    return model
