"""Drawings of the architectures, and all drawings by name."""

from functools import partial
from itertools import pairwise, product

from builder.cell_figures import CELLS
from builder.drawing import Drawing, Node, corner


def language_model(d: Drawing) -> None:
    """Four steps of a character model with two recurrent layers."""
    middle = ("data", "embedding"), ("layer", "cell 1"), ("layer", "cell 2")
    columns = [
        d.stack(130 * k, 0, character, *middle, ("data", "logits"), target)
        for k, (character, target) in enumerate(zip("ROME", "OMEO", strict=True))
    ]
    for cells in list(zip(*columns, strict=True))[2:4]:
        y = cells[0].y
        d.chain(d.node(-110, y, "state"), *cells, Node(470, y))
        for cell in cells[1:]:
            d.node(cell.x - 65, y - 10, ("small", "h"))


def classifier(d: Drawing, bidirectional: bool = False) -> None:
    """Two recurrent layers read a sequence; the last or mean output is classified."""
    layers = ("layer", "layer 1"), ("layer", "layer 2")
    places = ((0, "x_1"), (110, "x_2"), (220, "x_3"), (360, "x_T"))
    columns = [d.stack(x, 0, name, *layers) for x, name in places]
    d.node(290, 0, "…")
    for layer in (1, 2):
        for left, right in pairwise(column[layer] for column in columns):
            d.arrow(left, right, lift=9 if bidirectional else 0)
            if bidirectional:
                d.arrow(right, left, lift=-9, kind="dashed")
    tops = [column[2] for column in columns]
    x, y = (180 if bidirectional else tops[-1].x), tops[0].y - 74
    summary, answer = ("mean", "“seven”") if bidirectional else ("last", "“7”")
    result, logits = d.stack(x, y, ("data", summary), ("data", "logits"))
    d.arrow(logits, d.node(x + 100, logits.y, answer))
    if not bidirectional:
        d.arrow(tops[-1], result)
        return
    rail = Node(x, y + 38)
    for top in tops:
        d.line(top, corner(top, rail))
    d.line(corner(tops[0], rail), corner(tops[-1], rail))
    d.arrow(rail, result)
    d.node(476, tops[0].y, ("small", "forward: solid", "backward: dashed"))


def four_ways(d: Drawing) -> None:
    """Four recurrent layers sweep an image in four directions; another reads all."""
    patches = d.grid(0, 0, 120, 5)
    d.node(0, 76, "patches")
    labels = ("layer", "four ways", "again"), ("data", "mean"), ("data", "logits")
    again = d.row(300, 0, *labels)[0]
    for k, way in enumerate(("→ right", "← left", "↓ down", "↑ up")):
        d.chain(patches, d.node(156, 52 * k - 78, ("layer", way)), again)


def temporal_convolutions(d: Drawing) -> None:
    """Causal convolutions of dilation 1, 2 and 4: the last output sees 8 inputs."""
    levels = [[Node(74 * k, -70 * n, 20, 20) for k in range(8)] for n in range(4)]
    seen = {7}
    for level in (3, 2, 1):
        dilation = 2 ** (level - 1)
        d.node(580, -70 * level, ("small", f"dilation {dilation}"))
        taps = [(k, j) for k in range(8) for j in (k, k - dilation) if j >= 0]
        for k, j in taps:
            top, bottom = levels[level][k], levels[level - 1][j]
            ends = Node(bottom.x, bottom.y - 10), Node(top.x, top.y + 10)
            d.line(*ends, kind="" if k in seen else "faint")
        seen = {j for k, j in taps if k in seen}
    for level, nodes in enumerate(levels):
        for k, node in enumerate(nodes):
            d.node(node.x, node.y, ("layer" if level else "data",))
            if not level:
                d.node(node.x, 34, f"x_{k + 1}")


def translator(d: Drawing) -> None:
    """A bidirectional encoder, attention to its outputs, a decoder of two layers."""
    columns = [
        d.stack(100 * k, 0, word, ("data", "embed"), ("layer", "LSTM ⇄"))
        for k, word in enumerate(("two", "dogs", "play", "."))
    ]
    for left, right in pairwise(column[2] for column in columns):
        d.arrow(left, right, lift=8)
        d.arrow(right, left, lift=-8, kind="dashed")
    layers = [("layer", f"decoder layer {k}") for k in (1, 2)]
    labels = ("data", "embed"), *layers, ("data", "readout, logits"), "Hunde (y_t)"
    stack = d.stack(470, 0, "zwei (y_{t-1})", *labels, gap=52)
    first, second, readout, chosen = stack[2:]
    mean = d.node(150, second.y, ("sign", "Σ"))
    for k, column in enumerate(columns):
        memory = d.node(100 * k, -171, ("state", f"h_{k + 1}"))
        d.arrow(column[2], memory)
        d.line(Node(100 * k, -188), mean, kind="faint" if k != 1 else "")
    d.node(14, second.y + 8, ("small", "weights α_{tj}"))
    d.arrow(mean, second)
    d.node(240, second.y - 12, ("small", "context c_t"))
    split = Node(352, second.y)
    d.arrow(split, corner(split, readout), readout, kind="faint")
    query = Node(first.x, first.y - 40)
    d.arrow(query, Node(390, query.y), Node(161, mean.y + 7), kind="dashed")
    d.node(425, query.y + 12, ("small", "query s_t"))
    for layer in (first, second):
        d.arrow(layer, Node(layer.x + 110, layer.y))
    d.arrow(chosen, Node(620, chosen.y), Node(620, -4))
    d.node(620, 6, ("small", "t + 1"))


def transformer(d: Drawing) -> None:
    """Encoder blocks read the source; decoder blocks also attend to their memory."""
    norm, add, forward = ("data", "norm"), ("sign", "+"), ("layer", "feed-forward")
    attend = ("layer", "self-attention")
    causal, cross = ("layer", "causal self-attention"), ("layer", "cross-attention")
    sides = (
        (0, "two dogs play .", [norm, attend, add, norm, forward, add]),
        (
            340,
            "<bos> zwei Hunde",
            [norm, causal, add, norm, cross, add, norm, forward, add],
        ),
    )
    tops = []
    for x, text, parts in sides:
        below = d.stack(x, 190, text, ("data", "embed, + positions"), gap=22)[1]
        nodes = d.stack(x, 66, *parts, gap=18)
        d.arrow(below, nodes[0])
        start = Node(x, 92)
        for total in (
            node for node, part in zip(nodes, parts, strict=True) if part is add
        ):
            d.arrow(start, Node(x + 104, start.y), Node(x + 104, total.y), total)
            start = Node(x, total.y - 21)
        top, left, right = nodes[-1].y - 24, x - 106, x + 118
        frame = (left, 104), (left, top), (right, top), (right, 104), (left, 104)
        d.line(*(Node(*place) for place in frame), kind="dashed faint")
        d.node(left + 30, top + 14, "× L")
        tops.append(nodes)
    encoder, decoder = tops
    memory = d.node(0, decoder[-1].y, ("state", "norm, memory"))
    d.arrow(encoder[-1], memory)
    middle = Node(170, memory.y)
    d.arrow(memory, middle, corner(middle, decoder[4]), decoder[4])
    end = Node(340, decoder[-1].y - 54)
    d.chain(decoder[-1], end, *d.row(480, end.y, ("data", "norm, logits"), "Hunde ..."))


def blocks(d: Drawing, words: list[str], causal: bool, last: int) -> None:
    """Two blocks of attention over words; the lines to one place are dark."""
    for k, word in enumerate(words):
        d.arrow(d.node(120 * k, 62, word), d.node(120 * k, 0, ("data", "embed")))
    for level, (k, _) in product((1, 2), enumerate(words)):
        y = -92 * level
        d.node(120 * k, y, ("layer", f"block {level}"))
        for j in range(k + 1 if causal else len(words)):
            ends = Node(120 * j, y + 75), Node(120 * k, y + 17)
            d.arrow(*ends, kind="" if k == last else "faint")


def head(d: Drawing, place: int, parts: str, answer: str) -> None:
    """The layers above the last block of a place, and their answer."""
    top = d.node(120 * place, -270, ("data", parts))
    d.chain(Node(120 * place, -200), top, d.node(120 * place, -322, answer))


def memory_network(d: Drawing) -> None:
    """A question attends to sentences, hop by hop, and the last state answers."""
    sentences = [
        d.node(0, -44 * k, ("data", text))
        for k, text in enumerate(("Mary went home.", "John took milk.", "Mary slept."))
    ]
    query = d.node(0, 70, ("data", "Where is Mary?"))
    state = d.node(190, 70, ("state", "u_1"))
    d.arrow(query, state)
    d.node(95, 58, ("small", "embed"))
    for hop in (1, 2):
        memory = d.node(220 * hop + 10, -44, ("layer", f"hop {hop}:", "softmax, sum"))
        for sentence in sentences if hop == 1 else ():
            d.arrow(sentence, memory)
        if hop == 2:
            d.arrow(d.node(memory.x, -110, ("small", "the same story")), memory)
        add = d.node(memory.x + 70, 70, ("sign", "+"))
        d.arrow(state, Node(memory.x, 70), memory)
        d.arrow(state, add)
        edge = Node(add.x, memory.y)
        d.arrow(memory, edge, add)
        state = d.node(add.x + 55, 70, ("state", f"u_{hop + 1}"))
        d.arrow(add, state)
    d.chain(state, d.node(670, 70, ("data", "logits")), d.node(764, 70, "home"))


def gpt(d: Drawing) -> None:
    """Each token attends to itself and to earlier tokens, in every block."""
    words = ["To", "be", "or", "not"]
    blocks(d, words, causal=True, last=3)
    for place, word in enumerate((*words[1:], "to")):
        head(d, place, "logits", word)


def bert(d: Drawing) -> None:
    """Each token attends to all tokens; a masked one is predicted."""
    blocks(d, ["[CLS]", "a", "[MASK]", "film"], causal=False, last=2)
    head(d, 2, "dense, norm, logits", "good")


def bert_classifier(d: Drawing) -> None:
    """Each token attends to all tokens; the first one is classified."""
    blocks(d, ["[CLS]", "a", "good", "film"], causal=False, last=0)
    head(d, 0, "dense, logits", "positive")


def text_classifier(d: Drawing) -> None:
    """A bidirectional layer reads a text; mean and maximum of it are classified."""
    parts = ("data", "embed"), ("layer", "GRU ⇄")
    words = enumerate(("a", "good", "film", "."))
    tops = [d.stack(120 * k, 0, word, *parts)[2] for k, word in words]
    for left, right in pairwise(tops):
        d.arrow(left, right, lift=8)
        d.arrow(right, left, lift=-8, kind="dashed")
    labels = ("data", "mean, max"), ("data", "logits")
    pooled, logits = d.stack(180, tops[0].y - 80, *labels)
    d.arrow(logits, d.node(290, logits.y, "positive"))
    rail = Node(180, pooled.y + 40)
    for top in tops:
        d.line(top, corner(top, rail))
    d.line(corner(tops[0], rail), corner(tops[-1], rail))
    d.arrow(rail, pooled)


def vit(d: Drawing) -> None:
    """An image as a sequence of patches goes through L transformer blocks."""
    patches = d.grid(0, 0, 96, 4)
    d.node(0, 64, "patches")
    d.chain(patches, d.node(120, 0, ("layer", "linear", "or conv")), Node(206, 0))
    d.node(236, -88, ("state", "class"))
    for name, y in (("z_1", -42), ("z_2", 4), ("z_N", 74)):
        d.node(236, y, ("data", name))
    d.node(236, 38, "⋮")
    d.node(236, 108, ("small", "+ positions"))
    norm, add = ("data", "norm"), ("sign", "+")
    halves = (
        norm,
        ("layer", "self-attention"),
        add,
        norm,
        ("layer", "feed-forward"),
        add,
    )
    first, _, middle, _, _, top = d.stack(400, 128, *halves, gap=20)
    d.arrow(Node(266, 0), Node(300, 0), Node(300, 184), Node(400, 184), first)
    for start, total in ((168, middle), (middle.y - 22, top)):
        d.arrow(Node(400, start), Node(486, start), Node(486, total.y), total)
    edge, above = top.y - 24, Node(400, top.y - 40)
    frame = (316, 174), (316, edge), (504, edge), (504, 174), (316, 174)
    d.line(*(Node(*place) for place in frame), kind="dashed faint")
    d.node(470, 190, "L blocks")
    labels = ("data", "norm,", "class token"), ("layer", "logits"), "“ship”"
    head = [d.node(600, 70 * k - 90, label) for k, label in enumerate(labels)]
    d.chain(*head)
    d.arrow(top, above, corner(head[0], above), head[0])


def swin(d: Drawing) -> None:
    """Attention within windows, shifted in every second block, and four stages."""
    colours = ("layer", "gate", "state", "data")
    grids = []
    for k, caption in enumerate(("windows", "shifted by half")):
        window = [(place + 2 * k) // 4 % 2 for place in range(8)]
        kinds = [colours[2 * row + column] for row in window for column in window]
        grids.append(d.grid(120 + 230 * k, 0, 136, 8, *kinds))
        d.node(120 + 230 * k, 86, f"block {k + 1}: {caption}")
    d.chain(*grids)
    d.node(540, 0, ("text", "connected cells of", "one colour: a window"))
    stages = [("layer", "merge,", f"stage {k}") for k in (2, 3, 4)]
    stages = [("data", "patches"), ("layer", "stage 1"), *stages]
    row = d.row(0, 160, "image", *stages, ("data", "mean,", "logits"), gap=22)
    for k, stage in enumerate(row[2:6]):
        d.node(stage.x, 200, ("small", f"side H/{4 * 2**k}"))


def detr(d: Drawing) -> None:
    """A backbone, an encoder, and a decoder whose queries give classes and boxes."""
    backbone = d.row(0, 0, "image", ("layer", "backbone"))[1]
    features = d.grid(220, 0, 80, 4)
    d.node(220, 56, "map")
    encoder = d.node(350, 0, ("layer", "encoder", "× L"))
    decoder = d.node(510, 0, ("layer", "decoder", "× L"), width=112)
    d.chain(backbone, features, encoder, decoder)
    d.node(424, -12, ("small", "memory"))
    d.arrow(d.node(350, -70, ("small", "positions (sines)")), encoder)
    for k, name in enumerate(("cat, box", "nothing", "dog, box", "nothing")):
        d.arrow(d.node(468 + 28 * k, 100, ("state",)), decoder)
        kind = "data" if name == "nothing" else "gate"
        d.arrow(decoder, d.node(660, 56 * k - 84, (kind, name), width=100))
    d.node(510, 126, "learned queries")
    d.node(660, 130, ("text", "class and box", "of each query"))


bidirectional_classifier = partial(classifier, bidirectional=True)
FIGURES = {
    **CELLS,
    "architectures/RecurrentLM": language_model,
    "architectures/RecurrentClassifier": classifier,
    "architectures/RecurrentClassifier-bidirectional": bidirectional_classifier,
    "architectures/FourWayClassifier": four_ways,
    "architectures/TCNClassifier": temporal_convolutions,
    "architectures/Seq2Seq": translator,
    "architectures/Transformer": transformer,
    "architectures/GPT": gpt,
    "architectures/BERT": bert,
    "architectures/BERTClassifier": bert_classifier,
    "architectures/MemoryNetwork": memory_network,
    "architectures/RecurrentTextClassifier": text_classifier,
    "architectures/ViT": vit,
    "architectures/Swin": swin,
    "architectures/DETR": detr,
}
