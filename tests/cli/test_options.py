"""The options of `run` and `plot` are the arguments of the functions behind them."""

import inspect
import re
import typing

import pytest
import typer

from seqzoo import cli
from seqzoo.cli.options import argument_texts, arguments, with_options
from seqzoo.cli.signatures import verbs
from seqzoo.plot.model_plots import KINDS
from seqzoo.tasks import TASKS

VERBS = {name: getattr(task, task.verb) for name, task in TASKS.items()}


def test_the_verbs_of_the_source_are_those_of_the_tasks():
    read = verbs()
    assert list(read) == list(VERBS)
    for task, verb in VERBS.items():
        assert inspect.getdoc(read[task]) == inspect.getdoc(verb)
        wanted = arguments(verb)
        assert arguments(read[task]) == wanted
        hints, read_hints = map(typing.get_type_hints, (verb, read[task]))
        assert {n: read_hints[n] for n in wanted} == {n: hints[n] for n in wanted}


def squeezed(text):
    """The text without white space: the help breaks lines, also after hyphens."""
    return "".join(text.split())


@pytest.mark.parametrize("function", [*VERBS.values(), *KINDS.values()])
def test_every_argument_is_described(function):
    assert set(arguments(function)) <= set(argument_texts(function))


@pytest.mark.parametrize(
    ("command", "functions"), [("run", VERBS), ("plot", KINDS)], ids=["run", "plot"]
)
def test_the_help_names_every_option_with_its_text_and_default(
    command, functions, capsys
):
    assert cli.main([command, "--help"]) == 0
    text = squeezed(capsys.readouterr().out)
    for function in functions.values():
        for name, argument in arguments(function).items():
            if name.startswith("return_"):
                continue
            assert f"--{name.replace('_', '-')}" in text
            described = argument_texts(function)[name]
            assert squeezed(described) in text
            # The help states each default: in words, or as the signature has it.
            if argument.default not in (None, False) and "efault" not in described:
                whole = f"{described} Default: {argument.default}."
                assert squeezed(whole) in text


def test_every_kind_of_figure_is_in_the_help(capsys):
    cli.main(["plot", "--help"])
    lines = capsys.readouterr().out.splitlines()
    for kind, function in KINDS.items():
        first = inspect.getdoc(function).splitlines()[0]
        assert any(re.fullmatch(rf"\s*{kind}: {re.escape(first)}", s) for s in lines)


def draw(model, text, *, size: int = 3, scale: float | None = None, bare: bool = False):
    """Draws.

    Args:
        model: The model.
        text: The text.
        size: How large, in pixels,
            of a side.
        scale: How much larger. Default: not at all.
        bare: Whether to leave the axes out.
    """


def test_only_given_options_reach_the_command_and_have_their_type():
    received = []
    app = typer.Typer(rich_markup_mode=None)

    def command(name: str, **options):
        received.append((name, options))

    app.command()(with_options(command, {"toy": draw}))
    app(["a"], standalone_mode=False)
    app(["b", "--size", "4", "--scale", "2", "--bare"], standalone_mode=False)
    assert received == [("a", {}), ("b", {"size": 4, "scale": 2.0, "bare": True})]
    assert argument_texts(draw)["size"] == "How large, in pixels, of a side."
