"""`seqzoo push`, of one model and of the zoo."""

import pytest

from seqzoo import cli, hub
from tests.hub.toy import WEIGHTS

REPO = "me/toy_data"

# As in test_push.py.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_push_prints_what_can_be_loaded(bundled, mine, capsys):
    assert cli.main(["push", str(bundled), REPO]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed == f"hf:{REPO}@{mine.branches[REPO]['main']}"
    assert cli.main(["push", "toy_data", REPO]) == 0
    assert capsys.readouterr().out.strip() == printed


@pytest.fixture
def two(bundled, bundle, toy):
    hub.save(toy, bundle / "other_data")


def test_push_all_prints_a_line_a_model(two, mine, capsys):
    assert cli.main(["push", "--all", "--org", "zoo", "--private"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["other_data", "toy_data"]
    assert lines[0].split()[1].startswith("hf:zoo/other_data@")
    assert mine.private == {"zoo/other_data", "zoo/toy_data"}


def test_push_all_goes_on_after_a_damaged_model(two, bundle, mine, capsys):
    (bundle / "other_data" / WEIGHTS).write_bytes(b"damaged")
    assert cli.main(["push", "--all", "--org", "zoo"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("toy_data  hf:zoo/toy_data@")
    assert "other_data was not pushed" in err.splitlines()[0]
    assert "1 of 2 models were not pushed: other_data" in err.splitlines()[-1]


def test_push_all_stops_where_the_next_would_fail_too(two, mine, capsys):
    assert cli.main(["push", "--all", "--org", "nasa"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "may not write to hf:nasa/other_data" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["toy_data"],
        ["--all"],
        ["--all", "toy_data", REPO, "--org", "zoo"],
        ["toy_data", REPO, "--org", "zoo"],
    ],
)
def test_a_push_of_nothing_or_too_much_says_what_is_wanted(arguments, mine, capsys):
    assert cli.main(["push", *arguments]) == 2
    assert "push" in capsys.readouterr().err and not mine.requests
