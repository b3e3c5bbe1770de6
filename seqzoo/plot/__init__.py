"""Pictures for people: alignments, attention, detections, texts, gates, trainings.

Every function writes one file in the format of its suffix (PNG, SVG or PDF, for texts
HTML too), whole or not at all; the same input gives the same file. All but HTML needs
matplotlib: `pip install "seqzoo[plot]"`.
"""

from seqzoo.plot.alignment import join_pieces, plot_alignment
from seqzoo.plot.attention_map import plot_attention_map
from seqzoo.plot.detections import plot_detections
from seqzoo.plot.files import checked_path
from seqzoo.plot.gates import plot_gates
from seqzoo.plot.gradients import plot_gradients
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
    "plot_text",
    "plot_training",
    "text_html",
]
