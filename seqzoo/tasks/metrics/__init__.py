"""What recipes measure: callables from a model to its scores.

`bleu` and `coco` are imported by name, since they need the libraries of the extra
"metrics".
"""

from seqzoo.tasks.metrics.accuracy import Accuracy
from seqzoo.tasks.metrics.cross_entropy import CrossEntropy
from seqzoo.tasks.metrics.error_by_task import ErrorByTask
from seqzoo.tasks.metrics.masked import MaskedPrediction
from seqzoo.tasks.metrics.metric import Metric

__all__ = ["Accuracy", "CrossEntropy", "ErrorByTask", "MaskedPrediction", "Metric"]
