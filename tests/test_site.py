"""The built site, served from this machine and opened in Chromium."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests import chromium
from tests.chromium import DESK, PHONE, requested, wait_for, wide

ROOT = Path(__file__).parent.parent
pytestmark = [
    pytest.mark.browser,
    # Selenium leaves the driver's pipes to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, from a strict build."""
    packages = ("material", "mkdocstrings", "latex2mathml")
    for package in (*packages, "mkdocs_gen_files", "mkdocs_literate_nav"):
        pytest.importorskip(package, reason='needs pip install -e ".[docs]"')
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def address(site):
    """Where a server on this machine serves the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.opened(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def pages(site):
    """Every page's path under the server's address."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


def test_every_page_is_quiet_fits_a_phone_and_asks_no_other_host(
    site, address, browser
):
    wide(browser, PHONE)
    browser.get_log("browser"), browser.get_log("performance")
    wrong = {}
    for page in pages(site):
        browser.get(address + page)
        width = browser.execute_script("return document.documentElement.scrollWidth")
        said = [e["message"] for e in browser.get_log("browser") if page != "404.html"]
        others = [
            url
            for url in requested(browser)
            if not url.startswith((address, "data:", "blob:", "about:"))
        ]
        if said or others or width > PHONE:
            wrong[page] = {"console": said, "requests": others, "width": width}
    assert wrong == {}


def test_nothing_in_the_files_names_another_host_to_load_from(site):
    """Scripts, styles, fonts and images are files of the site."""
    tags = re.compile(
        r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="(https?:)?//[^"]*"'
    )
    assert [p for p in pages(site) if tags.search((site / p).read_text("utf-8"))] == []


def test_search_finds_peephole(address, browser):
    wide(browser, DESK)
    browser.get(address)
    browser.execute_script(
        "document.querySelector('[data-md-component=search-query]').focus()"
    )
    browser.execute_script(
        "const q = document.querySelector('[data-md-component=search-query]');"
        "document.querySelector('#__search').checked = true; q.value = 'peephole';"
        "q.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));"
        "q.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    links = wait_for(
        browser,
        "return [...document.querySelectorAll('.md-search-result__link')]"
        ".map(a => a.href).join(' ')",
    )
    assert "cells" in links or "equations" in links


def column(browser, name):
    """The visible cells of a column of the zoo's table."""
    return browser.execute_script(
        "const table = document.querySelector('.sortable table');"
        "const k = [...table.tHead.rows[0].cells]"
        ".findIndex(head => head.textContent.trim() === arguments[0]);"
        "return [...table.tBodies[0].rows].filter(row => !row.hidden)"
        ".map(row => row.cells[k].textContent.trim());",
        name,
    )


def first_number(cell):
    """A time on a GPU says so after its number."""
    return int(re.match(r"[\d,]+", cell)[0].replace(",", ""))


def click(browser, name):
    browser.execute_script(
        "[...document.querySelectorAll('.sortable th button')]"
        ".find(b => b.textContent.trim() === arguments[0]).click()",
        name,
    )


def test_the_zoo_table_sorts_and_filters(address, browser):
    wide(browser, DESK)
    browser.get(address + "zoo/")
    models = len(list((ROOT / "weights").glob("*/metrics.json")))
    assert len(column(browser, "name")) == models
    for name in ("parameters", "minutes"):
        click(browser, name)
        values = [first_number(cell) for cell in column(browser, name)]
        assert values == sorted(values) and len(values) == models
        click(browser, name)
        values = [first_number(cell) for cell in column(browser, name)]
        assert values == sorted(values, reverse=True)
    click(browser, "name")
    assert column(browser, "name") == sorted(column(browser, "name"))
    browser.execute_script(
        "const field = document.querySelector('.zoo-filter input');"
        "field.value = 'peephole'; field.dispatchEvent(new Event('input'))"
    )
    shown = column(browser, "name")
    assert shown and all("peephole" in name for name in shown)


def test_formulas_are_drawn(address, browser):
    wide(browser, DESK)
    browser.get(address + "equations/")
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('math')]"
        ".map(m => m.getBoundingClientRect()).map(r => [r.width, r.height])"
    )
    assert len(sizes) > 20
    assert all(width > 3 and height > 5 for width, height in sizes)
    fractions = "return document.querySelector('mfrac').getBoundingClientRect().height"
    assert browser.execute_script(fractions) > 20  # one above the other
    words = browser.execute_script("return document.body.innerText")
    assert "\\begin" not in words and "\\frac" not in words


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_have_words_and_stand_out_from_the_page(address, browser, scheme):
    wide(browser, DESK)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.get(address + "assets/site.css")  # no script there stores a choice
    browser.execute_script("localStorage.clear()")
    for page in ("equations/", "lectures/", "weights/bilstm_attn_translate/"):
        browser.get(address + page)
        assert browser.execute_script(
            "return [...document.querySelectorAll('.md-content img, .figure')]"
            ".every(each => each.alt || each.getAttribute('aria-label'))"
        )
        ink, ground = browser.execute_script(
            "const grey = colour => colour.match(/[\\d.]+/g).slice(0, 3)"
            ".reduce((sum, part) => sum + Number(part) / 3, 0);"
            "const svg = document.querySelector('.figure svg');"
            "return [grey(getComputedStyle(svg).color),"
            " grey(getComputedStyle(document.body).backgroundColor)]"
        )
        assert abs(ink - ground) > 120
        assert (ground < 100) == (scheme == "dark")
