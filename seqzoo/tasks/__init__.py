"""What a person asks of a model: one base class a task, with its verb."""

from seqzoo.tasks.base import Task, variables_by_key
from seqzoo.tasks.classification import (
    ImageClassifier,
    Prediction,
    SequenceClassifier,
)
from seqzoo.tasks.detection import Detections, ObjectDetector
from seqzoo.tasks.generation import TextGenerator, TextScore
from seqzoo.tasks.masked_lm import Filling, MaskedLM
from seqzoo.tasks.question_answering import Answer, QuestionAnswerer
from seqzoo.tasks.set_prediction import SetPredictionLoss
from seqzoo.tasks.text_classification import TextClassifier
from seqzoo.tasks.translation import Translation, Translator

# The class of each task by the task's name.
TASKS: dict[str, type[Task]] = {
    cls.task: cls
    for cls in (
        ImageClassifier,
        MaskedLM,
        ObjectDetector,
        QuestionAnswerer,
        SequenceClassifier,
        TextClassifier,
        TextGenerator,
        Translator,
    )
}

__all__ = [
    "TASKS",
    "Answer",
    "Detections",
    "Filling",
    "ImageClassifier",
    "MaskedLM",
    "ObjectDetector",
    "Prediction",
    "QuestionAnswerer",
    "SequenceClassifier",
    "SetPredictionLoss",
    "Task",
    "TextClassifier",
    "TextGenerator",
    "TextScore",
    "Translation",
    "Translator",
    "variables_by_key",
]
