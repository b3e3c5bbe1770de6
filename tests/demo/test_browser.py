"""`seqzoo demo` as a stranger has it: a process, and Chromium in front of it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import seqzoo
from seqzoo.demo.validation import SENTENCE
from tests import chromium
from tests.chromium import DESK, PHONE, requested, wait_for, wide
from tests.demo.process import START, Process

pytestmark = [
    pytest.mark.browser,
    # Selenium leaves the driver's pipes to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ROOT = Path(seqzoo.__file__).parents[1]
SENTENCE_TYPED = "Two dogs are playing in the snow."
# The first answer of a model waits for its compiler, on a machine that may be busy.
PATIENCE = 400  # seconds


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')
    process = Process(tmp_path_factory.mktemp("demo"), "--port", "0")
    yield process
    if process.running.poll() is None:
        process.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.opened(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(demo, browser):
    """The page, freshly opened on a desk, its logs empty."""
    wide(browser, DESK)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(demo.address)
    wait_for(browser, "return document.querySelector('#model input')", 60)
    return browser


def choose(page, name, panel):
    find(page, "#model input").click()
    wait_for(page, "return document.querySelector('#model [role=option]')")
    find(page, f"#model [role=option][aria-label={name}]").click()
    wait_for(page, f"return document.querySelector('#{panel}')?.offsetHeight")


def find(page, selector):
    return page.find_element("css selector", selector)


def press(page, panel, text):
    """Presses the visible button that says so."""
    (button,) = (
        each
        for each in page.find_elements("css selector", f"#{panel} button")
        if each.text == text
    )
    button.click()


def texts(page, panel):
    """What the panel's text fields hold."""
    return page.execute_script(
        f"return [...document.querySelectorAll('#{panel} textarea')].map(t => t.value)"
    )


def message(page):
    """The message that pops up, as soon as it is there."""
    found = "return document.querySelector('.toast-body')?.innerText"
    return wait_for(page, found, PATIENCE)


def is_quiet_and_alone(page, demo):
    said = [entry["message"] for entry in page.get_log("browser")]
    others = [
        url
        for url in requested(page)
        if not url.startswith((demo.address, "data:", "blob:", "about:"))
    ]
    return said + others == []


def test_a_sentence_is_typed_and_its_translation_read(page, demo):
    find(page, "#translation textarea").send_keys(SENTENCE_TYPED)
    press(page, "translation", "Translate")
    source = "return document.querySelector('#translation .answer img')?.src"
    picture = wait_for(page, source, PATIENCE)
    assert picture.startswith("data:image/svg+xml;base64,")
    expected = seqzoo.load("bilstm_attn_translate").translate(SENTENCE_TYPED)
    assert texts(page, "translation") == [SENTENCE_TYPED, expected]
    size = page.execute_script(
        "const r = document.querySelector('#translation .answer img')"
        ".getBoundingClientRect(); return [r.width, r.height]"
    )
    assert min(size) > 100
    assert is_quiet_and_alone(page, demo)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Received: nothing"),
        ("x" * (SENTENCE + 1), f"at most {SENTENCE:,} characters"),
    ],
    ids=["empty", "long"],
)
def test_what_cannot_be_translated_gets_a_message(page, typed, said):
    page.execute_script(
        "const field = document.querySelector('#translation textarea');"
        "field.value = arguments[0]; field.dispatchEvent(new Event('input'))",
        typed,
    )
    press(page, "translation", "Translate")
    assert said in message(page)


def test_a_text_is_written_and_coloured(page, demo):
    choose(page, "elman_char_lm", "generation")
    field = find(page, "#generation input[type=number]")
    page.execute_script(
        "arguments[0].value = 90; arguments[0].dispatchEvent(new Event('input'));"
        "arguments[0].dispatchEvent(new Event('change'))",
        field,
    )
    press(page, "generation", "Write")
    lengths = set()
    end = len("ROMEO:") + 90
    while max(lengths, default=0) < end:
        steps = "return document.querySelectorAll('#generation .step').length"
        lengths.add(wait_for(page, steps, PATIENCE))
    assert max(lengths) == end and len(lengths) > 1  # it appeared bit by bit
    written = wait_for(
        page,
        "const t = document.querySelectorAll('#generation textarea')[1].value;"
        f"return t.length == {end} && t",
    )
    assert written.startswith("ROMEO:")
    read = "return document.querySelector('#generation .reading').innerText"
    assert "of unit" in page.execute_script(read)
    assert is_quiet_and_alone(page, demo)


def test_a_digit_is_drawn_and_read(page, demo):
    from selenium.webdriver import ActionChains

    choose(page, "gru_row_mnist", "drawing")
    pen = ActionChains(page, duration=20)
    pen.move_to_element_with_offset(find(page, "#drawing canvas"), -60, -80)
    pen.click_and_hold()
    for across, down in [(20, 0)] * 6 + [(-10, 28)] * 6:
        pen.move_by_offset(across, down)
    pen.release().perform()
    press(page, "drawing", "Read the drawing")
    answer = "return document.querySelector('#drawing .output-class')?.innerText"
    assert wait_for(page, answer, PATIENCE) == "7"
    press(page, "drawing", "Clear")
    press(page, "drawing", "Read the drawing")
    assert "Draw one" in message(page)
    assert is_quiet_and_alone(page, demo)


def test_a_file_that_is_no_picture_gets_a_message(page, tmp_path):
    (tmp_path / "digit.png").write_bytes(b"no picture")
    choose(page, "gru_row_mnist", "drawing")
    find(page, "#drawing [role=tab]:nth-of-type(2)").click()
    field = "#drawing input[type=file]"
    wait_for(page, f"return document.querySelector('{field}')")
    find(page, field).send_keys(str(tmp_path / "digit.png"))
    wait_for(page, "return document.querySelector('#drawing [aria-label*=emove]')")
    press(page, "drawing", "Read the image")
    assert "Upload a PNG or JPEG file" in message(page)


def test_every_panel_fits_a_phone(page):
    wide(page, PHONE)
    shown = {
        "bilstm_attn_translate": "translation",
        "lstm_char_lm": "generation",
        "gru_row_mnist": "drawing",
        "bigru_spoken_digit": "recording",
    }
    widths = {}
    for name, panel in shown.items():
        choose(page, name, panel)
        widths[name] = page.execute_script(
            "return document.documentElement.scrollWidth"
        )
    assert widths == dict.fromkeys(shown, PHONE)


def test_two_tabs_are_answered_one_after_the_other(page, demo):
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    page.get(demo.address)
    second = page.current_window_handle
    typed = {first: "A man sleeps.", second: "A dog runs."}
    for tab, sentence in typed.items():
        page.switch_to.window(tab)
        wait_for(page, "return document.querySelector('#translation textarea')", 60)
        find(page, "#translation textarea").send_keys(sentence)
        press(page, "translation", "Translate")
    model = seqzoo.load("bilstm_attn_translate")
    for tab, sentence in typed.items():
        page.switch_to.window(tab)
        image = "return document.querySelector('#translation .answer img')"
        wait_for(page, image, PATIENCE)
        assert texts(page, "translation") == [sentence, model.translate(sentence)]
    page.close()
    page.switch_to.window(first)


def test_only_this_machine_is_listened_to_and_only_it_is_asked(demo):
    for host in ("127.0.0.2", socket.gethostbyname(socket.gethostname())):
        if host != "127.0.0.1":
            with pytest.raises(OSError):
                socket.create_connection((host, demo.port), timeout=5).close()
    asked = demo.asked.read_text()
    assert asked and all("127.0.0.1" in line for line in asked.splitlines())


def test_another_name_for_this_machine_is_refused(demo):
    request = urllib.request.Request(demo.address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)


def test_a_port_that_is_taken_is_refused(demo):
    words = ["demo", "--no-open", "--port", str(demo.port)]
    done = subprocess.run(
        [sys.executable, "-c", START, os.devnull, *words],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{demo.port}, which is taken" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_copy_of_the_file_listens_where_a_space_says(tmp_path):
    app = pytest.importorskip("seqzoo.demo.app", reason="needs Gradio")
    shutil.copy(app.__file__, tmp_path / "app.py")
    port = app.free_port(0)
    where = {"GRADIO_SERVER_NAME": "127.0.0.2", "GRADIO_SERVER_PORT": str(port)}
    running = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env=os.environ | where | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.2", port), timeout=5).close()
                break
            time.sleep(0.5)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        page = opener.open(f"http://127.0.0.2:{port}/").read().decode("utf-8")
        assert app.TITLE in page
    finally:
        running.terminate()
        running.wait(60)


def test_ctrl_c_in_the_middle_of_a_text_ends_it_and_leaves_nothing(page, demo):
    """The last test: it ends the process of the others."""
    choose(page, "elman_char_lm", "generation")
    press(page, "generation", "Write")
    wait_for(page, "return document.querySelector('#generation .step')", PATIENCE)
    status, printed = demo.end(signal.SIGINT)
    assert status == 130
    assert "Traceback" not in printed
    assert printed == "The page is there. Ctrl-C ends it.\n"
    assert not list(demo.folder.glob("seqzoo-demo-*"))
