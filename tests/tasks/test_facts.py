"""Every fact of a task stands in its class, and fits what reads it."""

import json
import re

import pytest

import seqzoo
from seqzoo import models
from seqzoo.convert import FAMILIES
from seqzoo.hub.names import bundle_folder
from seqzoo.plot.model_plots import KINDS
from seqzoo.tasks import TASKS

each_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def record_of(name):
    return json.loads((bundle_folder() / name / "metrics.json").read_text("utf-8"))


@each_task
def test_the_verb_is_a_method_and_the_figure_is_drawn(task):
    assert callable(getattr(task, task.verb))
    assert task.figure in KINDS


@each_task
def test_the_demo_has_the_panel(task):
    pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')
    from seqzoo.demo.panels import PANELS

    assert task.demo_panel is None or task.demo_panel in PANELS


@pytest.mark.parametrize("name", seqzoo.list_models())
def test_every_trained_model_has_the_headline_of_its_task(name):
    record = record_of(name)
    task = TASKS[record["task"]]
    metrics = record["metrics"]
    assert set(task.headline_metrics) <= set(metrics)
    main = metrics[task.main_metric(metrics)]["value"]
    numbers = map(float, re.findall(r"\d+\.\d+", task.headline(metrics)))
    assert any(number == pytest.approx(main, abs=0.051) for number in numbers)


def test_the_usage_is_python_once_its_places_are_filled():
    for task in TASKS.values():
        code = task.usage.format(
            example=next(iter(task.examples), ""), image="a.png", threshold=0.5
        )
        compile(code, task.task, "exec")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_converted_family_has_the_task_of_its_class(family):
    assert models.MODELS[family.class_name].task == family.task


@each_task
def test_a_record_without_the_headline_metrics_shows_its_first(task):
    """As a model of one's own has it, trained and scored on other data."""
    metrics = {"accuracy_mine": {"value": 61.25, "unit": "%"}}
    assert "61.2" in task.headline(metrics)
    assert task.headline({}) == ""
