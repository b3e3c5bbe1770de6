"""Drawings of the recurrent cells."""

import math
from functools import partial

from builder.drawing import Drawing, Node, corner


def elman(d: Drawing) -> None:
    """Elman cell: one tanh layer of the input and the last output."""
    _, tanh, _ = d.row(0, 0, "h_{t-1}", ("gate", "tanh"), "h_t", gap=80)
    d.arrow(d.node(tanh.x, 90, "x_t"), tanh)
    d.node(tanh.x - 70, -12, ("small", "U"))
    d.node(tanh.x + 12, 50, ("small", "W"))


def lstm(d: Drawing, peephole: bool = False, coupled: bool = False) -> None:
    """LSTM cell: gates weight the old memory, the candidate and the output."""
    forget, add = d.node(120, 0, ("sign", "×")), d.node(280, 0, ("sign", "+"))
    new = d.node(580, 0, "c_t")
    d.chain(d.node(0, 0, "c_{t-1}"), forget, add, new)
    h, x = d.node(0, 214, "h_{t-1}"), d.node(60, 256, "x_t")
    d.arrow(x, corner(x, h))
    gates = []
    words = {"c̃": "tanh", "1−f": "1 −"}
    for k, name in enumerate(("f", "1−f" if coupled else "i", "c̃", "o")):
        gates.append(d.node(120 + 110 * k, 160, ("gate", words.get(name, "σ"))))
        d.node(134 + 110 * k, 132, ("small", name))
        if name != "1−f":
            d.arrow(corner(gates[k], h), gates[k])
    f, i, candidate, o = gates
    d.line(h, corner(o, h))
    if coupled:
        d.arrow(f, i)
    d.arrow(f, forget)
    enter = d.node(add.x, 80, ("sign", "×"))
    d.arrow(i, corner(i, enter), enter)
    d.arrow(candidate, corner(candidate, enter), enter)
    d.arrow(enter, add)
    tanh, show = d.node(510, 56, ("data", "tanh")), d.node(510, 118, ("sign", "×"))
    d.chain(corner(tanh, new), tanh, show, d.node(580, 118, "h_t"))
    d.arrow(o, corner(o, show), show)
    if peephole:
        for gate, start in ((f, 55), (i, 180)):
            d.arrow(Node(start, 0), Node(start, gate.y), gate, kind="dashed")
        d.arrow(Node(o.x - 24, 0), o, kind="dashed")


def gru(d: Drawing) -> None:
    """GRU cell: the gate z mixes old output and candidate, r resets the old output."""
    keep, add = d.node(370, 0, ("sign", "×")), d.node(490, 0, ("sign", "+"))
    d.chain(d.node(0, 0, "h_{t-1}"), keep, add, d.node(560, 0, "h_t"))
    gates = []
    for x, name, word in ((130, "r", "σ"), (290, "z", "σ"), (410, "c̃", "tanh")):
        gates.append(d.node(x, 150, ("gate", word)))
        d.node(x - 16, 122, ("small", name))
    r, z, candidate = gates
    inputs, rail = d.node(70, 242, "x_t"), Node(70, 202)
    d.arrow(inputs, rail, corner(candidate, rail), candidate)
    d.arrow(Node(50, 0), Node(50, 190), Node(z.x - 12, 190), z)
    d.arrow(Node(r.x - 12, 190), r)
    for gate in (r, z):
        d.arrow(corner(gate, rail), gate)
    reset = d.node(210, 70, ("sign", "×"))
    d.arrow(r, corner(r, reset), reset)
    d.arrow(Node(reset.x, 0), reset)
    below = Node(candidate.x + 12, 218)
    d.arrow(reset, corner(reset, below), below, candidate)
    d.arrow(z, Node(z.x, 46), Node(keep.x, 46), keep)
    d.node(keep.x + 12, 34, ("small", "z"))
    enter = d.node(add.x, 80, ("sign", "×"))
    d.arrow(candidate, corner(candidate, enter), enter)
    d.arrow(enter, add)
    d.arrow(Node(z.x, 106), Node(add.x, 106), enter)
    d.node(add.x + 26, 108, ("small", "1 − z"))


def phased_lstm(d: Drawing) -> None:
    """Time gates of a Phased LSTM, each open for a short part of its period."""
    for row, (period, start) in enumerate(((62, 8), (118, 40), (212, 90))):
        bottom = 70 * row
        d.line(Node(0, bottom), Node(520, bottom), kind="faint")
        d.node(-42, bottom - 12, ("small", f"unit {row + 1}"))
        width = 0.24 * period
        while start + width < 520:
            end = Node(start + width, bottom)
            d.line(Node(start, bottom), Node(start + width / 2, bottom - 40), end)
            start += period
    d.arrow(Node(0, 154), Node(522, 154))
    d.node(490, 172, "time")
    for k in range(17):
        x = 10 + 500 * (k + 0.4 * math.sin(5 * k)) / 17
        d.line(Node(x, 148), Node(x, 160))


CELLS = {
    "cells/elman": elman,
    "cells/lstm": lstm,
    "cells/peephole_lstm": partial(lstm, peephole=True),
    "cells/coupled_lstm": partial(lstm, coupled=True),
    "cells/gru": gru,
    "cells/phased_lstm": phased_lstm,
}
