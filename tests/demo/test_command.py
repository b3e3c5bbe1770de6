"""`seqzoo demo` in a shell, as far as it can be seen without a browser."""

import sys

import pytest

from seqzoo import cli


def test_without_gradio_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert cli.main(["demo"]) == 2
    err = capsys.readouterr().err
    assert 'pip install "gradio' in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["writter"], "Did you mean 'writer'"),
        (["./no_such_folder"], "no_such_folder"),
        (["series"], "Use seqzoo run"),
        (["--port", "70000"], "65535"),
        (["--port", "1", "--share"], "--share"),
    ],
)
def test_what_cannot_be_served_is_one_line(tiny_zoo, capsys, arguments, said):
    pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')
    assert cli.main(["demo", "--no-open", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and len(err.splitlines()) == 1


def test_the_help_neither_loads_gradio_nor_keras(capsys):
    before = set(sys.modules)
    assert cli.main(["demo", "--help"]) == 0
    assert "Ctrl-C" in capsys.readouterr().out
    assert not {"gradio", "keras"} & (set(sys.modules) - before)
