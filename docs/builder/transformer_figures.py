"""Figures of the transformers."""

from builder.drawing import Drawing, Node, corner


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
    halves = [
        (("data", "norm"), ("layer", name), ("sign", "+"))
        for name in ("self-attention", "feed-forward")
    ]
    norm, _, middle, _, _, top = d.stack(400, 128, *halves[0], *halves[1], gap=20)
    d.arrow(Node(266, 0), Node(300, 0), Node(300, 184), Node(400, 184), norm)
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
        grids.append(d.grid(120 + 230 * k, 0, 136, 8, " ".join(kinds)))
        d.node(120 + 230 * k, 86, f"block {k + 1}: {caption}")
    d.chain(*grids)
    d.node(540, 0, ("text", "connected cells of", "one colour: a window"))
    stages = [("layer", "merge,", f"stage {k}") for k in (2, 3, 4)]
    labels = (
        ("data", "patches"),
        ("layer", "stage 1"),
        *stages,
        ("data", "mean,", "logits"),
    )
    row = d.row(0, 160, "image", *labels, gap=22)
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


FIGURES = {"ViT": vit, "Swin": swin, "DETR": detr}
