"""The page as a whole: what it is built of, who may ask it, how it ends."""

import gc
import os
import socket

import pytest

pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')

import gradio as gr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from seqzoo.demo import app, html, models, security
from seqzoo.demo.panels import PANELS

# Gradio leaves the event loops of its examples and its queue to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _collected():
    yield
    gc.collect()


@pytest.fixture
def page(tiny_zoo):
    return app.build(models.panels(), "writer")


def test_the_page_has_a_panel_of_each_kind_and_shows_the_chosen_one(page):
    groups = {
        block.elem_id: block.visible
        for block in page.blocks.values()
        if isinstance(block, gr.Column) and block.elem_id
    }
    assert groups == {kind: kind == "generation" for kind in PANELS}


def test_only_what_the_zoo_has_is_built(tiny_zoo):
    page = app.build({"writer": "generation"}, "writer")
    assert not any(isinstance(block, gr.Audio) for block in page.blocks.values())


def test_choosing_a_model_shows_its_panel_and_empties_the_answers(page):
    (choose,) = (f for f in page.fns.values() if f.name == "choose")
    card, *updates = choose.fn("digits")
    assert "RecurrentClassifier" in card
    shown = [each["visible"] for each in updates if "visible" in each]
    assert shown == [kind == "drawing" for kind in PANELS]
    assert len(updates) == len(choose.outputs) - 1
    assert all(each["value"] is None for each in updates[len(shown) :])


def test_models_answer_one_at_a_time_and_for_the_page_alone(page):
    for each in page.fns.values():
        assert each.api_visibility != "public"
        if each.name in (
            "translate",
            "write",
            "classify",
            "detect",
            "hear",
            "judge",
            "fill",
        ):
            assert (each.concurrency_id, each.concurrency_limit) == ("model", 1)
    assert not page.api_open
    assert not page.analytics_enabled


def test_the_fonts_are_the_readers_own():
    assert app.theme()._stylesheets == []


def test_an_error_is_a_message_that_cannot_be_html():
    def fail(text):
        raise ValueError(f"Received: {text}")

    def fail_later(text):
        yield 1
        fail(text)

    later = html.friendly_errors(fail_later)
    for function in (html.friendly_errors(fail), lambda text: list(later(text))):
        with pytest.raises(gr.Error) as caught:
            function("<img src=x onerror=alert(1)>")
        assert "&lt;img" in caught.value.message
        assert "<img" not in caught.value.message
        assert not caught.value.print_exception


def test_an_unexpected_error_is_in_the_terminal_and_the_page_says_so():
    def fail():
        raise TypeError("a mistake in the program")

    with pytest.raises(gr.Error) as caught:
        html.friendly_errors(fail)()
    assert caught.value.message == (
        "TypeError: a mistake in the program "
        "The terminal of seqzoo demo shows where it came from."
    )
    assert caught.value.print_exception


def test_a_picture_leaves_no_file_behind():
    kept = []

    def draw(path):
        path.write_text("<svg/>")
        kept.append(path)

    assert 'alt="a &quot;b&quot;"' in html.figure_html(draw, 'a "b"', "svg")
    assert not kept[0].parent.exists()


def test_another_name_for_this_machine_is_refused_and_the_policy_sent():
    async def hello(request):
        return PlainTextResponse("hello")

    guards = security.middleware("/nowhere", {0}, is_local=True)
    served = Starlette(routes=[Route("/", hello)], middleware=guards)
    client = TestClient(served)
    for name in ("127.0.0.1:7860", "localhost:7860", "localhost"):
        answer = client.get("/", headers={"host": name})
        assert answer.text == "hello"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_no_proxy_stands_between_the_page_and_this_machine(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.delenv("no_proxy", raising=False)
    with security.without_proxy():
        for name in ("NO_PROXY", "no_proxy"):
            assert os.environ[name] == "example.org,127.0.0.1,localhost"
    assert os.environ["NO_PROXY"] == "example.org" and "no_proxy" not in os.environ


def test_the_next_port_is_taken_if_the_usual_one_is():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"Received: {port}, which is taken"):
            app.free_port(port)
    assert app.free_port(port) == port
    assert app.free_port(0) > 1000
    assert app.PORT <= app.free_port(None) < app.PORT + app.PORTS_TRIED


def test_the_page_is_closed_and_its_folder_removed_when_it_is_interrupted(
    tiny_zoo, monkeypatch
):
    seen = {}

    def launch(page, **settings):
        folder = os.environ["GRADIO_TEMP_DIR"]
        seen.update(settings, folder=folder, there=os.path.isdir(folder))
        raise KeyboardInterrupt

    monkeypatch.setattr(gr.Blocks, "launch", launch)
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", None)
    with pytest.raises(KeyboardInterrupt):
        app.serve("writer", port=0)
    assert seen["there"] and not os.path.exists(seen["folder"])
    assert seen["server_name"] == "127.0.0.1" and seen["share"] is False
