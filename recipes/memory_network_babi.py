"""An end-to-end memory network on the twenty tasks of bAbI, 10,000 questions each.

    python -m recipes.memory_network_babi

One CPU core and KERAS_BACKEND=jax, one seed. The card lists the departures from the
paper.
"""

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import MemoryNetwork, MemoryNetworkConfig
from seqzoo.processors import StoryProcessor
from seqzoo.tasks.metrics import ErrorByTask
from seqzoo.training import Card, Published, Recipe, adam, main

PUBLISHED = Published(
    6.6,
    "Sukhbaatar et al. 2015, table 3, 3 hops, PE LS RN: a model for each task, the "
    "best of ten; task 3 with ten times as many questions",
)
CARD = Card(
    title="End-to-end memory network on the twenty tasks of bAbI",
    description=(
        "Answers a question about a short story by one word. It attends to the "
        "sentences in three hops."
    ),
    paper=(
        "Sukhbaatar et al. 2015, End-to-end memory networks, arxiv.org/abs/1503.08895"
    ),
    published={"mean_error": PUBLISHED},
    departures=(
        "One model for all tasks, one start; the paper's has one for each task."
        " and takes the best of ten starts",
        "A rectifier after each hop, as in the paper's language model.",
        "Adam with a cosine and averaged weights in place of SGD.",
        "Padding gets no attention. Position encoding has twice the paper's weights.",
        "Task 3 has 1,000 training questions, since the mirror lacks the others.",
    ),
    data=f"{data.BABI_DATA}; 10,000 questions a task train it, but 1,000 of task 3",
    licence="cc-by-3.0",
    limits=(
        "It knows the words of bAbI and stories of the kind that its program wrote. It "
        "refuses other words, and sees the last 50 sentences of a story."
    ),
    usage=(
        'story = "Mary took the apple. Mary went to the kitchen."\n'
        'print(model.answer(story, "Where is the apple?"))'
    ),
    languages=("en",),
)


def recipe(corpus: data.StoryCorpus) -> Recipe:
    """The recipe on any stories with questions and one-word answers."""
    answers = [x.answer for x in corpus.train]
    processor = StoryProcessor.train(corpus.texts(), answers, max_sentences=50)
    model = MemoryNetwork(
        MemoryNetworkConfig(
            vocab_size=processor.vocab_size,
            embed_dim=64,
            hops=3,
            memory_size=55,  # sentences and empty memories
            activation="relu",
        )
    )
    model.processor = processor
    train = data.StoryBatches(
        corpus.train, processor, batch_size=64, noise=0.1, linear_epochs=3
    )
    epochs = 40
    return Recipe(
        name="memory_network_babi",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(
            learning_rate=2e-3,
            steps=epochs * len(train),
            warmup_steps=1000,
            clip_norm=40.0,
            ema_momentum=0.999,
        ),
        epochs=epochs,
        # A quarter is enough to choose an epoch.
        validate=ErrorByTask(corpus.validation[::4], "babi, validation"),
        monitor="mean_error",
        mode="min",
        evaluate=ErrorByTask(corpus.test, "babi, test"),
        card=CARD,
        golden=processor.encode([(x.story, x.question) for x in corpus.test[:2]]),
        data_sha256=corpus.data_sha256,
    )


if __name__ == "__main__":
    main(recipe, data=data.babi, toy=data.toy_stories)
