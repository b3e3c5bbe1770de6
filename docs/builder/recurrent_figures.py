"""Figures of the recurrent architectures, and of the temporal convolutions."""

from functools import partial
from itertools import pairwise

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


FIGURES = {
    "RecurrentLM": language_model,
    "RecurrentClassifier": classifier,
    "RecurrentClassifier-bidirectional": partial(classifier, bidirectional=True),
    "FourWayClassifier": four_ways,
    "TCNClassifier": temporal_convolutions,
    "Seq2Seq": translator,
}
