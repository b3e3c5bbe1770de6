"""The cache's disk is full, or may not be written to: what is promised then."""

import errno
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from seqzoo.zoo import _files, fetch
from tests.hub.toy import WEIGHTS, answer


@contextmanager
def files_of_at_most(size):
    """The system refuses to write files of more bytes, as a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_quota_is_named_and_leaves_nothing_partial(published, server, toy, cache):
    size = hub.read_manifest(published).files[WEIGHTS].size
    with (
        files_of_at_most(size - 1),
        pytest.raises(OSError, match=f"does not fit into.*{cache}") as caught,
    ):
        _files("toy_data")
    assert caught.value.errno == errno.ENOSPC
    assert not list(cache.rglob("*.incomplete"))
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


FULL_DISK = """
mount -t tmpfs -o size=8k tmpfs {cache} || exit 77
{python} -c "from seqzoo.zoo import _files; _files('toy_data')"
status=$?
find {cache} -name '*.incomplete'
exit $status
"""


def test_a_full_disk_is_named_and_leaves_nothing_partial(published, server, tmp_path):
    """A tmpfs of 8 kB is the cache, in a namespace of its own."""
    files = server.head("zoo/toy_data")
    files[WEIGHTS] += b" " * 20_000
    pin = hub.write_manifest(published_copy(files, tmp_path), "zoo/toy_data").files
    commit = server.publish("zoo/toy_data", files)
    hub.manifest.replace_file(
        published / "manifest.json",
        hub.manifest.encode(hub.Manifest(pin, "zoo/toy_data", commit)),
    )
    (tmp_path / "small").mkdir()
    script = FULL_DISK.format(cache=tmp_path / "small", python=sys.executable)
    try:
        done = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
            capture_output=True,
            text=True,
            cwd=Path(seqzoo.__file__).parents[1],
            env=os.environ
            | {"HF_ENDPOINT": server.url, "HF_HUB_CACHE": str(tmp_path / "small")},
        )
    except FileNotFoundError:
        pytest.skip("needs unshare, of Linux")
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip(f"may not mount a small disk: {done.stderr.strip()}")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("OSError: [Errno 28]") and "does not fit into" in last
    assert done.stdout == ""


def published_copy(files, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder


@contextmanager
def read_only(root):
    """Nobody may write below `root`, the superuser included: he becomes a nobody."""
    outer = [path for path in root.parents if path.stat().st_uid == os.getuid()]
    outer = [path for path in outer if not path.stat().st_mode & 0o001]
    for path in outer:
        path.chmod(path.stat().st_mode | 0o011)
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(65534)
    try:
        yield
    finally:
        if superuser:
            os.seteuid(0)
        for path in folders:
            path.chmod(0o755)
        for path in outer:
            path.chmod(path.stat().st_mode & ~0o011)


def test_a_read_only_cache_that_has_the_files_is_enough(published, server, cache):
    fetch("toy_data")
    fetch("hf:zoo/toy_data")
    count = server.requests.total()
    with read_only(cache.parent):
        loaded = [_files(name) for name in ("toy_data", "hf:zoo/toy_data")]
    assert loaded[0].contents == loaded[1].contents
    assert loaded[0].weights == loaded[1].weights
    assert server.requests.total() == count


def test_a_read_only_cache_that_lacks_them_is_named(published, server, cache):
    cache.mkdir()
    with (
        read_only(cache.parent),
        pytest.raises(PermissionError, match=f"{cache}, which cannot be written to"),
    ):
        _files("toy_data")
    fetch("toy_data")
