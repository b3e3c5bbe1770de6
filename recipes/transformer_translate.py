"""The Transformer on Multi30k, English to German.

    python -m recipes.transformer_translate

Two CPU cores, one seed. The card lists the departures from the
paper.
"""

import numpy as np

from seqzoo import data
from seqzoo.models import Transformer, TransformerConfig
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
    title="Transformer, English to German",
    description=(
        "Translates short English descriptions of scenes into German, with attention "
        "in place of recurrence."
    ),
    paper=(
        "Vaswani et al. (2017), Attention Is All You Need, "
        "https://arxiv.org/abs/1706.03762"
    ),
    published={"bleu_test_2016_flickr": PUBLISHED},
    departures=(
        "Four layers of 128 features on each side (Wu et al. 2021), norm before each "
        "branch (Xiong et al. 2020), a bias of the logits.",
        "BPE-dropout (Provilkov et al. 2020), averaged weights, cosine decay of the "
        "learning rate.",
    ),
    data=data.MULTI30K_DATA,
    licence="cc-by-nc-4.0",
    limits=(
        "For captions of people, animals and everyday scenes, not for other text or "
        "rare words. Characters that no caption has are dropped."
    ),
    usage='print(model.translate("Two dogs are playing in the snow."))',
    languages=("en", "de"),
)


def recipe(corpus: data.TranslationCorpus) -> Recipe:
    """The recipe on any corpus; test sets must be those of Multi30k."""
    pairs, language = corpus.train, corpus.target_language
    processor = TranslationProcessor.train(pairs.source, pairs.target, vocab_size=6000)
    config = TransformerConfig(
        vocab_size=processor.vocab_size,
        embed_dim=128,
        encoder_layers=4,
        decoder_layers=4,
        encoder_heads=4,
        decoder_heads=4,
        encoder_hidden_dim=256,
        decoder_hidden_dim=256,
        pre_norm=True,
        dropout=0.3,
    )
    model = Transformer(config)
    model.processor = processor
    sources = BPEDropout.sources(processor, pairs.source, dropout=0.1, seed=1)
    targets = BPEDropout.targets(processor, pairs.target, dropout=0.1, seed=2)
    train = data.TranslationBatches(sources, targets, tokens_per_batch=2048)
    epochs = 60
    moses = {n: data.multi30k_tokenized_references(n, language) for n in corpus.tests}
    first = corpus.validation[:1]
    return Recipe(
        name="transformer_translate",
        model=model,
        train=train,
        loss=LabelSmoothedCrossEntropy(0.1),
        optimizer=adam(
            learning_rate=3e-3,
            steps=epochs * len(train),
            warmup_steps=1000,
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
