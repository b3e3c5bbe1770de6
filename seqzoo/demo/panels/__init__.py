"""The parts of the page, one for each kind of model.

Each file has functions of plain values, which run the model. Their argument `name` is
the model's name and `path` an uploaded file; they raise the errors of `validation`. The
function `panel` lays out the fields for the chosen model. It returns its outputs: the
fields that show answers.
"""

from seqzoo.demo.panels import (
    classification,
    detection,
    drawing,
    generation,
    questions,
    reading,
    translation,
)

# By the `demo_panel` of tasks and processors, in the order of the page.
PANELS = {
    "translation": translation.panel,
    "generation": generation.panel,
    "questions": questions.panel,
    "text": reading.text_panel,
    "gaps": reading.gap_panel,
    "drawing": drawing.panel,
    "image": classification.image_panel,
    "recording": classification.recording_panel,
    "detection": detection.panel,
}

__all__ = ["PANELS"]
