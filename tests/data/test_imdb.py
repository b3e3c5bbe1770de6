"""IMDB: parts without common reviews, the same from both sources."""

import importlib
import io
import tarfile

import numpy as np
import pytest

from seqzoo import data

module = importlib.import_module("seqzoo.data.imdb")
TEXTS = {
    "test/neg": ["awful", "bad ", "awful"],
    "test/pos": ["lovely", "fine", "warm"],
    "train/neg": ["awful", *(f"bad {i}" for i in range(12)), "bad 3"],
    "train/pos": [f"good {i}" for i in range(14)],
    "train/unsup": ["lovely", "so so", "so so", "good 3", "hm"],
}


def archive(path, folders):
    with tarfile.open(path, "w:xz") as file:
        for folder in folders:
            for index, text in enumerate(TEXTS[folder]):
                entry = tarfile.TarInfo(f"aclImdb/{folder}/{index}_1.txt")
                entry.size = len(text)
                file.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture(params=["archives", "tfds"])
def source(request, tmp_path, monkeypatch):
    """The toy texts as archives or by a stand-in for tensorflow_datasets."""
    sizes = {"train": 28, "test": 6, "unsup": 5}
    monkeypatch.setattr(module, "SIZES", sizes)
    monkeypatch.setenv("SEQZOO_DATA_DIR", str(tmp_path))
    if request.param == "archives":
        (tmp_path / "imdb").mkdir()
        labelled = [name for name in TEXTS if "unsup" not in name]
        archive(tmp_path / "imdb" / "labelled.tar.xz", labelled)
        archive(tmp_path / "imdb" / "unsup.tar.xz", ["train/unsup"])
        return tmp_path

    def from_tfds(name, split, as_supervised=False):
        assert name == "imdb_reviews"
        if split == "unsupervised":
            return [{"text": t.strip().encode()} for t in TEXTS["train/unsup"]]
        return [
            (text.strip().encode(), np.int64(label))
            for label, part in enumerate(("neg", "pos"))
            for text in reversed(TEXTS[f"{split}/{part}"])
        ]

    monkeypatch.setattr(module, "from_tfds", from_tfds)
    return None


def test_no_review_is_in_two_parts(source):
    corpus = data.imdb()
    parts = [list(p.examples) for p in (corpus.train, corpus.validation, corpus.test)]
    assert sorted(map(len, parts)) == [2, 6, 24]  # the test part stays whole
    train, validation, test = map(set, parts)
    assert len(train | validation) == 26
    assert not train & validation and not (train | validation) & test
    for part in (corpus.train, corpus.validation, corpus.test):
        for text, label in zip(part.examples, part.labels, strict=True):
            assert label == (text.split()[0] in ("good", "lovely", "fine", "warm"))


def test_the_order_does_not_depend_on_the_source(source):
    order = list(data.imdb().train.examples)
    assert order == [text for text, _ in module._shuffled((t, 0) for t in order)]


def test_reviews_without_labels_join_the_training_part(source):
    corpus, texts = data.imdb(), data.imdb_texts()
    assert {*texts.train} == {*corpus.train.examples, "so so", "hm", "good 3"} - {
        *corpus.validation.examples
    }
    assert len(texts.train) == len({*texts.train})
    assert texts.sha256 == data.imdb_texts().sha256 != ""


def test_an_incomplete_archive_is_refused(source, monkeypatch):
    if source is None:
        pytest.skip("tensorflow_datasets checks its own")
    monkeypatch.setattr(module, "SIZES", {"train": 29, "test": 6, "unsup": 5})
    with pytest.raises(ValueError, match="must hold 29 reviews"):
        data.imdb()
