"""Figures of the transformers."""

from builder.drawing import Drawing


def _block(d: Drawing, x: float, bottom: float, attention: str) -> float:
    """A pre-norm encoder block from below upwards; returns where its output is."""
    y = bottom
    for first, second in (("norm", attention), ("norm", "feed-forward")):
        d.arrow((x, y), (x, y - 24))
        d.box(x, y - 40, 130, 32, first, kind="data")
        d.arrow((x, y - 56), (x, y - 74))
        d.box(x, y - 92, 130, 36, second, kind="layer")
        d.arrow((x, y - 110), (x, y - 126))
        d.circle(x, y - 138, "+")
        d.arrow((x, y - 8), (x + 88, y - 8), (x + 88, y - 138), (x + 12, y - 138))
        y -= 150
    d.line((x, y), (x, y - 8))
    return y - 8


def vit() -> Drawing:
    """The vision transformer."""
    d = Drawing(
        680,
        400,
        "A picture is cut into patches, each patch becomes a vector, a class token is "
        "put in front and positions are added. The sequence goes through L equal "
        "blocks of attention and feed-forward, each with a norm before it and a sum "
        "after it; the class token's last vector is classified.",
    )
    d.grid(20, 150, 96, 4)
    d.words(68, 268, "patches")
    d.arrow((122, 198), (150, 198))
    d.box(196, 198, 88, 44, "linear", "or conv", kind="layer")
    d.arrow((240, 198), (268, 198))
    for k, name in enumerate(("class", "z_1", "z_2", "z_N")):
        kind = "state" if not k else "data"
        d.box(304, 110 + 46 * k + (20 if k == 3 else 0), 64, 34, name, kind=kind)
    d.words(304, 236, "⋮")
    d.words(304, 312, "+ positions", "small")
    d.arrow((340, 198), (374, 198), (374, 376), (452, 376), (452, 348))
    top = _block(d, 452, 350, "self-attention")
    d.line((352, 30), (556, 30), (556, 358), (364, 358), kind="dashed faint")
    d.line((352, 30), (352, 358), (364, 358), kind="dashed faint")
    d.words(556, 380, "L blocks")
    d.line((452, top), (452, 16), (614, 16))
    d.arrow((614, 16), (614, 120))
    d.box(614, 142, 104, 44, "norm,", "class token", kind="data")
    d.arrow((614, 164), (614, 200))
    d.box(614, 217, 104, 34, "logits", kind="layer")
    d.arrow((614, 234), (614, 266))
    d.words(614, 284, "“ship”")
    return d


def swin() -> Drawing:
    """The Swin transformer."""
    d = Drawing(
        680,
        330,
        "Above: attention stays within windows of the grid of patches, and in every "
        "second block the windows are shifted by half, so that neighbours meet. Below: "
        "four stages, between which two by two patches are merged into one.",
    )
    windows = ["layer", "gate", "state", "data"]
    plain = [windows[r // 4 * 2 + c // 4] for r in range(8) for c in range(8)]
    shifted = [
        windows[(r + 2) // 4 % 2 * 2 + (c + 2) // 4 % 2]
        for r in range(8)
        for c in range(8)
    ]
    d.grid(90, 20, 136, 8, plain)
    d.words(158, 178, "block 1: windows")
    d.arrow((246, 88), (300, 88))
    d.grid(320, 20, 136, 8, shifted)
    d.words(388, 178, "block 2: shifted by half")
    d.words(572, 84, "connected cells of")
    d.words(572, 102, "one colour: a window")
    d.words(28, 264, "image")
    d.arrow((52, 260), (72, 260))
    x = 114
    d.box(x, 260, 84, 48, "patches", kind="data")
    for stage, side in enumerate(("H/4", "H/8", "H/16", "H/32"), 1):
        x += 106
        d.arrow((x - 64, 260), (x - 44, 260))
        words = [f"stage {stage}"] if stage == 1 else ["merge,", f"stage {stage}"]
        d.box(x, 260, 86, 48, *words, kind="layer")
        d.words(x, 304, f"side {side}", "small")
    d.arrow((x + 43, 260), (x + 62, 260))
    d.box(x + 94, 260, 64, 48, "mean,", "logits", kind="data")
    return d


def detr() -> Drawing:
    """The detection transformer."""
    d = Drawing(
        700,
        330,
        "A backbone turns the picture into a map of features; its places with their "
        "positions go through the encoder and become the memory. Learned queries go "
        "through the decoder, which looks at the memory; each query is answered with a "
        "class and a box, or with nothing.",
    )
    d.words(50, 84, "image")
    d.arrow((50, 94), (50, 122))
    d.box(50, 146, 88, 46, "backbone", kind="layer")
    d.arrow((94, 146), (124, 146))
    d.grid(128, 106, 80, 4)
    d.words(168, 210, "map")
    d.arrow((214, 146), (250, 146))
    d.box(304, 146, 106, 64, "encoder", "× L", kind="layer")
    d.words(304, 66, "positions (sines)", "small")
    d.arrow((304, 74), (304, 112))
    d.arrow((357, 146), (410, 146))
    d.words(384, 136, "memory", "small")
    d.box(466, 146, 110, 64, "decoder", "× L", kind="layer")
    for k in range(4):
        x = 424 + 28 * k
        d.box(x, 262, 22, 30, kind="state")
        d.arrow((x, 246), (x, 180))
    d.words(466, 300, "learned queries")
    for k, answer in enumerate(("cat, box", "nothing", "dog, box", "nothing")):
        y = 56 + 60 * k
        d.arrow((521, 146), (566, y))
        d.box(620, y, 106, 36, answer, kind="data" if k % 2 else "gate")
    d.words(620, 282, "class and box")
    d.words(620, 300, "of each query")
    return d


FIGURES = {"ViT": vit, "Swin": swin, "DETR": detr}
