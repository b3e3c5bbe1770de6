"""Checkpoints of Hugging Face transformers, read from their files without its code.

A checkpoint is a `config.json` with a `model_type`, tensors as safetensors, and files
for the processor. Each `model_type` has a file here that ends with its `Family`, and an
entry in `FAMILIES`. Importing this package imports neither Keras nor NumPy.
"""

from collections.abc import Mapping
from typing import Any

from seqzoo.convert import bert, detr, distilbert, gpt2, marian, roberta, swin, vit
from seqzoo.convert.family import Family

FAMILIES = {
    "bert": bert.FAMILY,
    "detr": detr.FAMILY,
    "distilbert": distilbert.FAMILY,
    "gpt2": gpt2.FAMILY,
    "marian": marian.FAMILY,
    "roberta": roberta.FAMILY,
    "swin": swin.FAMILY,
    "vit": vit.FAMILY,
}


def is_foreign(settings: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is one of transformers, not ours."""
    return "model_type" in settings and "seqzoo_format" not in settings


def family_of(settings: Mapping[str, Any], where: str) -> Family:
    """The family that reads a checkpoint with this `config.json`.

    Raises:
        ValueError: If there is none for its `model_type`, or it lacks the head.
    """
    kind = settings.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ValueError(
            f"{where} is a checkpoint of the kind {kind!r}. seqzoo reads "
            f"{', '.join(sorted(FAMILIES))}."
        )
    family = FAMILIES[kind]
    return family.variant(settings, where) if family.variant else family
