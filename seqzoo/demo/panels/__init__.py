"""What the page shows for each kind of model: a file a kind.

Each has functions of plain values, which ask the model, and `panel`, which lays the
fields out.
"""

from seqzoo.demo.panels import (
    detection,
    drawing,
    generation,
    image,
    recording,
    translation,
)
from seqzoo.demo.panels.base import Panel

# By the names that `seqzoo.demo.models.panel_of` gives.
PANELS = {
    "translation": translation.panel,
    "generation": generation.panel,
    "drawing": drawing.panel,
    "image": image.panel,
    "recording": recording.panel,
    "detection": detection.panel,
}

__all__ = ["PANELS", "Panel"]
