"""A missing library is named with a command that installs it."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest

from seqzoo.ops.extras import imported, install_line

PROJECT = tomllib.loads(
    (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
)["project"]
EXTRAS = PROJECT["optional-dependencies"]


def library(requirement):
    return requirement.split(">")[0].split("=")[0]


@pytest.mark.parametrize("extra", ["plot", "demo", "metrics"])
def test_the_command_names_the_libraries_of_the_extra(extra):
    line = install_line(extra)
    assert line.startswith('pip install "') and "seqzoo" not in line
    for requirement in EXTRAS[extra]:
        if not requirement.startswith("seqzoo["):
            assert f'"{library(requirement)}' in line


def test_a_clone_that_is_not_installed_has_a_command_too(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert install_line("metrics") == 'pip install ".[metrics]" in a clone'


def test_modules_are_imported_or_named(monkeypatch):
    assert imported("This", "plot", "json", "os.path")[0].loads("1") == 1
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(ImportError, match=r'needs sacrebleu\. Install: pip .*"sac'):
        imported("BLEU", "metrics", "sacrebleu.metrics")


@pytest.mark.parametrize("metric", ["bleu", "coco"])
def test_metrics_need_their_libraries_when_they_are_made(monkeypatch, metric):
    from seqzoo.tasks.metrics import bleu, coco

    for module in ("sacrebleu.metrics", "sacremoses", "pycocotools.coco"):
        monkeypatch.setitem(sys.modules, module, None)
    makers = {
        "bleu": lambda: bleu.DetokenizedBLEU([], "test", 1),
        "coco": lambda: coco.AveragePrecision([], "test"),
    }
    with pytest.raises(ImportError, match="Install: pip install"):
        makers[metric]()
