"""The architectures; a trained name's `config.json` says which of them it is."""

from seqzoo.models.recurrent_lm import RecurrentLM, RecurrentLMConfig
from seqzoo.models.seq2seq import Seq2Seq, Seq2SeqConfig

MODELS = {cls.__name__: cls for cls in (RecurrentLM, Seq2Seq)}

__all__ = ["MODELS", "RecurrentLM", "RecurrentLMConfig", "Seq2Seq", "Seq2SeqConfig"]
