"""No message, traceback or log holds a token."""

import logging
import traceback

import pytest

import seqzoo
from seqzoo.zoo import fetch

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

SECRET = "hf_abcdefghijKLMNOP"
BROKEN = [
    "hf_abcdef\tghijKLMNOP",
    "hf_abcdef ghijKLMNOP",
    "hf_abcdef\nghijKLMNOP",
    "hf_abcdefghijKLMNOPé",
    "hf_abcdef\x00ghijKLMNOP",
    "hf_abc\u00a0KLMNOP",
]


@pytest.fixture
def said(caplog, capfd):
    """A function: what an action says in its error, its traceback and the log."""
    caplog.set_level(logging.DEBUG)

    def everything(action):
        with pytest.raises(Exception) as caught:
            action()
        trace = "".join(traceback.format_exception(caught.value))
        out, err = capfd.readouterr()
        return caught.value, trace + caplog.text + out + err

    return everything


def _has_no_part(text):
    return "KLMNOP" not in text and "hf_abc" not in text


READING = {
    "load": lambda: seqzoo.load("hf:someone/toy"),
    "info": lambda: seqzoo.info("hf:someone/toy"),
    "fetch": lambda: fetch("hf:someone/toy"),
    "build": lambda: seqzoo.build("hf:someone/toy"),
}


# The system takes no zero byte, and the client joins lines.
@pytest.mark.parametrize("token", [t for t in BROKEN if not {"\0", "\n"} & set(t)])
@pytest.mark.parametrize("verb", [*READING, "push"])
@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_a_token_with_a_blank_in_it_is_refused_by_name(
    theirs, server, monkeypatch, token, verb, said, variable
):
    monkeypatch.setenv(variable, token)
    action = READING.get(verb, lambda: seqzoo.push(theirs, "me/toy"))
    error, text = said(action)
    assert isinstance(error, ValueError) and "HF_TOKEN holds a blank" in str(error)
    assert _has_no_part(text)
    assert not server.requests


@pytest.mark.parametrize("token", BROKEN)
def test_an_argument_with_a_blank_in_it_is_refused_by_name(mine, toy, token, said):
    error, text = said(lambda: seqzoo.push(toy, "me/toy", token=token))
    assert isinstance(error, ValueError) and "argument `token`" in str(error)
    assert "at place" in str(error) and _has_no_part(text)
    assert not mine.requests


@pytest.mark.parametrize("token", [b"hf_abcdefghijKLMNOP", 7, True])
def test_a_token_that_is_no_string_is_refused(mine, toy, token, said):
    error, text = said(lambda: seqzoo.push(toy, "me/toy", token=token))
    assert isinstance(error, ValueError) and "must be a string" in str(error)
    assert _has_no_part(text)


@pytest.mark.parametrize("blank", ["\n", "\r\n", " ", "\t"])
def test_blanks_at_the_ends_are_stripped(mine, toy, blank):
    mine.tokens[SECRET] = {"me"}
    assert seqzoo.push(toy, "me/toy", token=blank + SECRET + blank)


@pytest.mark.parametrize("blank", ["\n", " ", "\t"])
def test_blanks_of_the_variable_are_stripped(theirs, server, monkeypatch, blank):
    server.tokens[SECRET] = set()
    server.private.add("someone/toy")
    monkeypatch.setenv("HF_TOKEN", SECRET + blank)
    seqzoo.info("hf:someone/toy")


def test_a_broken_token_does_not_matter_offline(theirs, server, monkeypatch):
    seqzoo.load("hf:someone/toy")
    monkeypatch.setenv("HF_TOKEN", "hf_abc def")
    seqzoo.load("hf:someone/toy", local_files_only=True)


@pytest.mark.parametrize("endpoint", ["create", "preupload", "commit"])
def test_a_hub_that_repeats_the_token_is_not_quoted(mine, toy, said, endpoint, caplog):
    mine.tokens[SECRET] = {"me"}
    mine.echoing.add(endpoint)
    caplog.set_level(logging.INFO)  # below, the HTTP library logs the Hub's own words
    error, text = said(lambda: seqzoo.push(toy, "me/toy", token=SECRET))
    assert "[token]" in str(error) and _has_no_part(text)


def test_nor_when_it_is_read(theirs, server, monkeypatch, said, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    server.echoing.add("api")
    error, text = said(lambda: seqzoo.load("hf:someone/toy"))
    assert isinstance(error, ConnectionError) and _has_no_part(text)
