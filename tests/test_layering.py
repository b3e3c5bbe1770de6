"""The house's imports run one way, and no backend is imported before it is needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up; what shares a step knows nothing of its neighbours there.
STEPS = (
    ("ops", "samples", "serialization"),
    ("layers",),
    ("decoding",),
    ("processors",),
    ("tasks",),
    ("models",),
    ("convert",),
    ("hub",),
    ("zoo",),
    ("data",),
    ("training", "plot"),
    ("demo",),
    ("cli",),
    ("recipes",),
)
STEP = {part: i for i, parts in enumerate(STEPS) for part in parts}
# `import seqzoo` is the public face, which leads to everything up to the zoo.
STEP["seqzoo"] = STEP["zoo"]

BACKENDS = {"tensorflow", "tensorflow_datasets", "jax", "torch"}
# The loops, the compiler and the way out of it that Keras does not offer, and the name
# of the device.
BACKEND_FILES = {
    "seqzoo/layers/recurrent/backend.py",
    "seqzoo/ops/compilation.py",
    "seqzoo/ops/numpy_callback.py",
    "seqzoo/training/record.py",
}
TENSORFLOW_PARTS = {"data", "training"}
# A recipe is read on one screen, so it imports no other. The character models are one
# experiment and share their module.
RECIPE_IMPORTS = {"seqzoo", "keras", "numpy", *sys.stdlib_module_names}
SHARED_RECIPE = "recipes._char_lm"


def part_of(path: str) -> str:
    """The part of the house that a file (`seqzoo/ops/x.py`) or module belongs to."""
    names = path.removesuffix(".py").replace("/", ".").split(".")
    return names[1] if names[0] == "seqzoo" and len(names) > 1 else names[0]


def imports(source: str, path: str) -> Iterator[tuple[str, bool]]:
    """Each module that a file imports, in full, and whether inside a function."""
    tree = ast.parse(source)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = path.split("/")[: -node.level]
                base = ".".join([*folder, base]).rstrip(".")
            # `from seqzoo import hub` imports a part, not the package alone.
            names = [
                f"{base}.{alias.name}"
                if base == "seqzoo" and alias.name in STEP
                else base
                for alias in node.names
            ]
        else:
            continue
        for name in names:
            yield name, id(node) in inside


def offences(source: str, path: str) -> list[str]:
    """What a file imports although its place in the house forbids it."""
    part = part_of(path)
    found = []
    for module, inside in imports(source, path):
        top = module.split(".")[0]
        if part == "recipes" and top not in RECIPE_IMPORTS and module != SHARED_RECIPE:
            found.append(
                f"{path} imports {module}; a recipe imports seqzoo, Keras, NumPy and "
                "the standard library"
            )
        elif top in ("seqzoo", "recipes"):
            target = part_of(module)
            if target != part and STEP[target] >= STEP[part]:
                found.append(f"{path} imports {module}, which stands above it")
        elif top in BACKENDS:
            known = path in BACKEND_FILES or (
                top.startswith("tensorflow") and part in TENSORFLOW_PARTS
            )
            if not known:
                found.append(f"{path} imports {module}; use keras.ops")
            elif not inside:
                found.append(f"{path} imports {module} outside a function")
        elif top == "keras" and path == "seqzoo/__init__.py":
            found.append(f"{path} imports {module}; `import seqzoo` must stay fast")
    return found


def house() -> list[str]:
    files = [*ROOT.glob("seqzoo/**/*.py"), *ROOT.glob("recipes/*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in files)


@pytest.mark.parametrize("path", [p for p in house() if p != "seqzoo/__init__.py"])
def test_imports_run_one_way(path):
    assert offences((ROOT / path).read_text("utf-8"), path) == []


def test_every_part_of_the_house_has_a_place():
    parts = {part_of(path) for path in house()} - {"__init__"}
    assert parts <= set(STEP)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("seqzoo/ops/x.py", "import seqzoo.layers"),
        ("seqzoo/ops/x.py", "from seqzoo import layers"),
        ("seqzoo/ops/x.py", "from ..layers import cells"),
        ("seqzoo/layers/x.py", "from seqzoo.models.seq2seq import Seq2Seq"),
        ("seqzoo/models/x.py", "def f():\n    import seqzoo"),
        ("seqzoo/processors/x.py", "from seqzoo.tasks import base"),
        ("seqzoo/plot/x.py", "from seqzoo.training import run"),
        ("seqzoo/zoo.py", "from recipes import bilstm_attn_translate"),
        ("seqzoo/ops/x.py", "def f():\n    import tensorflow as tf"),
        ("seqzoo/models/x.py", "import torch"),
        ("seqzoo/data/x.py", "import tensorflow as tf"),
        ("seqzoo/training.py", "import tensorflow_datasets"),
        ("seqzoo/data/x.py", "def f():\n    import jax"),
        ("seqzoo/layers/recurrent/backend.py", "from jax import lax"),
        ("seqzoo/__init__.py", "import keras"),
        ("recipes/x.py", "from recipes.vit_cifar10 import AUGMENT"),
        ("recipes/x.py", "from recipes import vit_cifar10"),
        ("recipes/x.py", "import scipy"),
        ("recipes/x.py", "def f():\n    import tensorflow as tf"),
        ("recipes/x.py", "from . import vit_cifar10"),
    ],
)
def test_an_offender_is_found(path, source):
    assert len(offences(source, path)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("seqzoo/layers/x.py", "from seqzoo.ops import attention"),
        ("seqzoo/layers/x.py", "from .cells import LSTMCell"),
        ("seqzoo/layers/x.py", "import keras\nfrom keras import ops"),
        ("seqzoo/data/x.py", "def f():\n    import tensorflow as tf"),
        ("seqzoo/layers/recurrent/backend.py", "def f():\n    from jax import lax"),
        ("seqzoo/cli.py", "import seqzoo"),
        ("recipes/x.py", "from seqzoo.training import Recipe"),
        ("recipes/x.py", "import math\nfrom keras import losses\nimport numpy as np"),
        ("recipes/x.py", "from recipes._char_lm import run"),
    ],
)
def test_a_lawful_import_passes(path, source):
    assert offences(source, path) == []


def test_importing_seqzoo_loads_neither_keras_nor_a_backend():
    heavy = (
        "{'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'huggingface_hub',"
        " 'gradio'}"
    )
    code = (
        "import sys, seqzoo, seqzoo.cli, seqzoo.zoo, seqzoo.plot\n"
        "seqzoo.list_models()\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
