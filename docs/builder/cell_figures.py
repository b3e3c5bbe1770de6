"""Figures of the recurrent cells: one step, its gates and its states."""

import math

from builder.drawing import Drawing


def elman() -> Drawing:
    """One tanh layer."""
    d = Drawing(520, 200, "Elman cell: input and last output, through one tanh layer.")
    d.words(60, 65, "h_{t-1}")
    d.arrow((90, 60), (230, 60))
    d.words(250, 188, "x_t")
    d.arrow((250, 170), (250, 78))
    d.box(260, 60, 60, 36, "tanh", kind="gate")
    d.arrow((290, 60), (430, 60))
    d.words(460, 65, "h_t")
    d.words(160, 50, "U", "small")
    d.words(266, 130, "W", "small")
    return d


def lstm(peephole: bool = False, coupled: bool = False) -> Drawing:
    """A memory behind gates."""
    said = "the memory c runs along the top; a forget gate shrinks it, "
    said += "what is let in is the rest, 1 - f" if coupled else "an input gate lets in"
    said += " the candidate, and an output gate says how much of it is shown as h."
    if peephole:
        said += " Dashed lines: the gates see the memory."
    name = "Coupled" if coupled else "Peephole" if peephole else "LSTM"
    d = Drawing(640, 330, f"{name} cell: {said}")
    d.words(42, 65, "c_{t-1}")
    d.arrow((74, 60), (148, 60))
    d.circle(160, 60, "×")
    d.arrow((172, 60), (308, 60))
    d.circle(320, 60, "+")
    d.arrow((332, 60), (590, 60))
    d.words(612, 65, "c_t")
    gates = [(160, "f", "σ"), (270, "i", "σ"), (370, "c̃", "tanh"), (470, "o", "σ")]
    if coupled:
        gates[1] = (270, "1 - f", "1 −")
    for x, letter, word in gates:
        d.box(x, 220, 60, 36, word, kind="gate")
        d.words(x - 14 if letter != "1 - f" else x - 26, 194, letter, "small")
    for x in (160, 370, 470) if coupled else (160, 270, 370, 470):
        d.line((x, 238), (x, 274))
        d.arrow((x, 274), (x, 239))
    if coupled:
        d.arrow((190, 220), (239, 220))
    d.line((74, 274), (470, 274))
    d.words(42, 279, "h_{t-1}")
    d.words(110, 322, "x_t")
    d.arrow((110, 306), (110, 275))
    d.arrow((160, 202), (160, 73))
    d.circle(320, 140, "×")
    d.arrow((270, 202), (270, 140), (307, 140))
    d.arrow((370, 202), (370, 140), (333, 140))
    d.arrow((320, 128), (320, 73))
    d.arrow((530, 60), (530, 98))
    d.box(530, 116, 60, 34, "tanh", kind="data")
    d.arrow((530, 133), (530, 168))
    d.circle(530, 181, "×")
    d.arrow((470, 202), (470, 181), (517, 181))
    d.arrow((543, 181), (590, 181))
    d.words(612, 186, "h_t")
    if peephole:
        d.arrow((100, 60), (100, 208), (129, 208), kind="dashed")
        d.arrow((100, 170), (236, 170), (236, 212), kind="dashed")
        d.arrow((500, 60), (500, 211), kind="dashed")
    return d


def peephole_lstm() -> Drawing:
    """An LSTM whose gates see the memory."""
    return lstm(peephole=True)


def coupled_lstm() -> Drawing:
    """An LSTM that takes in what it forgets."""
    return lstm(coupled=True)


def gru() -> Drawing:
    """Update and reset gates."""
    d = Drawing(
        640,
        300,
        "GRU cell: the new output is a mixture of the old one and a candidate, by the "
        "update gate z; the reset gate r says how much of the old one the candidate "
        "sees.",
    )
    d.words(42, 55, "h_{t-1}")
    d.arrow((74, 50), (398, 50))
    d.circle(410, 50, "×")
    d.arrow((422, 50), (518, 50))
    d.circle(530, 50, "+")
    d.arrow((542, 50), (590, 50))
    d.words(612, 55, "h_t")
    for x, letter, word in ((170, "r", "σ"), (330, "z", "σ"), (450, "c̃", "tanh")):
        d.box(x, 200, 60, 36, word, kind="gate")
        d.words(x - 16, 174, letter, "small")
        d.arrow((x, 252), (x, 219))
    d.line((110, 252), (450, 252))
    d.words(110, 292, "x_t")
    d.line((110, 276), (110, 252))
    d.line((90, 50), (90, 240), (170, 240))
    d.line((170, 240), (330, 240))
    d.circle(250, 120, "×")
    d.arrow((170, 182), (170, 120), (237, 120))
    d.arrow((250, 50), (250, 107))
    d.arrow((250, 133), (250, 268), (460, 268), (460, 219))
    d.arrow((330, 182), (330, 96), (410, 96), (410, 63))
    d.words(424, 84, "z", "small")
    d.circle(530, 130, "×")
    d.arrow((450, 182), (450, 130), (517, 130))
    d.arrow((530, 117), (530, 63))
    d.arrow((345, 182), (345, 156), (530, 156), (530, 143))
    d.words(556, 160, "1 − z", "small left")
    return d


def phased_lstm() -> Drawing:
    """The time gate of a Phased LSTM."""
    d = Drawing(
        640,
        240,
        "The time gate of three units of a Phased LSTM: each opens for a short part of "
        "a period of its own, and is shut for the rest, so that its state stays.",
    )
    for row, (period, shift) in enumerate(((62, 8), (118, 40), (212, 90))):
        bottom = 66 + 70 * row
        d.line((90, bottom), (610, bottom), kind="faint")
        d.words(48, bottom - 12, f"unit {row + 1}", "small")
        width, start = 0.24 * period, 90 + shift
        while start + width < 610:
            d.line((start, bottom), (start + width / 2, bottom - 40))
            d.line((start + width / 2, bottom - 40), (start + width, bottom))
            start += period
    d.arrow((90, 220), (612, 220))
    d.words(580, 238, "time")
    for k in range(17):
        x = 100 + 500 * (k + 0.4 * math.sin(5 * k)) / 17
        d.line((x, 214), (x, 226))
    return d


FIGURES = {
    "elman": elman,
    "lstm": lstm,
    "peephole_lstm": peephole_lstm,
    "coupled_lstm": coupled_lstm,
    "gru": gru,
    "phased_lstm": phased_lstm,
}
