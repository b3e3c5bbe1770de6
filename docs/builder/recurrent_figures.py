"""Figures of the recurrent architectures, and of the temporal convolutions."""

from builder.drawing import Drawing


def language_model() -> Drawing:
    """A character model over four steps."""
    d = Drawing(
        640,
        372,
        "Four steps of a character model. Each character of ROME enters an embedding, "
        "then two recurrent layers, whose states go on to the next step; the logits of "
        "each step expect the next character.",
    )
    for k, (read, expected) in enumerate(zip("ROME", "OMEO", strict=True)):
        x = 130 + 130 * k
        d.words(x, 360, read)
        d.arrow((x, 343), (x, 320))
        d.box(x, 303, 92, 34, "embedding", kind="data")
        d.arrow((x, 286), (x, 258))
        d.box(x, 239, 92, 38, "cell 1", kind="layer")
        d.arrow((x, 220), (x, 178))
        d.box(x, 159, 92, 38, "cell 2", kind="layer")
        d.arrow((x, 140), (x, 98))
        d.box(x, 81, 92, 34, "logits", kind="data")
        d.arrow((x, 64), (x, 38))
        d.words(x, 28, expected)
        for y in (239, 159):
            d.arrow((x - 84 if k else x - 68, y), (x - 46, y))
            if k:
                d.words(x - 68, y - 8, "h", "small")
        if k == 3:
            for y in (239, 159):
                d.arrow((x + 46, y), (x + 82, y))
    for y in (239, 159):
        d.words(34, y + 5, "state")
    return d


def classifier(both: bool = False) -> Drawing:
    """A recurrent classifier, from one end or from both."""
    ways = "from both ends" if both else "from the first step to the last"
    d = Drawing(
        640,
        346,
        f"A sequence is read {ways} by two recurrent layers, and one decision is made "
        + ("from the mean of their outputs." if both else "from the last output."),
    )
    columns = [110, 220, 330, 470]
    for k, (x, name) in enumerate(
        zip(columns, ("x_1", "x_2", "x_3", "x_T"), strict=True)
    ):
        d.words(x, 338, name)
        d.arrow((x, 320), (x, 292))
        for layer, y in ((1, 268), (2, 184)):
            d.box(x, y, 78, 46 if both else 40, f"layer {layer}", kind="layer")
            if k:
                left = columns[k - 1] + 39
                lift = 10 if both else 0
                d.arrow((left, y - lift), (x - 39, y - lift))
                if both:
                    d.arrow((x - 39, y + lift), (left, y + lift), kind="dashed")
        d.arrow((x, 245 if both else 248), (x, 207 if both else 204))
    d.words(400, 338, "…")
    if both:
        for x in columns:
            d.line((x, 161), (x, 132))
        d.line((columns[0], 132), (columns[-1], 132))
        d.arrow((290, 132), (290, 112))
        d.box(290, 95, 92, 34, "mean", kind="data")
        top, last = 78, 290
    else:
        d.arrow((470, 164), (470, 112))
        d.box(470, 95, 92, 34, "last", kind="data")
        top, last = 78, 470
    d.arrow((last, top), (last, 56))
    d.box(last, 39, 92, 34, "logits", kind="data")
    d.arrow((last + 46, 39), (last + 84, 39))
    d.words(last + 116, 44, "“seven”" if both else "“7”")
    if both:
        d.words(572, 178, "forward: solid", "small")
        d.words(572, 196, "backward: dashed", "small")
    return d


def bidirectional_classifier() -> Drawing:
    """A classifier that reads from both ends."""
    return classifier(both=True)


def four_ways() -> Drawing:
    """A picture swept in four directions."""
    d = Drawing(
        640,
        250,
        "The patches of a picture are swept by four recurrent layers, to the right, to "
        "the left, down and up; a second such layer reads all four, and the mean over "
        "the places is classified.",
    )
    d.grid(20, 60, 120, 5)
    d.words(80, 205, "patches")
    for y, way in ((40, "→ right"), (92, "← left"), (144, "↓ down"), (196, "↑ up")):
        d.arrow((146, 120), (196, y))
        d.box(244, y, 92, 36, way, kind="layer")
        d.arrow((290, y), (338, 118))
    d.box(384, 118, 88, 52, "four ways", "again", kind="layer")
    d.arrow((428, 118), (456, 118))
    d.box(494, 118, 72, 36, "mean", kind="data")
    d.arrow((530, 118), (556, 118))
    d.box(594, 118, 74, 36, "logits", kind="data")
    return d


def temporal_convolutions() -> Drawing:
    """Dilated causal convolutions: three levels of a kernel of two."""
    d = Drawing(
        640,
        300,
        "Causal convolutions with a kernel of two and dilations 1, 2 and 4: the last "
        "output of the third level sees eight inputs. All paths that lead to it are "
        "drawn strong.",
    )
    x = [60 + 74 * k for k in range(8)]
    levels = [258, 188, 118, 48]
    seen = {7}
    lines: list[tuple[int, int, int, int, bool]] = []
    for level in (3, 2, 1):
        reach = 2 ** (level - 1)
        below: set[int] = set()
        for k in range(8):
            strong = k in seen
            for j in (k, k - reach):
                if j >= 0:
                    lines.append((x[j], levels[level - 1], x[k], levels[level], strong))
                    if strong:
                        below.add(j)
        seen = below
    for x0, y0, x1, y1, strong in lines:
        d.line((x0, y0 - 9), (x1, y1 + 9), kind="" if strong else "faint")
    for level, y in enumerate(levels):
        for k, each in enumerate(x):
            kind = "layer" if level else "data"
            d.box(each, y, 18, 18, kind=kind)
            if not level:
                d.words(each, 292, f"x_{k + 1}")
    for level, y in enumerate(levels[1:], 1):
        d.words(618, y + 5, f"{2 ** (level - 1)}", "small")
    d.words(612, 18, "dilation", "small")
    return d


def translator() -> Drawing:
    """Encoder, attention, decoder."""
    d = Drawing(
        720,
        470,
        "A bidirectional encoder reads the source words and leaves a memory. At each "
        "target step the first decoder layer asks the attention, which answers with a "
        "context, a weighted mean of the memory; the second layer and the readout use "
        "it, and the word that is chosen enters the next step.",
    )
    source = [70, 170, 270, 370]
    for k, (x, word) in enumerate(
        zip(source, ("two", "dogs", "play", "."), strict=True)
    ):
        d.words(x, 462, word)
        d.arrow((x, 446), (x, 424))
        d.box(x, 407, 76, 32, "embed", kind="data")
        d.arrow((x, 391), (x, 364))
        d.box(x, 340, 76, 46, "LSTM ⇄", kind="layer")
        if k:
            d.arrow((source[k - 1] + 38, 332), (x - 38, 332))
            d.arrow((x - 38, 350), (source[k - 1] + 38, 350), kind="dashed")
        d.arrow((x, 317), (x, 290))
        d.box(x, 272, 76, 34, f"h_{k + 1}", kind="state")
        d.line((x, 255), (220, 196), kind="" if k == 1 else "faint")
    d.words(50, 228, "weights α_{tj}", "left small")
    d.circle(220, 184, "Σ", 14)
    d.arrow((234, 184), (444, 184))
    d.words(292, 176, "context c_t", "small")
    x = 520
    d.words(x, 462, "zwei  (y_{t-1})")
    d.arrow((x, 446), (x, 424))
    d.box(x, 407, 92, 32, "embed", kind="data")
    d.arrow((x, 391), (x, 318))
    d.box(x, 296, 150, 42, "decoder layer 1", kind="layer")
    d.arrow((x, 275), (x, 206))
    d.words(x + 12, 246, "s_t", "left")
    d.arrow((x, 250), (430, 250), (268, 196), kind="dashed")
    d.words(444, 242, "asks", "small")
    d.box(x, 184, 150, 42, "decoder layer 2", kind="layer")
    d.arrow((x, 163), (x, 122))
    d.box(x, 102, 150, 38, "readout, logits", kind="data")
    d.arrow((x, 83), (x, 46))
    d.words(x, 34, "Hunde  (y_t)")
    d.arrow((350, 184), (350, 102), (445, 102), kind="faint")
    for y in (296, 184):
        d.arrow((x + 75, y), (x + 128, y))
    d.arrow((x + 60, 30), (690, 30), (690, 446))
    d.words(686, 462, "t + 1", "small")
    return d


FIGURES = {
    "RecurrentLM": language_model,
    "RecurrentClassifier": classifier,
    "RecurrentClassifier-bidirectional": bidirectional_classifier,
    "FourWayClassifier": four_ways,
    "TCNClassifier": temporal_convolutions,
    "Seq2Seq": translator,
}
