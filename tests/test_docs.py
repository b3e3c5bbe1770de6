"""What the README and the pages promise is there."""

import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("**/*.md")),
]


def test_the_readme_sets_everything_up_in_two_lines():
    install, tests = re.findall(r"^pip install .*$", README, re.MULTILINE)
    assert install.startswith("pip install . && seqzoo run bilstm_attn_translate ")
    assert tests == 'pip install -e ".[test]" && pytest'


def test_ci_runs_the_tests_as_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "grep -E '^pip install ' README.md | tail -n 1" in script
    assert "pytest" not in re.sub(r'echo "== pytest.*', "", script)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_underscore_or_star_of_a_formula_becomes_italics(page):
    markdown = pytest.importorskip("markdown")
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    html = markdown.markdown(re.sub(r"\$[^$\n]+\$", "", text), extensions=["tables"])
    # Words are emphasised whole; a formula is cut in its middle.
    tag = r"[\w'\])]<(?:em|strong)>.*|.*</(?:em|strong)>[\w(\[]"
    assert re.findall(tag, html) == []


def test_tables_are_as_the_records_have_them():
    """`python docs/generate.py tables` would change no page."""
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generate["stale"]("tables") == [], "run: python docs/generate.py tables"


def test_every_trained_model_has_its_row_and_page():
    for record in sorted((ROOT / "weights").glob("*/metrics.json")):
        found = json.loads(record.read_text("utf-8"))
        (row,) = re.findall(rf"^\| \[{found['name']}\].*$", README, re.MULTILINE)
        number, unit = re.search(r"\| ([\d.]+) ([Mk]) \|", row).groups()
        error = abs(float(number) * {"M": 1e6, "k": 1e3}[unit] - found["params"])
        assert error <= {"M": 5e4, "k": 500}[unit]
        page = ROOT / re.search(r"\]\(([^)]+)\)", row)[1]
        assert found["name"] in page.read_text("utf-8")
