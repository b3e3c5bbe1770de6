"""docs/adding-a-model.md: its files, and no others, add an architecture and a task.

Each test copies the repository, writes the files of the guide, and runs its commands in
one new process, with toy data in place of the real ones.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "adding-a-model.md").read_text("utf-8")
FILES = {
    title: code
    for _, title, code in re.findall(
        r'^(`{3,})\w+ title="([^"]+)"\n(.*?)^\1$', GUIDE, re.DOTALL | re.MULTILINE
    )
}
MODEL = FILES["seqzoo/models/averaging_classifier.py"]
COPIED = ("benchmarks", "docs", "recipes", "seqzoo", "tests")
# What both tests do in the copy.
COMMANDS = """
import contextlib, io, json, runpy, sys
from pathlib import Path
import numpy as np, pytest
from PIL import Image
from seqzoo import cli, data
from seqzoo.training import run

results = {}

def script(path, *arguments):
    sys.argv = [path, *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            assert not end.code, out.getvalue()
    return out.getvalue()

def seqzoo(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out, \\
            contextlib.redirect_stderr(out):
        code = cli.main(list(words))
    return [code, out.getvalue()]

def passed(selection, *files):
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-rfE", "-k", selection]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = pytest.main([*options, *files])
    assert code == 0, out.getvalue()
    return out.getvalue()

Image.fromarray(np.eye(28, dtype="uint8") * 255).save("digit.png")
"""


@pytest.fixture
def clone(tmp_path):
    """A copy of the repository; the weights are links."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copytree(ROOT / "weights", tmp_path / "weights", copy_function=os.symlink)
    for file in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    # A record names its commit.
    author = ["-c", "user.name=A", "-c", "user.email=a@localhost"]
    commit = ["commit", "-q", "--allow-empty", "-m", "Copy"]
    for words in (["init", "-q"], [*author, *commit]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def write(clone, files):
    for path, text in files.items():
        assert not (clone / path).exists()
        (clone / path).write_text(text, "utf-8")


def add_names(clone, package, imports, mapping, names):
    """Adds the guide's import, and names to the mapping and to `__all__`."""
    file = clone / package / "__init__.py"
    text = file.read_text("utf-8")
    last = list(re.finditer(r"^from seqzoo.*(?:\n    .*|\n\))*", text, re.MULTILINE))[
        -1
    ]
    text = f"{text[: last.end()]}\n{imports}{text[last.end() :]}"
    cls, *_ = names
    text, found = re.subn(
        rf"^({mapping}\b.*\n(?:.*\n)*?    for cls in \()",
        rf"\1{cls}, ",
        text,
        flags=re.M,
    )
    listed = "".join(f"    {name!r},\n" for name in names)
    text, exported = re.subn(r"^__all__ = \[\n", rf"\g<0>{listed}", text, flags=re.M)
    assert (found, exported) == (1, 1)
    file.write_text(text, "utf-8")


def run_in(clone, steps):
    """What the steps put into `results`, in a new process in the copy."""
    code = COMMANDS + textwrap.dedent(steps) + "\nPath('results').write_text("
    code += "json.dumps(results))\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone), "SEQZOO_WEIGHTS": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((clone / "results").read_text("utf-8"))


def test_an_architecture_needs_the_files_of_the_guide(clone):
    name = "averaging_mnist"
    write(clone, {f: FILES[f] for f in FILES if "averaging" in f})
    add_names(
        clone,
        "seqzoo/models",
        FILES["seqzoo/models/__init__.py"],
        "MODELS",
        ["AveragingClassifier", "AveragingClassifierConfig"],
    )
    results = run_in(
        clone,
        """
        results["smoke"] = script("recipes/averaging_mnist.py", "--smoke")
        from recipes.averaging_mnist import recipe
        run(lambda: recipe(data.toy_digits()), folder=Path("weights"), epochs=1)
        record = json.loads(Path("weights/averaging_mnist/metrics.json").read_text())
        score, file = record["metrics"]["accuracy"], Path("recipes/averaging_mnist.py")
        # It takes less than half a minute.
        file.write_text(file.read_text().replace("0.00", f"{score['value']:.2f}"))
        for kind in ("tables", "figures", "examples"):
            script("docs/generate.py", kind, *([] if kind == "tables" else
                   ["averaging_mnist"]))
        results["list"] = seqzoo("list")
        results["info"] = seqzoo("info", "averaging_mnist")
        results["run"] = seqzoo("run", "averaging_mnist", "digit.png", "--top", "2")
        results["plot"] = seqzoo("plot", "averaging_mnist", "--out", "curve.png")
        sys.path.insert(0, "docs")
        from builder.model_pages import model_pages
        results["page"] = model_pages()["weights/averaging_mnist.md"]
        results["tests"] = passed(
            "averaging or every_trained or every_architecture or tables",
            "tests/test_contract.py", "tests/models/test_averaging_classifier.py",
            "tests/test_recipes.py", "tests/test_weights.py", "tests/test_docs.py",
            "tests/test_builder.py", "tests/test_docs_code.py", "tests/test_facts.py",
            "tests/test_layering.py",
        )
        """,
    )
    assert "Smoke test passed" in results["smoke"]
    assert name in results["list"][1].split()
    for command in ("info", "run", "plot"):
        assert results[command][0] == 0, results[command][1]
    assert "AveragingClassifier" in results["info"][1]
    for page in (
        "README.md",
        "docs/zoo.md",
        "docs/results.md",
        f"docs/models/{name}.md",
    ):
        assert re.search(rf"^\| .?`?{name}", (clone / page).read_text("utf-8"), re.M), (
            page
        )
    assert r"\text{relu}(W x_t + b)" in results["page"]
    assert "(../models/averaging_mnist.md)" in results["page"]
    figures = {path.name for path in (clone / "docs" / "figures" / name).iterdir()}
    assert {"training.svg", "example.json"} <= figures
    assert int(re.search(r"(\d+) passed", results["tests"])[1]) > 20


def test_a_task_needs_the_files_of_the_guide(clone):
    write(clone, {f: FILES[f] for f in FILES if f.endswith("sequence_regression.py")})
    add_names(
        clone,
        "seqzoo/tasks",
        FILES["seqzoo/tasks/__init__.py"],
        "TASKS",
        ["SequenceRegressor"],
    )
    # A model of the task: the one of the guide with one output.
    model = MODEL.replace("Classifier", "Regressor").replace("= 10", "= 1")
    model = model.replace(
        "classification import SequenceRegressor, example_sequences",
        "classification import example_sequences\n"
        "from seqzoo.tasks.sequence_regression import SequenceRegressor",
    )
    imports = FILES["seqzoo/models/__init__.py"]
    write(
        clone,
        {
            "seqzoo/models/averaging_regressor.py": model,
            "tests/models/test_averaging_regressor.py": "import numpy as np\n\n"
            "TINY = {'features': 3, 'units': 5}\n"
            "LOSS, TARGETS = 'mse', np.array([[0.0], [1.0]])\n",
        },
    )
    add_names(
        clone,
        "seqzoo/models",
        imports.replace("classifier", "regressor").replace("Classifier", "Regressor"),
        "MODELS",
        ["AveragingRegressor", "AveragingRegressorConfig"],
    )
    results = run_in(
        clone,
        """
        import keras
        from seqzoo.models import AveragingRegressor, AveragingRegressorConfig
        from seqzoo.processors import GreyImageProcessor
        from seqzoo.tasks.sequence_regression import MeanAbsoluteError
        from seqzoo.training import Card, Recipe

        def recipe():
            digits = data.toy_digits().train
            model = AveragingRegressor(AveragingRegressorConfig())
            model.processor = GreyImageProcessor(["0"], layout="rows")
            inputs = model.processor.batch(digits.examples)
            error = MeanAbsoluteError(inputs, digits.labels, "digits")
            return Recipe(
                name="averaging_rows", model=model, epochs=1, loss="mse",
                train=lambda epoch: [(inputs, digits.labels[:, None])],
                optimizer=keras.optimizers.Adam(), evaluate=error, mode="min",
                monitor="error",
                validate=lambda model: {
                    "error": error(model)["mean_absolute_error"].value
                },
                card=Card(title="Averages rows", description="It estimates.",
                          paper="-", data="Toy digits", licence="cc0-1.0",
                          limits="Toys.", usage='model.estimate("digit.png")'),
                golden=model.processor.batch(digits.examples[:2]),
            )

        run(recipe, folder=Path("weights"))
        script("docs/generate.py", "tables")
        results["run"] = seqzoo("run", "averaging_rows", "digit.png", "--decimals", "1")
        results["json"] = seqzoo("run", "averaging_rows", "digit.png", "--json")
        results["other"] = seqzoo("run", "averaging_rows", "digit.png", "--top", "2")
        results["help"] = seqzoo("run", "--help")
        results["plot"] = seqzoo("plot", "averaging_rows", "--out", "curve.png")
        results["list"] = seqzoo("list", "--task", "sequence-regression")
        from seqzoo.hub.card import pipeline_tag
        results["card"] = pipeline_tag({"task": "sequence-regression"})
        results["tests"] = passed(
            "averaging or estimate or sequence-regression or headline or tables",
            "tests/test_contract.py", "tests/tasks/test_facts.py",
            "tests/cli/test_options.py", "tests/test_docs.py", "tests/test_weights.py",
        )
        """,
    )
    assert results["run"][0] == 0
    assert re.fullmatch(r"-?\d+\.\d", results["run"][1].strip().splitlines()[-1])
    answer = json.loads(results["json"][1].strip().splitlines()[-1])
    assert answer.keys() == {"input", "estimate"}
    assert results["other"][0] == 2 and "--top is not for" in results["other"][1]
    words = " ".join(results["help"][1].split())
    assert "Sequence regression: Digits after the point. Default: 3." in words
    assert results["plot"][0] == 0 and (clone / "curve.png").exists()
    assert results["list"][1].split() == ["averaging_rows"]
    assert results["card"] == "time-series-forecasting"
    readme = (clone / "README.md").read_text("utf-8")
    (row,) = re.findall(r"^\| \[averaging_rows\].*$", readme, re.MULTILINE)
    assert "| error " in row
    assert int(re.search(r"(\d+) passed", results["tests"])[1]) > 20
