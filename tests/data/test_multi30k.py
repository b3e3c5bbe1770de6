"""Multi30k: right counts, aligned lines, and errors that name the languages."""

import dataclasses
import subprocess
import sys

import pytest

from seqzoo.data.multi30k import Pairs, multi30k, multi30k_tokenized_references


@pytest.mark.parametrize(("source", "target"), [("en", "xx"), ("en", "en"), ("", "de")])
def test_languages_it_lacks_are_refused(source, target):
    with pytest.raises(ValueError, match="two of cs, de, en, fr"):
        multi30k(source, target)


def test_references_it_lacks_are_refused():
    with pytest.raises(ValueError, match=r"test_2016_flickr\.de"):
        multi30k_tokenized_references("test_2016_flickr", "cs")


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 source and 1 target"):
        Pairs(["a", "b"], ["a"])


def test_reading_data_imports_neither_keras_nor_tensorflow():
    code = "import sys, seqzoo.data; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_damaged_corpus_is_never_read(tmp_path, monkeypatch):
    (tmp_path / "multi30k").mkdir()
    (tmp_path / "multi30k" / "train.en.gz").write_bytes(b"damaged")
    monkeypatch.setenv("SEQZOO_DATA_DIR", str(tmp_path))
    with pytest.raises(ValueError, match=r"train\.en\.gz must have sha256"):
        multi30k()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target", "tests"),
    [("en", "de", 2), ("de", "en", 2), ("en", "fr", 2), ("cs", "en", 1)],
)
def test_splits_have_their_published_sizes(data_dir, source, target, tests):
    corpus = multi30k(source, target)
    assert (len(corpus.train), len(corpus.validation)) == (29_000, 1_014)
    assert [len(pairs) for pairs in corpus.tests.values()] == [1_000] * tests
    assert (corpus.source_language, corpus.target_language) == (source, target)
    for pairs in (corpus.train, corpus.validation, *corpus.tests.values()):
        assert all(text.strip() for text in pairs.source + pairs.target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus.train = None


@pytest.mark.slow
def test_lines_of_the_two_languages_belong_together(data_dir):
    test = multi30k("en", "de").tests["test_2016_flickr"]
    assert test.source[0] == "A man in an orange hat starring at something."
    assert test.target[0] == (
        "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."
    )


@pytest.mark.slow
@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_tokenized_references_match_the_raw_lines(data_dir, language):
    other = "en" if language != "en" else "de"
    for name, pairs in multi30k(other, language).tests.items():
        references = multi30k_tokenized_references(name, language)
        assert len(references) == len(pairs)
        assert all(line == line.lower() for line in references)
        letters = [
            sum(character.isalpha() for character in line.replace("&apos;", ""))
            for line in references
        ]
        raw = [sum(character.isalpha() for character in line) for line in pairs.target]
        close = [abs(a - b) <= 8 for a, b in zip(letters, raw, strict=True)]
        assert all(close)
