"""A Hub on loopback that the real client talks to, and that can misbehave."""

import hashlib
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.hub.uploads import Uploads, blob


class HubServer(ThreadingHTTPServer):
    """The endpoints of a Hub that huggingface_hub calls to read and write repositories.

    `repos[repo_id][commit]` is a dict of file names to bytes; `branches[repo_id]` maps
    names to commits; `private` holds repositories that only a token opens, and
    `tokens` maps each token to the owners that it may write for.

    Faults are counted down, so that a retry may succeed. By file, or by endpoint (api,
    create, validate, preupload, batch, lfs, commit): `failing` answers 500, `stalled`
    says nothing until `released` is set. By file: `cut` ends a body early, `flipped`
    inverts one bit of it, `slow` sends it in many pieces. `lost` drops the connection
    once the commit stands. `lies` replaces headers of answers about files, and the
    `sha` of a repository; an endpoint in `echoing` refuses with the token in its
    message. `requests` counts the bodies and calls that were answered.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos, self.branches = {}, {}
        self.private, self.tokens, self.stored = set(), {}, {}
        self.cut, self.flipped, self.failing = Counter(), Counter(), Counter()
        self.lies, self.echoing = {}, set()
        self.stalled, self.slow, self.lost = Counter(), Counter(), Counter()
        self.requests, self.ranges, self.authorized = Counter(), [], []
        self.half_sent, self.released = threading.Event(), threading.Event()

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

    def head(self, repo_id):
        """The files at `main`."""
        return self.repos[repo_id][self.branches[repo_id]["main"]]

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class _Handler(Uploads, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for its body

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
            self.server.authorized.append(("cdn", self._token()))
            files = self.server.repos["/".join(parts[1:3])][parts[3]]
            self._body(parts[4], files[parts[4]], {})
        else:
            self._error(404, "")

    def _token(self):
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None

    def _commit(self, repo_id, revision):
        """The commit, or None after an error was sent."""
        is_open = repo_id not in self.server.private or (
            self._token() in self.server.tokens
        )
        if repo_id not in self.server.repos or not is_open:
            return self._error(401, "RepoNotFound")
        commit = self.server.branches[repo_id].get(revision, revision)
        if commit not in self.server.repos[repo_id]:
            return self._error(404, "RevisionNotFound")
        return commit

    def _model(self, repo_id, rest):
        if self._misbehaves("api"):
            return
        commit = self._commit(repo_id, rest[1] if len(rest) > 1 else "main")
        if commit is None:
            return
        files = self.server.repos[repo_id][commit]
        siblings = [{"rfilename": file} for file in files]
        if "blobs=true" in self.path.lower():
            siblings = [blob(file, data) for file, data in files.items()]
        sha = self.server.lies.get("sha", commit)
        self._json({"id": repo_id, "sha": sha, "siblings": siblings})

    def _resolve(self, repo_id, revision, file):
        if self._misbehaves(file):
            return
        commit = self._commit(repo_id, revision)
        if commit is None:
            return
        data = self.server.repos[repo_id][commit].get(file)
        if data is None:
            self._error(404, "EntryNotFound", {"X-Repo-Commit": commit})
        elif file.endswith(".safetensors"):  # large files lie on another host
            elsewhere = f"http://localhost:{self.server.server_port}/cdn"
            headers = {
                "Location": f"{elsewhere}/{repo_id}/{commit}/{file}",
                "X-Repo-Commit": commit,
                "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
                "X-Linked-Size": str(len(data)),
            }
            self._send(302, b"", headers)
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
        if self.command == "HEAD":
            return self._send(status, data[start:], headers)
        self.server.requests[file] += 1
        if self._is_due("flipped", file):
            data = data[:-1] + bytes([data[-1] ^ 1])
        data = data[start:]
        if self._is_due("cut", file):
            self._send(status, data, headers, [data[: len(data) // 2]])
            self.close_connection = True
        elif self._is_due("stalled", f"body of {file}"):
            self._send(status, data, headers, [data[: len(data) // 2]])
            self.server.half_sent.set()
            self.server.released.wait(60)
            self.close_connection = True
        elif self._is_due("slow", file):
            step = len(data) // 8 + 1
            pieces = [data[i : i + step] for i in range(0, len(data), step)]
            self._send(status, data, headers, pieces, pause=0.05)
        else:
            self._send(status, data, headers)

    def _is_due(self, fault, key):
        counts = getattr(self.server, fault)
        if counts[key] > 0:
            counts[key] -= 1
            return True
        return False

    def _misbehaves(self, key):
        """Whether a fault of this endpoint or file has taken the answer's place."""
        if self._is_due("stalled", key):
            self.server.released.wait(60)
            self.close_connection = True
            return True
        if self._is_due("failing", key):
            self._send(500, b"", {})
            return True
        if key in self.server.echoing:
            self._error(400, "", said=f"What is {self._token()}?")
            return True
        return False

    def _error(self, status, code, headers=None, said=""):
        said = {"X-Error-Message": said} if said else {}
        self._send(status, b"", {"X-Error-Code": code, **said, **(headers or {})})

    def _json(self, answer, status=200):
        self._send(
            status, json.dumps(answer).encode(), {"Content-Type": "application/json"}
        )

    def _send(self, status, data, headers, pieces=None, pause=0.0):
        self.send_response(status)
        lies = self.server.lies
        for key, value in headers.items():
            self.send_header(key, lies.get(key, value))
        if "X-Repo-Commit" in headers and "X-Xet-Hash" in lies:
            self.send_header("X-Xet-Hash", lies["X-Xet-Hash"])
            self.send_header("X-Xet-Refresh-Route", self.server.url)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in [data] if pieces is None else pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            self.server.released.wait(pause)
