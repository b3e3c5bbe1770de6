"""Figures: alignments, attention, hops, detections, unit texts, gates, training.

Every function writes one file and returns its path. The suffix of the name is the
format: .png, .svg or .pdf, and for texts .html too. The file is written whole or not at
all, and the same input gives the same file. A function raises `ValueError` if the
suffix is unknown or the folder does not exist, and `ImportError` if matplotlib is not
installed (`pip install "seqzoo[plot]"`); .html does not need it.
"""

from seqzoo.plot.alignment import join_pieces, plot_alignment
from seqzoo.plot.attention_map import plot_attention_map
from seqzoo.plot.detections import plot_detections
from seqzoo.plot.files import checked_path
from seqzoo.plot.gates import plot_gates
from seqzoo.plot.gradients import plot_gradients
from seqzoo.plot.heads import plot_heads
from seqzoo.plot.hops import plot_hops
from seqzoo.plot.text import plot_text, text_html
from seqzoo.plot.training import plot_training

__all__ = [
    "checked_path",
    "join_pieces",
    "plot_alignment",
    "plot_attention_map",
    "plot_detections",
    "plot_gates",
    "plot_gradients",
    "plot_heads",
    "plot_hops",
    "plot_text",
    "plot_training",
    "text_html",
]
