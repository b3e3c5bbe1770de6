"""Upstream files: right bytes are read, wrong or missing ones are named."""

import gzip
import hashlib

import pytest

from seqzoo.data.download import UpstreamFile, read_bytes

DATA = b"two dogs\n"
FILE = UpstreamFile(
    path="set/lines.txt",
    url="https://example.invalid/lines.txt",
    sha256=hashlib.sha256(DATA).hexdigest(),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_DATA_DIR", str(tmp_path))
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def test_a_local_file_is_read(folder):
    (folder / "lines.txt").write_bytes(DATA)
    assert read_bytes(FILE) == DATA


def test_a_local_file_may_be_compressed(folder):
    (folder / "lines.txt.gz").write_bytes(gzip.compress(DATA))
    assert read_bytes(FILE) == DATA


def test_a_flipped_byte_is_noticed_and_named(folder):
    (folder / "lines.txt").write_bytes(b"two cogs\n")
    found = hashlib.sha256(b"two cogs\n").hexdigest()
    with pytest.raises(ValueError, match=found) as error:
        read_bytes(FILE)
    for part in ("lines.txt", FILE.sha256, FILE.url):
        assert part in str(error.value)


@pytest.mark.parametrize(
    "broken", [b"", gzip.compress(DATA, mtime=0)[:12], b"no gzip file"]
)
def test_a_broken_compressed_file_is_named(folder, broken):
    (folder / "lines.txt.gz").write_bytes(broken)
    with pytest.raises(ValueError, match=r"lines\.txt\.gz must"):
        read_bytes(FILE)


def test_a_missing_file_says_what_to_do(folder):
    with pytest.raises(FileNotFoundError, match="unset SEQZOO_DATA_DIR") as error:
        read_bytes(FILE)
    assert "set/lines.txt" in str(error.value)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SEQZOO_DATA_DIR", raising=False)
    monkeypatch.setenv("SEQZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def upstream(monkeypatch):
    """Upstream without a network: answers with `upstream.data`, counts the calls."""
    import pooch

    class Upstream:
        data = DATA
        calls = 0

        def __call__(self, url, output_file, pooch, **kwargs):
            self.calls += 1
            if self.data is None:
                raise OSError("no route to host")
            with open(output_file, "wb") as file:
                file.write(self.data)

    answer = Upstream()
    monkeypatch.setattr(pooch.core, "choose_downloader", lambda *a, **k: answer)
    return answer


def test_a_download_is_kept_and_checked_again(cache, upstream):
    assert read_bytes(FILE) == DATA
    assert read_bytes(FILE) == DATA
    assert upstream.calls == 1
    (cache / "set" / "lines.txt").write_bytes(b"damaged")
    assert read_bytes(FILE) == DATA
    assert upstream.calls == 2


def test_a_wrong_download_is_refused_and_not_kept(cache, upstream):
    upstream.data = b"something else"
    with pytest.raises(ValueError, match=FILE.sha256):
        read_bytes(FILE)
    assert not (cache / "set" / "lines.txt").exists()


def test_no_network_says_what_to_do(cache, upstream):
    upstream.data = None
    with pytest.raises(ConnectionError, match="set SEQZOO_DATA_DIR") as error:
        read_bytes(FILE)
    assert FILE.url in str(error.value)
