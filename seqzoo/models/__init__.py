"""The architectures; a trained name's `config.json` says which of them it is."""

from seqzoo.models.seq2seq import Seq2Seq, Seq2SeqConfig

MODELS = {cls.__name__: cls for cls in (Seq2Seq,)}

__all__ = ["MODELS", "Seq2Seq", "Seq2SeqConfig"]
