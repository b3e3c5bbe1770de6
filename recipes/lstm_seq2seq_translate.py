"""LSTM encoder-decoder without attention on Multi30k, English to German.

    python -m recipes.lstm_seq2seq_translate

Two CPU cores and KERAS_BACKEND=jax, one seed. The card lists the departures from the
paper.
"""

import numpy as np

from seqzoo import data
from seqzoo.models import Seq2Seq, Seq2SeqConfig
from seqzoo.processors import TranslationProcessor
from seqzoo.processors.bpe import BPEDropout
from seqzoo.tasks.metrics.bleu import DetokenizedBLEU, PublishedBLEU
from seqzoo.tasks.translation import LabelSmoothedCrossEntropy
from seqzoo.training import Card, Recipe, adam, main

CARD = Card(
    title="LSTM encoder-decoder without attention, English to German",
    description=(
        "Translates short English descriptions of scenes into German. One vector of "
        "fixed size carries the whole source from the encoder to the decoder, so that "
        "long sentences show what attention is for."
    ),
    paper=(
        "Sutskever, Vinyals and Le (2014), Sequence to Sequence Learning with Neural "
        "Networks, https://arxiv.org/abs/1409.3215"
    ),
    published={},
    departures=(
        "The encoder reads in both directions and not backwards. Every decoder step, "
        "not the first alone, reads the mean of its outputs (Cho et al. 2014).",
        "Two layers in place of four, with a residual connection and a readout layer.",
        "One BPE vocabulary, tied embeddings (Press and Wolf 2017), BPE-dropout "
        "(Provilkov et al. 2020), label smoothing, dropout, averaged weights.",
        "Adam in place of plain gradient descent; beam 5 in place of 12.",
    ),
    data=data.MULTI30K_DATA,
    licence="cc-by-nc-4.0",
    limits=(
        "For short captions. One vector carries the whole source, so long sentences "
        "lose words; the model is here to show that."
    ),
    usage='print(model.translate("Two dogs are playing in the snow."))',
    languages=("en", "de"),
)


def recipe(corpus: data.TranslationCorpus) -> Recipe:
    """The recipe on any corpus; test sets must be those of Multi30k."""
    pairs, language = corpus.train, corpus.target_language
    processor = TranslationProcessor.train(pairs.source, pairs.target, vocab_size=6000)
    config = Seq2SeqConfig(
        vocab_size=processor.vocab_size,
        embed_dim=192,
        encoder_units=192,
        encoder_layers=2,
        decoder_units=320,
        decoder_layers=2,
        attention=None,
        fixed_context=True,
        memory_embeddings=True,
        embedding_dropout=0.25,
        dropout=0.35,
        output_dropout=0.35,
    )
    model = Seq2Seq(config)
    model.processor = processor
    sources = BPEDropout.sources(processor, pairs.source, dropout=0.08, seed=1)
    targets = BPEDropout.targets(processor, pairs.target, dropout=0.08, seed=2)
    train = data.TranslationBatches(sources, targets, batch_size=64)
    epochs = 24
    moses = {n: data.multi30k_tokenized_references(n, language) for n in corpus.tests}
    first = corpus.validation[:1]
    return Recipe(
        name="lstm_seq2seq_translate",
        model=model,
        train=train,
        loss=LabelSmoothedCrossEntropy(0.1),
        optimizer=adam(
            learning_rate=2e-3,
            steps=epochs * len(train),
            warmup_steps=500,
            beta_2=0.98,
            clip_norm=1.0,
            ema_momentum=0.999,
        ),
        epochs=epochs,
        validate=DetokenizedBLEU(corpus.validation, "validation", beam_size=1),
        monitor="bleu",
        mode="max",
        evaluate=PublishedBLEU(corpus.tests, moses, language, beam_size=5),
        card=CARD,
        golden={
            "source_ids": np.array(processor.encode_sources(first.source), "int32"),
            "target_ids": np.array(processor.encode_targets(first.target), "int32"),
        },
    )


if __name__ == "__main__":
    main(recipe, data=data.multi30k, toy=data.toy_translations)
