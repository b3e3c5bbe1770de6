"""The architectures; a trained name's `config.json` says which of them it is."""

from seqzoo.models.bert import (
    BERT,
    BERTClassifier,
    BERTClassifierConfig,
    BERTConfig,
)
from seqzoo.models.detr import DETR, DETRConfig
from seqzoo.models.four_way_classifier import (
    FourWayClassifier,
    FourWayClassifierConfig,
)
from seqzoo.models.gpt import GPT, GPTConfig
from seqzoo.models.memory_network import MemoryNetwork, MemoryNetworkConfig
from seqzoo.models.recurrent_classifier import (
    RecurrentClassifier,
    RecurrentClassifierConfig,
)
from seqzoo.models.recurrent_lm import RecurrentLM, RecurrentLMConfig
from seqzoo.models.recurrent_text_classifier import (
    RecurrentTextClassifier,
    RecurrentTextClassifierConfig,
)
from seqzoo.models.seq2seq import Seq2Seq, Seq2SeqConfig
from seqzoo.models.swin import Swin, SwinConfig
from seqzoo.models.tcn_classifier import TCNClassifier, TCNClassifierConfig
from seqzoo.models.transformer import Transformer, TransformerConfig
from seqzoo.models.vit import ViT, ViTConfig

MODELS = {
    cls.__name__: cls
    for cls in (
        BERT,
        BERTClassifier,
        DETR,
        GPT,
        FourWayClassifier,
        MemoryNetwork,
        RecurrentClassifier,
        RecurrentLM,
        RecurrentTextClassifier,
        Seq2Seq,
        Swin,
        TCNClassifier,
        Transformer,
        ViT,
    )
}

__all__ = [
    "BERT",
    "DETR",
    "GPT",
    "MODELS",
    "BERTClassifier",
    "BERTClassifierConfig",
    "BERTConfig",
    "DETRConfig",
    "FourWayClassifier",
    "FourWayClassifierConfig",
    "GPTConfig",
    "MemoryNetwork",
    "MemoryNetworkConfig",
    "RecurrentClassifier",
    "RecurrentClassifierConfig",
    "RecurrentLM",
    "RecurrentLMConfig",
    "RecurrentTextClassifier",
    "RecurrentTextClassifierConfig",
    "Seq2Seq",
    "Seq2SeqConfig",
    "Swin",
    "SwinConfig",
    "TCNClassifier",
    "TCNClassifierConfig",
    "Transformer",
    "TransformerConfig",
    "ViT",
    "ViTConfig",
]
