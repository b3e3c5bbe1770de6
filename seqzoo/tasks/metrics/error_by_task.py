"""Errors of a question answerer, task by task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.tasks.metrics.metric import Metric
from seqzoo.tasks.question_answering import QuestionAnswerer

FAILED = 5.0  # per cent: a task with a larger error is failed (Weston et al. 2015)


@dataclass(frozen=True, eq=False)
class ErrorByTask:
    """Share of wrong answers: "mean_error", in per cent, the mean over the tasks.

    "tasks_failed" is the number of tasks with an error above 5 %. Beside the mean stand
    the error of each task (`by_task`) and the published ones (`published_by_task`).

    Args:
        questions: Each has `task`, `story`, `question` and `answer`, as
            `seqzoo.data.StoryQuestion` has.
        split: Name of the data and part.
        published: Error of each task in per cent, in the order of the tasks.
    """

    questions: Sequence[Any]
    split: str
    published: Sequence[float] = ()

    def __call__(self, model: QuestionAnswerer) -> dict[str, Metric]:
        answers = model.answer(
            [list(each.story) for each in self.questions],
            [each.question for each in self.questions],
        )
        wrong: dict[int, list[bool]] = {}
        for each, answer in zip(self.questions, answers, strict=True):
            wrong.setdefault(each.task, []).append(answer != each.answer.lower())
        errors = {task: 100 * float(np.mean(wrong[task])) for task in sorted(wrong)}
        extra = {"by_task": {str(task): round(e, 2) for task, e in errors.items()}}
        if self.published:
            tasks = enumerate(self.published, start=1)
            extra["published_by_task"] = {str(task): error for task, error in tasks}
        total = len(self.questions)
        mean = float(np.mean(list(errors.values())))
        failed = float(sum(error > FAILED for error in errors.values()))
        return {
            "mean_error": Metric(mean, "%", self.split, total, extra=extra),
            "tasks_failed": Metric(failed, "tasks", self.split, total),
        }
