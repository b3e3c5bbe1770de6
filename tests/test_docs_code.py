"""Every block of code in the README and the pages runs, or says why it does not.

The Python blocks of a page run one after the other, in one namespace and in a folder
that holds the files which they name. A block that cannot run has a title that says so:

    ```python title="Not run: it uploads"

Names of the Hub are served from small models on disk. In shell blocks every `seqzoo`
command is parsed with the options that it has.
"""

import functools
import json
import re
import runpy
import shlex
import textwrap
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from scipy.io import wavfile

import seqzoo
from seqzoo.cli import build_app
from seqzoo.models import ViT, ViTConfig
from seqzoo.processors import ImageProcessor
from seqzoo.training.command import _parser

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("**/*.md")),
]
# In test_fine_tuning.py and test_adding_a_model.py.
RUN_ELSEWHERE = [
    ROOT / "docs" / f"{p}.md" for p in ("fine-tuning-images", "adding-a-model")
]
BLOCK = re.compile(r"^( *)```(\w+)([^\n`]*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
NOT_RUN = 'title="Not run: '
GOLDEN = Path(__file__).parent / "convert" / "golden"
# Programs of other projects: that they are called is all that is checked.
OTHERS = {"cat", "mkdocs", "pip", "pre-commit", "pytest", "tensorboard"}

named = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)


def blocks(page, *languages):
    """The info string and the lines of each block in one of the languages."""
    return [
        (info.strip(), textwrap.dedent(code))
        for _, language, info, code in BLOCK.findall(page.read_text("utf-8"))
        if language in languages
    ]


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def small_vit():
    """A vision transformer in place of a trained one, with layers to look into."""
    config = ViTConfig(
        image_size=32,
        patch_size=4,
        embed_dim=12,
        num_layers=3,
        num_heads=2,
        hidden_dim=16,
        num_classes=10,
    )
    model = ViT(config)
    model(model.example_inputs())  # creates its weights
    model.processor = ImageProcessor(list("abcdefghij"), size=(32, 32))
    return model


def old_weights():
    """A peephole layer's of 8 features and 32 units, as TensorFlow Addons has them."""
    shapes = [(8, 128), (32, 128), (128,), (32,), (32,), (32,)]
    return {"old_weights": [array(*shape) for shape in shapes]}


# What the prose around a block takes for granted: by page, and by what stands in it.
GIVEN = {
    ("README.md", "sentences"): lambda: {"sentences": ["A man sleeps.", "A dog runs."]},
    ("docs/cells.md", "mask"): lambda: {
        "inputs": array(2, 5, 8),
        "mask": np.ones((2, 5), bool),
        "times": np.cumsum(np.abs(array(2, 5)), axis=1),
    },
    ("docs/migrating.md", "old_weights"): old_weights,
    ("docs/models/mnist.md", "images"): lambda: {"images": [np.zeros((28, 28))] * 2},
    ("docs/vision.md", "pixels ="): lambda: {"model": small_vit()},
}


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """`seqzoo.load` that keeps the zoo's models and has the Hub's names on disk."""
    original = seqzoo.load
    kept, names = functools.cache(original), seqzoo.list_models()
    vit = tmp_path_factory.mktemp("hub") / "vit"
    seqzoo.save(small_vit(), vit)

    def load(name, **options):
        if isinstance(name, str) and name.startswith("hf:"):
            kind = next((k for k in ("detr", "swin") if k in name), None)
            if "image_size" in options:  # the small model's patches are small, too
                options["image_size"] //= 8
            return original(GOLDEN / kind if kind else vit, **options)
        is_kept = not options and name in names  # never a folder, which may change
        return kept(name) if is_kept else original(name, **options)

    return load


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with the files that pages name."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name, shape in (
        ("digit.png", (28, 28)),
        ("cat.jpg", (48, 64, 3)),
        ("dog.jpg", (48, 64, 3)),
        ("street.jpg", (60, 80, 3)),
        ("scene.png", (128, 128, 3)),
        ("smear.png", (60, 80, 3)),
    ):
        Image.fromarray(rng.integers(256, size=shape).astype("uint8")).save(name)
    wavfile.write("seven.wav", 8000, rng.integers(-999, 999, 8000).astype("int16"))
    return tmp_path


@named
def test_python_shown_is_python(page):
    for _, code in blocks(page, "python"):
        compile(code, str(page), "exec")


@named
def test_a_block_that_is_not_run_says_why(page):
    for info, _ in blocks(page, "python", "sh"):
        is_file = re.fullmatch(r'title="[\w/]+\.py"', info) and page in RUN_ELSEWHERE
        assert not info or is_file or re.fullmatch(rf'{NOT_RUN}[^"]+"', info)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks(page, "python") and page not in RUN_ELSEWHERE],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
# What numpy, Keras and fit have to say of three steps on noise is not the page's.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_python_shown_runs(page, load, folder, monkeypatch, capsys, graphs):
    monkeypatch.setattr(seqzoo, "load", load)
    # It uploads; tests/hub has what it does.
    monkeypatch.setattr(seqzoo, "push", lambda *arguments, **options: None)
    where = page.relative_to(ROOT).as_posix()
    names = {"__name__": "page"}
    for info, code in blocks(page, "python"):
        if info.startswith(NOT_RUN):
            continue
        for (place, sign), given in GIVEN.items():
            if place == where and sign in code and not sign.isidentifier():
                names |= given()
            elif place == where and re.search(rf"\b{re.escape(sign)}\b", code):
                names = given() | names
        exec(compile(code, where, "exec"), names)


@pytest.mark.slow
@pytest.mark.parametrize("name", seqzoo.list_models())
def test_a_models_usage_prints_what_its_page_shows(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from builder.examples import example_code, printed

    example = json.loads((ROOT / "docs/figures" / name / "example.json").read_text())
    assert example["code"] == example_code(name)
    assert example["output"] == printed(example["code"])


@named
def test_every_command_shown_is_one(page):
    group = typer.main.get_command(build_app(["run", "plot"]))
    for info, block in blocks(page, "sh"):
        if info.startswith(NOT_RUN):
            continue
        for words in commands(block):
            check(group, words)


def commands(block):
    """The words of each command, without variables set before it and redirections."""
    for line in block.replace("\\\n", " ").splitlines():
        line = re.sub(r"\$\([^()]*\)", "output", line)
        words = shlex.split(line, comments=True)
        while words:
            end = next((i for i, w in enumerate(words) if w in ("&&", "|")), len(words))
            part, words = words[:end], words[end + 1 :]
            while part and re.match(r"[A-Z_]+=", part[0]):
                part = part[1:]
            while len(part) > 1 and part[-2] in ("<", ">"):
                part = part[:-2]
            if part:
                yield part


def check(group, words):
    """A command of ours has its options, a script exists, others are known by name."""
    program, arguments = words[0], words[1:]
    if program == "seqzoo":
        command = group.commands[arguments[0]]
        context = command.make_context(arguments[0], arguments[1:])
        if arguments[0] == "train":
            recipe, flags = context.params["name"], context.params["flags"] or []
            is_shown = recipe == "NAME" or recipe.startswith("./my_")
            assert is_shown or (ROOT / "recipes" / f"{recipe}.py").exists()
            if "--help" not in flags:
                _parser(takes_file=True).parse_args(flags)
    elif program in ("python", "python3"):
        is_module = arguments[0] == "-m"
        name = arguments[is_module]
        if is_module:
            name = f"{name.replace('.', '/')}.py"
        assert "NAME" in name or "x_data" in name or (ROOT / name).exists(), words
    else:
        assert program in OTHERS or (ROOT / program).exists(), words


def test_figures_and_examples_are_as_generated():
    """`docs/generate.py` would change none of them."""
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generate["stale"]("figures") == [], "run: python docs/generate.py figures"
    assert generate["stale"]("examples") == [], "run: python docs/generate.py examples"
    names = {path.parent.name for path in ROOT.glob("weights/*/metrics.json")}
    digests = json.loads(generate["DIGESTS"].read_text("utf-8"))
    assert digests["figures"].keys() == names | {"comparison"}
    assert digests["examples"].keys() == names


def test_every_architecture_is_drawn_or_trained():
    """The page of a trained model has equations: see tests/test_builder.py."""
    from seqzoo.models import MODELS

    drawings = runpy.run_path(str(ROOT / "docs" / "generate.py"))["DRAWINGS"]
    drawn = {name.removeprefix("architectures/") for name in drawings}
    specs = (ROOT / "weights").glob("*/config.json")
    trained = {json.loads(path.read_text("utf-8"))["class"] for path in specs}
    assert {*MODELS} <= drawn | trained


def test_figures_are_few_bytes():
    files = [p for p in (ROOT / "docs" / "figures").rglob("*") if p.is_file()]
    large = [p.name for p in files if p.stat().st_size > 100_000]
    assert large == [] and sum(p.stat().st_size for p in files) < 1_600_000


@named
def test_figures_have_words(page):
    assert re.findall(r"!\[\s*\]\(", page.read_text("utf-8")) == []
    assert "<img" not in page.read_text("utf-8")
