"""Which models the page has, what it says of them, and which stay in memory."""

import pytest

import seqzoo
from seqzoo.demo import models
from seqzoo.hub.names import UnknownModelError


def test_every_panel_has_its_models(tiny_zoo):
    assert models.panels() == {
        "digits": "drawing",
        "gaps": "gaps",
        "objects": "detection",
        "pictures": "image",
        "reviews": "text",
        "stories": "questions",
        "translator": "translation",
        "words": "recording",
        "writer": "generation",
    }


def test_a_folder_is_one_more_choice(tiny_zoo, zoo, tmp_path):
    folder = tmp_path / "mine"
    folder.symlink_to(zoo / "writer")
    assert models.panels(str(folder))[str(folder)] == "generation"


def test_what_has_no_panel_is_refused(tiny_zoo):
    with pytest.raises(ValueError, match=r"TimedSeriesProcessor.*seqzoo run"):
        models.panels("series")


def test_an_unknown_name_is_refused(tiny_zoo):
    with pytest.raises(UnknownModelError, match="Did you mean 'writer'"):
        models.panels("writter")


def test_an_empty_zoo_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match="no trained model"):
        models.panels()


def test_the_page_begins_with_a_translator():
    panels = {"a": "drawing", "b": "translation", "c": "translation"}
    assert models.first(panels) == "b"
    assert models.first({"a": "drawing"}) == "a"


def test_a_model_is_loaded_once_and_few_are_kept(monkeypatch):
    loaded = []
    monkeypatch.setattr(seqzoo, "load", lambda name: loaded.append(name) or name)
    models._loaded.cache_clear()
    names = [str(i) for i in range(models.MODELS_KEPT + 1)]
    for name in ["0", "0", *names, "0"]:
        assert models.model(name) == name
    assert loaded == [*names, "0"]
    models._loaded.cache_clear()


def test_every_model_of_the_real_zoo_has_a_card_with_its_licence():
    for name in seqzoo.list_models():
        card = models.card(name)
        info = seqzoo.info(name)
        assert f"- **licence**: {info.licence}" in card
        assert f"{info.params:,} parameters" in card
        assert "- **limits**: " in card
        assert all(metric.replace("_", " ") in card for metric in info.metrics)


def test_a_folder_without_a_record_has_a_card(tiny_zoo):
    card = models.card(str(tiny_zoo / "writer"))
    assert card.startswith("- **task**: text-generation\n- **class**: RecurrentLM, ")
