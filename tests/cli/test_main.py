"""The command line as a process: its errors, its streams, its exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import seqzoo
from seqzoo import cli

ROOT = Path(seqzoo.__file__).parents[1]
START = [
    sys.executable,
    "-c",
    "import sys; from seqzoo.cli import main; sys.exit(main())",
]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("first line\n  second line"),
        KeyError("No model"),
        OSError(28, "No space left on device"),
        ImportError("No module named x"),
        ValueError(),
        KeyError(),
        RuntimeError("x" * 10_000),
        TypeError("a mistake in the program"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_is_one_line_and_status_two(error, shouter, capsys):
    def fail(*args, **options):
        raise error

    shouter.translate = fail
    assert cli.main(["run", "toy", "a"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("seqzoo: error: ")
    assert len(err.splitlines()) == 1
    assert len(err) < 500
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["run"],
        ["run", "toy"],
        ["run", "toy", "a", "--beam-size", "two"],
    ],
)
def test_a_wrong_command_line_is_one_line_that_points_to_the_help(arguments, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "--help." in err


@pytest.mark.parametrize("arguments", [["--debug", "run"], ["run", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(arguments, shouter, capsys):
    shouter.task = "juggling"
    assert cli.main([*arguments, "toy", "a"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("seqzoo: error: ")


def test_what_follows_two_dashes_is_input(shouter, capsys):
    assert cli.main(["run", "toy", "--", "--debug"]) == 0
    assert capsys.readouterr().out == "--DEBUG\n"


def test_interruption_is_silent(shouter, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    shouter.translate = interrupt
    assert cli.main(["run", "toy", "a"]) == 130
    assert capsys.readouterr() == ("", "")


def test_no_arguments_show_the_help(capsys):
    assert cli.main([]) == 0
    assert "Usage: seqzoo" in capsys.readouterr().out


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def test_the_version_is_the_packages(monkeypatch, capsys):
    monkeypatch.setitem(vars(seqzoo), "__version__", "1.2.3")
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "1.2.3\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["--help"],
        ["run", "--help"],
        ["plot", "--help"],
        ["demo", "--help"],
        ["train", "--help"],
    ],
    ids=" ".join,
)
def test_lists_and_help_need_neither_keras_nor_an_extra(arguments):
    code = (
        f"import sys; from seqzoo.cli import main; main({arguments})\n"
        "sys.exit(len({'keras', 'matplotlib', 'gradio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_umlauts_survive_an_ascii_locale():
    code = (
        "import sys, seqzoo; from seqzoo.cli import main\n"
        "import collections\n"
        "Model = collections.namedtuple('Model', 'task translate')\n"
        "seqzoo.load = lambda name: Model('translation', lambda t, **o: t)\n"
        "sys.exit(main(['run', 'toy', '-']))"
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**locale),
        input="Mädchen läuft 🐕\n".encode(),
        capture_output=True,
    )
    assert done.stdout.decode() == "Mädchen läuft 🐕\n", done.stderr


def test_a_closed_pipe_ends_it_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*START, "--help"], env=environment(), stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("argument", "status"), [("list", 0), ("nonsense", 2)])
def test_closed_streams_do_not_change_the_exit_status(closed, argument, status):
    # In a shell: `subprocess` cannot close them. Nothing may land in another stream.
    code = "import sys; from seqzoo.cli import main; sys.exit(main())"
    line = f'exec "{sys.executable}" -c "{code}" {argument} {closed}'
    done = subprocess.run(
        ["sh", "-c", line], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == status
    assert ("vit_mnist" in done.stdout) == (status == 0 and ">&-" not in closed.split())
    assert ("error" in done.stderr) == (status == 2 and "2>&-" not in closed)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*START, "list"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "seqzoo: error: [Errno 28] No space left on device\n"


def test_what_libraries_say_is_dropped_and_what_we_say_is_not():
    code = (
        "import logging, os, sys, warnings\n"
        "from seqzoo.cli.terminal import quiet_libraries\n"
        "with quiet_libraries():\n"
        "    os.write(2, b'native\\n')\n"
        "    warnings.warn('warned')\n"
        "    logging.getLogger('tensorflow').warning('logged')\n"
        "    print('python', file=sys.stderr)\n"
        "os.write(2, b'after\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stderr == "python\nafter\n"
