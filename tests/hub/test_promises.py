"""docs/reliability.md: each promise names the test that proves it."""

import ast
import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| [a-z0-9`]", line)]


def test_every_promise_names_a_test_that_is_there():
    proofs = {
        node.name
        for path in Path(__file__).parents[1].rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    promises = [row for row in ROWS if not row.startswith("| what ")]
    assert len(promises) > 30
    for row in promises:
        _, happens, get, tests, _ = row.split("|")
        named = re.findall(r"`(test_\w+)`", tests)
        assert happens.strip() and get.strip() and named
        assert set(named) <= proofs, row
