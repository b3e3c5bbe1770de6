"""The verbs of the tasks for the help, read from the source without an import.

To import the tasks is to import Keras, which takes seconds.
"""

import ast
import collections.abc
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import seqzoo


def verbs() -> dict[str, Callable[..., Any]]:
    """The verb of each task by the task's name, with its signature and docstring.

    The functions compute nothing.
    """
    folder = Path(seqzoo.__file__).parent / "tasks"
    trees = [ast.parse(path.read_bytes()) for path in sorted(folder.glob("*.py"))]
    classes = {
        node.name: node
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    functions = {}
    for _, node in sorted(classes.items()):
        if isinstance(task := _constants(node).get("task"), str):
            family = list(_with_bases(node, classes))
            verb = next(v for one in family if (v := _constants(one).get("verb")))
            methods = (
                method
                for one in family
                for method in one.body
                if isinstance(method, ast.FunctionDef) and method.name == verb
            )
            functions[task] = _stub(next(methods))
    return functions


def _constants(node: ast.ClassDef) -> dict[str, Any]:
    """The constants among the attributes of a class."""
    return {
        line.targets[0].id: line.value.value
        for line in node.body
        if isinstance(line, ast.Assign)
        and isinstance(line.targets[0], ast.Name)
        and isinstance(line.value, ast.Constant)
    }


def _with_bases(
    node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> Iterator[ast.ClassDef]:
    yield node
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes:
            yield from _with_bases(classes[base.id], classes)


def _stub(method: ast.FunctionDef) -> Callable[..., Any]:
    """A function of the method's signature and docstring, without its body."""
    method.body, method.returns, method.decorator_list = method.body[:1], None, []
    first, second, *_ = method.args.args  # the model and its input have no option
    first.annotation = second.annotation = None
    namespace = {**vars(typing), **vars(collections.abc)}
    exec(compile(ast.Module([method], []), "<signature>", "exec"), namespace)
    function: Callable[..., Any] = namespace[method.name]
    return function
