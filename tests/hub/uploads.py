"""The writing side of the Hub on loopback: repositories, large files, commits."""

import base64
import hashlib
import json

import yaml

NEWLY_MADE = {".gitattributes": b"*.safetensors filter=lfs\n"}


class Uploads:
    """Mixed into the handler of `HubServer`."""

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == ["api", "repos", "create"]:
            self._answer("create", self._create, json.loads(data))
        elif parts == ["api", "validate-yaml"]:
            self._answer("validate", self._validate, json.loads(data))
        elif parts[:2] == ["api", "models"] and parts[4:5] == ["preupload"]:
            repo_id = "/".join(parts[2:4])
            self._answer("preupload", self._preupload, repo_id, json.loads(data))
        elif parts[:2] == ["api", "models"] and parts[4:5] == ["commit"]:
            lines = [json.loads(line) for line in data.splitlines()]
            self._answer("commit", self._take, "/".join(parts[2:4]), lines)
        elif parts[-1] == "batch":
            self._answer("batch", self._batch, json.loads(data))
        else:
            self._error(404, "")

    def do_PUT(self):
        """A large file; `cut` hangs up before it is read to its end."""
        length = int(self.headers["Content-Length"])
        if self._is_due("cut", "lfs"):
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        data = self.rfile.read(length)
        oid = self.path.rsplit("/", 1)[-1]
        self._answer("lfs", self._store, oid, data)

    def _answer(self, endpoint, method, *arguments):
        if not self._misbehaves(endpoint):
            self.server.requests[endpoint] += 1
            method(*arguments)

    def _may_write(self, owner):
        if self._token() not in self.server.tokens:
            self._error(401, "", said="Invalid username or password.")
        elif owner not in self.server.tokens[self._token()]:
            self._error(403, "", said=f"You may not write to {owner}")
        else:
            return True
        return False

    def _create(self, wanted):
        repo_id = f"{wanted['organization']}/{wanted['name']}"
        if not self._may_write(wanted["organization"]):
            return
        url = f"{self.server.url}/{repo_id}"
        if repo_id in self.server.repos:
            return self._json({"error": "You already created it", "url": url}, 409)
        self.server.publish(repo_id, NEWLY_MADE)
        if wanted.get("visibility") == "private":
            self.server.private.add(repo_id)
        self._json({"url": url})

    def _validate(self, wanted):
        front = wanted["content"].split("---\n")
        try:
            fields = yaml.safe_load(front[1]) if len(front) > 2 else {}
        except yaml.YAMLError as error:
            errors = [{"message": str(error)}]
            return self._json({"errors": errors, "warnings": []}, 400)
        named = isinstance(fields.get("library_name"), str)
        empty = [] if named else [{"message": "empty or missing metadata"}]
        self._json({"errors": [], "warnings": empty})

    def _preupload(self, repo_id, wanted):
        if not self._may_write(repo_id.split("/")[0]):
            return
        head = self.server.head(repo_id)
        answers = []
        for entry in wanted["files"]:
            path, old = entry["path"], head.get(entry["path"])
            mode = "lfs" if path.endswith(".safetensors") else "regular"
            oid = None if old is None else _oid(old, mode)
            answers.append(
                {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            )
        self._json({"files": answers})

    def _batch(self, wanted):
        objects = []
        for entry in wanted["objects"]:
            answer = {"oid": entry["oid"], "size": entry["size"]}
            if entry["oid"] not in self.server.stored:
                href = f"{self.server.url}/lfs/{entry['oid']}"
                answer["actions"] = {"upload": {"href": href}}
            objects.append(answer)
        self._json({"transfer": "basic", "objects": objects})

    def _store(self, oid, data):
        if hashlib.sha256(data).hexdigest() != oid:
            return self._error(400, "", said="The content is not what was announced")
        self.server.stored[oid] = data
        self._send(200, b"", {})

    def _take(self, repo_id, lines):
        if not self._may_write(repo_id.split("/")[0]):
            return
        header, *operations = lines
        if header["value"]["parentCommit"] != self.server.branches[repo_id]["main"]:
            return self._error(412, "", said="A commit has happened since")
        files = dict(self.server.head(repo_id))
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "lfsFile":
                files[value["path"]] = self.server.stored[value["oid"]]
            else:
                files[value["path"]] = base64.b64decode(value["content"])
        commit = self.server.publish(repo_id, files)
        if self._is_due("lost", "commit"):
            self.close_connection = True
            return
        url = f"{self.server.url}/{repo_id}/commit/{commit}"
        oid = self.server.lies.get("commitOid", commit)
        self._json({"commitUrl": url, "commitOid": oid})


def _oid(data, mode):
    """As the Hub names contents: large files by sha256, others as git does."""
    if mode == "lfs":
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def blob(file, data):
    """How the Hub lists a file: large ones with the hash of their contents."""
    listed = {"rfilename": file, "size": len(data), "blobId": _oid(data, "regular")}
    if file.endswith(".safetensors"):
        sha256 = _oid(data, "lfs")
        pointer = b"oid sha256:" + sha256.encode()
        listed["blobId"] = _oid(pointer, "regular")
        listed["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 134}
    return listed
