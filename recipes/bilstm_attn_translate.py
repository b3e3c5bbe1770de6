"""Bidirectional LSTM, LSTM decoder and Bahdanau attention on Multi30k, en-de.

    python -m recipes.bilstm_attn_translate

Two CPU cores and KERAS_BACKEND=jax; 120 minutes beside other work, BLEU 38.6 on
test_2016_flickr and 31.0 on test_2017_flickr, one seed (lower-cased, Moses-tokenised,
beam 5). The card lists the departures from the paper.
"""

import numpy as np

from seqzoo import data
from seqzoo.models import Seq2Seq, Seq2SeqConfig
from seqzoo.processors import TranslationProcessor
from seqzoo.processors.bpe import BPEDropout
from seqzoo.tasks.metrics.bleu import DetokenizedBLEU, PublishedBLEU
from seqzoo.tasks.translation import LabelSmoothedCrossEntropy
from seqzoo.training import Card, Published, Recipe, adam, main

PUBLISHED = Published(
    41.02,
    "Transformer-Tiny, text only, beam 5, same text pipeline but fairseq's scorer and "
    "10 averaged checkpoints: https://github.com/LividWo/Revisit-MMT",
)
CARD = Card(
    title="Bidirectional LSTM with Bahdanau attention, English to German",
    description=(
        "Translates short English descriptions of scenes into German. A bidirectional "
        "LSTM encodes; an LSTM with additive attention decodes token by token."
    ),
    paper=(
        "Bahdanau, Cho and Bengio (2015), Neural Machine Translation by Jointly "
        "Learning to Align and Translate, https://arxiv.org/abs/1409.0473"
    ),
    published={"bleu_test_2016_flickr": PUBLISHED},
    departures=(
        "LSTM cells in place of GRU cells, two layers in encoder and decoder.",
        "Attention after each of the decoder's two layers, with the layer's current "
        "state as query; over source embeddings, too (Gehring et al. 2017).",
        "One BPE vocabulary, tied embeddings (Press and Wolf 2017), BPE-dropout "
        "(Provilkov et al. 2020), label smoothing, dropout, averaged weights.",
    ),
    data=data.MULTI30K_DATA,
    licence="cc-by-nc-4.0",
    limits=(
        "Good at captions of people, animals and everyday scenes in the present tense; "
        "bad at other text, rare words and sentences of more than about forty words. "
        "Characters that no caption has are dropped."
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
        decoder_units=256,
        decoder_layers=2,
        attention="additive",
        attention_units=192,
        attention_layers=2,
        memory_embeddings=True,
        embedding_dropout=0.25,
        dropout=0.35,
        output_dropout=0.35,
    )
    model = Seq2Seq(config)
    model.processor = processor
    # The paper's 0.1 makes sentences a quarter longer, and so the training.
    sources = BPEDropout.sources(processor, pairs.source, dropout=0.08, seed=1)
    targets = BPEDropout.targets(processor, pairs.target, dropout=0.08, seed=2)
    train = data.TranslationBatches(sources, targets, batch_size=64)
    epochs = 32
    moses = {n: data.multi30k_tokenized_references(n, language) for n in corpus.tests}
    first = corpus.validation[:1]
    return Recipe(
        name="bilstm_attn_translate",
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
