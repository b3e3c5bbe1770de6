"""Arguments of commands, among them options from the signatures of functions."""

import functools
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer

Function = Callable[..., Any]
# The argument of commands about one model.
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name of `seqzoo list`, a folder (./x) or hf:owner/name."
    ),
]


def with_options(command: Function, functions: Mapping[str, Function]) -> Function:
    """The command with an option for every argument that `arguments` gives.

    An option has the argument's type; its help is the argument's text in the docstring
    of the function. The command receives the options that the shell gives, as keyword
    arguments; it does not receive the others.

    Args:
        command: A command of Typer that takes `**options`.
        functions: By the label that stands before the help of the function's options.
    """
    options = {option.name: option for option in _options(functions)}

    @functools.wraps(command)
    def call(**values: Any) -> Any:
        given = {k: v for k, v in values.items() if k not in options or v is not None}
        return command(**given)

    own = [
        parameter
        for parameter in inspect.signature(command).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    signature = inspect.Signature([*own, *options.values()])
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def arguments(function: Function) -> dict[str, inspect.Parameter]:
    """The arguments of a function that have a default, by their names.

    The first two are left out: the model and its input.
    """
    _, _, *rest = inspect.signature(function).parameters.values()
    return {p.name: p for p in rest if p.default is not p.empty}


def argument_texts(function: Function) -> dict[str, str]:
    """The text of each argument in the `Args` section of a function's docstring.

    Args:
        function: A function whose docstring
            has such a section.

    Example:
        >>> argument_texts(argument_texts)["function"]
        'A function whose docstring has such a section.'
    """
    docstring = inspect.getdoc(function) or ""
    _, _, section = docstring.partition("Args:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _options(functions: Mapping[str, Function]) -> Iterator[inspect.Parameter]:
    """One option for each name of an argument, which several functions may share."""
    hints: dict[str, Any] = {}
    labels: dict[str, dict[str, list[str]]] = {}  # by name and help
    for label, function in functions.items():
        types, texts = typing.get_type_hints(function), argument_texts(function)
        for name, argument in arguments(function).items():
            if name.startswith("return_"):  # changes the form of the answer
                continue
            text = texts[name]
            if argument.default not in (None, False) and "default" not in text.lower():
                text += f" Default: {argument.default}."
            hints[name] = types[name] | None
            labels.setdefault(name, {}).setdefault(text, []).append(label)
    for name, hint in hints.items():
        parts = [f"{', '.join(who)}: {what}" for what, who in labels[name].items()]
        text = " ".join(part[0].upper() + part[1:] for part in parts)
        # Its name alone: Typer would add --no-NAME to a Boolean option.
        option = typer.Option("--" + name.replace("_", "-"), help=text)
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[hint, option],
        )
