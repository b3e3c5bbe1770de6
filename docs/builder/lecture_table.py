"""From the topics of a lecture to the models, files and pictures that show them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builder.records import ROOT, WEIGHTS, records, spec

REGULARISERS = (
    "zoneout",
    "recurrent_dropout",
    "update_dropout",
    "variational",
    "drop_path",
)
Test = Callable[[str, dict[str, Any], str], bool]  # cell, config, class


def _cell(*names: str) -> Test:
    return lambda cell, config, kind: cell in names and kind == "RecurrentLM"


def _kind(*names: str) -> Test:
    return lambda cell, config, kind: kind in names


def _regularised(cell: str, config: dict[str, Any], kind: str) -> bool:
    return any(config.get(name) for name in REGULARISERS)


# Topic -> (which models, file, pictures: those of a model's folder where it has one).
TOPICS: dict[str, tuple[Test, str, tuple[str, ...]]] = {
    "recurrent network": (
        _cell("elman"),
        "seqzoo/layers/recurrent/cells/elman.py",
        ("cells/elman.svg",),
    ),
    "back-propagation through time": (
        _kind("RecurrentLM"),
        "seqzoo/layers/recurrent/engine.py",
        ("architectures/RecurrentLM.svg",),
    ),
    "vanishing gradients": (
        _cell("elman", "lstm"),
        "seqzoo/tasks/gradients.py",
        ("gradients_*.svg", "*/gradients.svg"),
    ),
    "LSTM": (
        _cell("lstm"),
        "seqzoo/layers/recurrent/cells/lstm.py",
        ("cells/lstm.svg",),
    ),
    "variants of the LSTM": (
        _cell("peephole_lstm", "coupled_lstm", "layer_norm_lstm", "phased_lstm"),
        "seqzoo/layers/recurrent/cells/lstm.py",
        ("cells/peephole_lstm.svg", "cells/coupled_lstm.svg", "cells.svg"),
    ),
    "GRU": (
        lambda cell, config, kind: cell == "gru",
        "seqzoo/layers/recurrent/cells/gru.py",
        ("cells/gru.svg", "gru_row_mnist/gates.svg"),
    ),
    "bidirectional networks": (
        lambda cell, config, kind: (
            bool(config.get("bidirectional")) or kind == ("Seq2Seq")
        ),
        "seqzoo/layers/recurrent/bidirectional.py",
        ("architectures/RecurrentClassifier-bidirectional.svg",),
    ),
    "memory over many steps": (
        lambda cell, config, kind: bool(config.get("chrono_steps")),
        "seqzoo/layers/recurrent/cells/base.py",
        (),
    ),
    "convolutions in time": (
        _kind("TCNClassifier"),
        "seqzoo/layers/convolution/temporal.py",
        ("architectures/TCNClassifier.svg",),
    ),
    "multi-dimensional networks": (
        _kind("FourWayClassifier"),
        "seqzoo/layers/recurrent/multi_directional.py",
        ("architectures/FourWayClassifier.svg",),
    ),
    "sequence to sequence": (
        _kind("Seq2Seq"),
        "seqzoo/models/seq2seq.py",
        ("architectures/Seq2Seq.svg",),
    ),
    "attention scores": (
        lambda cell, config, kind: bool(config.get("attention")),
        "seqzoo/ops/attention.py",
        ("*/alignment.svg",),
    ),
    "self-attention": (
        _kind("ViT", "Swin", "DETR"),
        "seqzoo/layers/attention/transformer.py",
        ("*/attention.png", "architectures/ViT.svg"),
    ),
    "transformer": (
        _kind("ViT", "Swin", "DETR"),
        "seqzoo/layers/attention/transformer.py",
        ("architectures/ViT.svg",),
    ),
    "vision transformer": (
        _kind("ViT"),
        "seqzoo/models/vit.py",
        ("architectures/ViT.svg", "vit_*/attention.png"),
    ),
    "DETR": (
        _kind("DETR"),
        "seqzoo/models/detr.py",
        ("architectures/DETR.svg", "*/detections.png"),
    ),
    "Swin": (
        _kind("Swin"),
        "seqzoo/models/swin.py",
        ("architectures/Swin.svg", "swin_*/attention.png"),
    ),
    "regularisation": (
        _regularised,
        "seqzoo/layers/recurrent/cells/zoneout.py",
        (),
    ),
}
SECTIONS = {
    "memory over many steps": "cell-comparison.md#what-is-remembered-over-many-steps",
    "regularisation": "cells.md#regularisation",
}


def lectures(page: Path) -> str:
    """A row for each topic."""
    lines = ["| topic | models | file | pictures |", "|---|---|---|---|"]
    for topic, (test, file, patterns) in TOPICS.items():
        models = [name for name in records() if _passes(name, test)]
        pictures = [
            picture
            for pattern in patterns
            for picture in sorted((ROOT / "docs" / "figures").glob(pattern))
        ]
        shown = [_link(_label(each), each, page) for each in pictures]
        if topic in SECTIONS:
            shown.append(f"[a table]({SECTIONS[topic]})")
        cells = [
            topic,
            ", ".join(_link(name, WEIGHTS / name, page) for name in models)
            or "none trained yet",
            _link(Path(file).name, ROOT / file, page),
            ", ".join(shown),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _passes(name: str, test: Test) -> bool:
    found = spec(name)
    return test(str(found["config"].get("cell")), found["config"], found["class"])


def _label(picture: Path) -> str:
    """The model and the kind of a model's picture, or what is drawn."""
    folder = picture.parent.name
    drawn = picture.stem.replace("_", " ").replace("-", ", ")
    return f"{drawn} of {folder}" if (WEIGHTS / folder).is_dir() else drawn


def _link(label: str, target: Path, page: Path) -> str:
    return f"[{label}]({Path(os.path.relpath(target, page.parent)).as_posix()})"
