"""What a request must not be: of another site, to another host, or too large."""

import gc
import json
import shutil

import pytest

pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')

from gradio.routes import App
from starlette.testclient import TestClient

from seqzoo.demo import app, security
from seqzoo.demo.validation import FILE

# Gradio leaves the event loops of its examples and its queue to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

HERE = "http://127.0.0.1:7860"
OTHER = "http://other.example"


@pytest.fixture(scope="module")
def page(zoo):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQZOO_WEIGHTS", str(zoo))
        page = app.build({"writer": "generation", "pictures": "image"}, "writer")
    # `launch` sets them.
    page.max_file_size = FILE
    page.theme = app.theme()
    page.config = page.get_config_file()
    yield page
    del page
    gc.collect()


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("uploads")
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture
def folder(shared_folder):
    """The folder of the uploads, empty."""
    for path in shared_folder.iterdir():
        shutil.rmtree(path)
    return shared_folder


@pytest.fixture(scope="module")
def client(page, shared_folder):
    guards = security.middleware(str(shared_folder), set(page.fns), is_local=True)
    served = App.create_app(page, app_kwargs={"middleware": guards})
    return TestClient(served, base_url=HERE)


def joined(client, **changes):
    body = {"data": [], "fn_index": 0, "session_hash": "a"} | changes
    return client.post(
        security.JOIN,
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )


def uploaded(client, content=b"x", count=1, **options):
    files = [("files", (f"{i}.png", content)) for i in range(count)]
    return client.post(security.UPLOAD, files=files, **options)


def test_the_page_and_its_uploads_work(client, page):
    assert client.get("/", headers={"origin": HERE}).status_code == 200
    assert client.get("/config").status_code == 200
    (path,) = uploaded(client, b"abc", headers={"origin": HERE}).json()
    assert client.get(security.SHOWN + path).content == b"abc"
    (index,) = (i for i, f in page.fns.items() if f.name == "classify")
    answer = joined(
        client, fn_index=index, data=["pictures", {"path": path, "meta": {}}]
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", sorted(security.CHANGING))
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OTHER},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:80"},
        {"origin": "https://127.0.0.1:7860"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_other_sites_change_nothing(client, folder, path, headers):
    assert client.post(path, json={}, headers=headers).status_code == 403
    assert uploaded(client, headers=headers).status_code == 403
    assert not list(folder.iterdir())


def test_every_other_route_that_takes_a_body_is_closed(client):
    open_paths = {"/", *security.CHANGING}
    for route in client.app.routes:
        methods = getattr(route, "methods", None) or set()
        path = getattr(route, "path", "")
        if methods - {"GET", "HEAD", "OPTIONS"} and path.rstrip("/") not in open_paths:
            for method in methods - {"GET", "HEAD", "OPTIONS"}:
                answer = client.request(method, path, json={})
                assert answer.status_code == 403, path


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://other.example/a.png",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=https:/other.example",
        "/gradio_api/file=relative.png",
        "/gradio_api/proxy=http://other.example/",
        "/gradio_api/stream/a/b/c/playlist.m3u8",
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/vibe-code/",
        "/monitoring/summary",
        "/file/etc/passwd",
    ],
)
def test_other_hosts_and_files_are_not_shown(client, path):
    assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        f"{OTHER}/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "/etc/passwd",
        "{folder}/../secret.png",
        7,
        ["a"],
    ],
)
def test_a_file_that_was_not_uploaded_is_refused_and_nobody_is_asked(
    client, folder, path
):
    if isinstance(path, str):
        path = path.replace("{folder}", str(folder))
    for file in ({"path": path}, {"a": [{"path": path, "url": OTHER}]}):
        answer = joined(client, data=["pictures", file])
        assert answer.status_code == 422
        assert "must have been uploaded" in answer.text


@pytest.mark.parametrize(
    "name",
    ["x-forwarded-host", "x-gradio-server", "forwarded", "x-forwarded-proto"],
)
def test_what_a_proxy_would_say_is_ignored(client, name):
    value = {"x-forwarded-proto": "https", "forwarded": "host=evil.example"}.get(
        name, "http://evil.example"
    )
    plain = client.get("/config").json()["root"]
    assert client.get("/config", headers={name: value}).json()["root"] == plain
    assert "evil.example" not in client.get("/", headers={name: value}).text


@pytest.mark.parametrize(
    "index",
    ["-1", "999", "1e400", "NaN", "1.5", "true", "null", '"0"', "[]", "9" * 4400],
)
def test_another_function_is_a_mistake_of_the_request(client, index):
    body = '{"data": [], "session_hash": "a", "fn_index": %s}' % index  # noqa: UP031
    headers = {"content-type": "application/json"}
    assert client.post(security.JOIN, content=body, headers=headers).status_code == 422
    cancelled = client.post("/gradio_api/cancel", content=body, headers=headers)
    assert cancelled.status_code < 500


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "[" * 10**5, '{"a": 1e999}'])
def test_a_body_that_is_no_object_is_refused(client, body):
    for path in set(security.CHANGING) - {security.UPLOAD}:
        assert client.post(path, content=body).status_code == 422


def test_large_bodies_are_refused_unread(client, folder):
    assert joined(client, data=["a" * security.BODY]).status_code == 413
    assert uploaded(client, b"a" * (FILE + security.ENVELOPE)).status_code == 413
    assert client.post(security.JOIN, content=iter([b"{}"])).status_code == 411
    assert not list(folder.iterdir())


def test_many_files_and_a_full_folder_are_refused(client, folder, monkeypatch):
    assert uploaded(client, count=security.FILES).status_code == 200
    assert uploaded(client, count=security.FILES + 1).status_code == 422
    monkeypatch.setattr(security, "DISK", 5000)
    assert uploaded(client, b"b" * 3000).status_code == 200
    answer = uploaded(client, b"c" * 3000)
    assert answer.status_code == 507 and "Restart" in answer.text


def test_a_space_believes_its_proxy_and_has_the_same_limits(page, shared_folder):
    guards = security.middleware(str(shared_folder), set(page.fns), is_local=False)
    served = App.create_app(page, app_kwargs={"middleware": guards})
    client = TestClient(served, base_url="http://space.example")
    headers = {"x-forwarded-host": "me.hf.space", "origin": "https://me.hf.space"}
    assert "me.hf.space" in client.get("/config", headers=headers).json()["root"]
    assert joined(client, data=[{"path": OTHER}]).status_code == 422
