"""A tiny model of the zoo, and a Hub on loopback that can be told to misbehave."""

import dataclasses
import hashlib
import json
import tempfile
import threading
import types
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keras
import numpy as np
import pytest

from seqzoo import hub
from seqzoo.tasks.base import Task


@dataclasses.dataclass(frozen=True)
class ToyConfig:
    units: int = 4
    dropout: float = 0.1
    sizes: tuple[int, ...] = (1, 2)


class Toy(Task):
    """Two dense layers."""

    task = "toy"
    Config = ToyConfig

    def __init__(self, config, name=None):
        super().__init__(config, name)
        self.hidden = keras.layers.Dense(config.units, name="hidden")
        self.out = keras.layers.Dense(2, name="out")

    def example_inputs(self):
        return np.ones((1, 3), "float32")

    def call(self, inputs, training=False):
        return self.out(keras.ops.tanh(self.hidden(inputs)))


class ToyProcessor:
    """Words of a `labels.txt`."""

    def __init__(self, labels, upper=False):
        self.labels = labels
        self.upper = upper

    def get_config(self):
        return {"upper": self.upper}

    def save(self, folder):
        (Path(folder) / "labels.txt").write_text("\n".join(self.labels))

    @classmethod
    def load(cls, config, folder):
        return cls((Path(folder) / "labels.txt").read_text().split("\n"), **config)


@pytest.fixture(autouse=True)
def _toys(monkeypatch, tmp_path_factory):
    """The toy classes are the zoo's for the time of a test; locks lie elsewhere."""
    import seqzoo.models
    import seqzoo.processors

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))

    monkeypatch.setitem(seqzoo.models.MODELS, "Toy", Toy)
    monkeypatch.setitem(seqzoo.processors.PROCESSORS, "ToyProcessor", ToyProcessor)


@pytest.fixture
def toy():
    """A built model with a processor."""
    model = Toy(ToyConfig())
    model(model.example_inputs())
    model.processor = ToyProcessor(["cat", "dog"], upper=True)
    return model


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """An empty bundle that stands in the package's place."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(folder))
    return folder


@pytest.fixture
def bundled(bundle, toy):
    """The folder of the toy model in the bundle, with its record."""
    folder = hub.save(toy, bundle / "toy_data")
    write_record(folder)
    hub.write_manifest(folder, "zoo/toy_data")
    return folder


def write_record(folder):
    (folder / "metrics.json").write_text(
        json.dumps(
            {
                "params": 26,
                "metrics": {
                    "accuracy": {
                        "value": 91.5,
                        "unit": "%",
                        "split": "test",
                        "examples": 1000,
                        "seeds": [0, 1],
                        "spread": 0.3,
                    }
                },
                "published": {"accuracy": {"value": 90.0, "source": "Toy 2020"}},
                "paper": "A Paper (2020)",
                "licence": "Apache-2.0",
            }
        )
    )
    (folder / "train_log.csv").write_text("step,loss\n1,2.0\n")


class HubServer(ThreadingHTTPServer):
    """The endpoints of a Hub that huggingface_hub calls to read a repository.

    `repos[repo_id][commit]` is a dict of file names to bytes; `branches[repo_id]` maps
    names to commits. Faults are counted down, so that a retry may succeed:
    `cut[file]` ends a body early, `flipped[file]` inverts one bit of it,
    `failing[file]` answers 500. `requests` counts the bodies that were sent.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos = {}
        self.branches = {}
        self.cut = Counter()
        self.flipped = Counter()
        self.failing = Counter()
        self.requests = Counter()
        self.ranges = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def publish(self, repo_id, files):
        """Commits `files` (a folder or a dict) to `main`; returns the commit."""
        if isinstance(files, Path):
            files = {path.name: path.read_bytes() for path in files.iterdir()}
        digest = hashlib.sha1()
        for file, data in sorted(files.items()):
            digest.update(file.encode() + data)
        commit = digest.hexdigest()
        self.repos.setdefault(repo_id, {})[commit] = dict(files)
        self.branches.setdefault(repo_id, {})["main"] = commit
        return commit

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"] and len(parts) >= 4:
            self._model("/".join(parts[2:4]), parts[4:])
        elif len(parts) >= 5 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        elif parts[0] == "cdn" and len(parts) == 5:
            files = self.server.repos["/".join(parts[1:3])][parts[3]]
            self._body(parts[4], files[parts[4]], {})
        else:
            self._error(404, "")

    def _commit(self, repo_id, revision):
        """The commit, or None after an error was sent."""
        if repo_id not in self.server.repos:
            return self._error(401, "RepoNotFound")
        commit = self.server.branches[repo_id].get(revision, revision)
        if commit not in self.server.repos[repo_id]:
            return self._error(404, "RevisionNotFound")
        return commit

    def _model(self, repo_id, rest):
        if self._is_failing("api"):
            return
        commit = self._commit(repo_id, rest[1] if len(rest) > 1 else "main")
        if commit is None:
            return
        files = self.server.repos[repo_id][commit]
        if rest[:1] == ["tree"]:
            answer = [
                {
                    "type": "file",
                    "path": file,
                    "size": len(data),
                    "oid": hashlib.sha1(data).hexdigest(),
                }
                for file, data in files.items()
            ]
        else:
            answer = {
                "id": repo_id,
                "sha": commit,
                "siblings": [{"rfilename": file} for file in files],
            }
        self._send(
            200, json.dumps(answer).encode(), {"Content-Type": "application/json"}
        )

    def _resolve(self, repo_id, revision, file):
        if self._is_failing(file):
            return
        commit = self._commit(repo_id, revision)
        if commit is None:
            return
        data = self.server.repos[repo_id][commit].get(file)
        if data is None:
            self._error(404, "EntryNotFound", {"X-Repo-Commit": commit})
        elif file.endswith(".safetensors"):  # large files lie on another host
            elsewhere = f"http://localhost:{self.server.server_port}/cdn"
            self._send(
                302,
                b"",
                {
                    "Location": f"{elsewhere}/{repo_id}/{commit}/{file}",
                    "X-Repo-Commit": commit,
                    "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
                    "X-Linked-Size": str(len(data)),
                },
            )
        else:
            etag = f'"{hashlib.sha1(data).hexdigest()}"'
            self._body(file, data, {"ETag": etag, "X-Repo-Commit": commit})

    def _body(self, file, data, headers):
        start = 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            self.server.ranges.append((file, start))
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        status = 206 if start else 200
        if self.command == "GET":
            self.server.requests[file] += 1
            if self.server.flipped[file] > 0:
                self.server.flipped[file] -= 1
                data = data[:-1] + bytes([data[-1] ^ 1])
            if self.server.cut[file] > 0:
                self.server.cut[file] -= 1
                self._send(status, data[start:], headers, len(data[start:]) // 2)
                self.close_connection = True
                return
        self._send(status, data[start:], headers)

    def _is_failing(self, file):
        if self.server.failing[file] > 0:
            self.server.failing[file] -= 1
            self._send(500, b"", {})
            return True
        return False

    def _error(self, status, code, headers=None):
        self._send(status, b"", {"X-Error-Code": code, **(headers or {})})

    def _send(self, status, data, headers, sent=None):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data if sent is None else data[:sent])


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A running Hub; the real client is pointed to it, with an empty cache."""
    import huggingface_hub.utils._http as client
    from huggingface_hub import constants, file_download
    from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

    def sleep(_):
        """The client waits seconds before it tries again; here it need not."""

    hub_server = HubServer()
    thread = threading.Thread(target=hub_server.serve_forever, args=(0.01,))
    thread.start()
    # HF_ENDPOINT is read when huggingface_hub is imported, which may have happened.
    url = hub_server.url
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        url + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub_cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for module in (client, file_download):
        real = module.time
        monkeypatch.setattr(
            module, "time", types.SimpleNamespace(**{**vars(real), "sleep": sleep})
        )
    disable_progress_bars()
    yield hub_server
    enable_progress_bars()
    hub_server.shutdown()
    hub_server.server_close()
    thread.join()
    # Its pooled connections lead to a server that is gone.
    client.close_session()


@pytest.fixture
def published(server, bundled):
    """The toy model on the Hub and pinned in the bundle, its weights only there."""
    commit = server.publish("zoo/toy_data", bundled)
    hub.write_manifest(bundled, "zoo/toy_data", commit)
    (bundled / "model.safetensors").unlink()
    return bundled
