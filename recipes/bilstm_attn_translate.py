"""Bidirectional LSTM, LSTM decoder and Bahdanau attention on Multi30k, en-de.

    python -m recipes.bilstm_attn_translate

Two CPU cores and KERAS_BACKEND=jax; 124 minutes beside other work, BLEU 38.6 on
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

CARD = Card(
    title="Bidirectional LSTM with Bahdanau attention, English to German",
    description=(
        "Translates short English descriptions of scenes into German: a bidirectional "
        "LSTM encodes the sentence, an LSTM decodes the translation token by token, "
        "and additive attention chooses the source tokens. It is the lecture's model "
        "of neural machine translation before the transformer, small enough to retrain "
        "on two CPU cores."
    ),
    paper=(
        "Bahdanau, Cho and Bengio (2015), Neural Machine Translation by Jointly "
        "Learning to Align and Translate, https://arxiv.org/abs/1409.0473"
    ),
    published={
        "bleu_test_2016_flickr": Published(
            41.02,
            "Transformer-Tiny, text only, beam 5, same text pipeline but fairseq's "
            "scorer and 10 averaged checkpoints: "
            "https://github.com/LividWo/Revisit-MMT",
        )
    },
    departures=(
        "LSTM cells in place of GRU cells, two layers in encoder and decoder.",
        "Attention after each of the decoder's two layers; its query is the current "
        "state of that layer, not the previous one.",
        "Attention reads the source embeddings beside the encoder's outputs (Gehring "
        "et al. 2017).",
        "One vocabulary of BPE tokens for both languages, tied embeddings (Press and "
        "Wolf 2017), BPE-dropout (Provilkov et al. 2020), label smoothing, dropout, "
        "averaged weights.",
    ),
    data=(
        "Multi30k, task 1 (Elliott et al. 2016): 29,000 sentence pairs from image "
        "captions, for non-commercial research and education. The encoder reads "
        "lower-cased English; German keeps its case."
    ),
    licence="cc-by-nc-4.0",
    limits=(
        "It was trained on 29,000 captions: it translates descriptions of people, "
        "animals and everyday scenes in the present tense well, other text badly. It "
        "translates rare words from their parts, leaves out characters that the "
        "captions lack, and gets worse beyond about forty words."
    ),
    usage='print(model.translate("Two dogs are playing in the snow."))',
    languages=("en", "de"),
)


def recipe(corpus: data.TranslationCorpus) -> Recipe:
    """The recipe on any corpus; test sets must be those of Multi30k."""
    pairs, language = corpus.train, corpus.target_language
    processor = TranslationProcessor.train(pairs.source, pairs.target, vocab_size=6000)
    model = Seq2Seq(
        Seq2SeqConfig(
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
    )
    model.processor = processor
    # The paper's 0.1 makes sentences a quarter longer, and so the training.
    drop = 0.08
    train = data.TranslationBatches(
        BPEDropout.sources(processor, pairs.source, dropout=drop, seed=1),
        BPEDropout.targets(processor, pairs.target, dropout=drop, seed=2),
        batch_size=64,
    )
    epochs = 32
    tokenized = {
        name: data.multi30k_tokenized_references(name, language)
        for name in corpus.tests
    }
    golden = {
        "source_ids": processor.encode_sources(corpus.validation.source[:1]),
        "target_ids": processor.encode_targets(corpus.validation.target[:1]),
    }
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
        evaluate=PublishedBLEU(corpus.tests, tokenized, language, beam_size=5),
        card=CARD,
        golden={name: np.array(ids, "int32") for name, ids in golden.items()},
    )


if __name__ == "__main__":
    main(recipe, data=data.multi30k, toy=data.toy_translations)
