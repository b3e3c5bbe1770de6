"""Where data sets are looked for, and that their absence is said at once."""

import socket

import pytest

from seqzoo.data import mnist, prepared, tiny_shakespeare


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, no proxy, and a folder without data sets."""

    def refuse(address, timeout):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    for name in (*prepared.PROXIES, "SEQZOO_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("data", [mnist, tiny_shakespeare])
def test_without_network_and_data_the_settings_are_named_at_once(offline, data):
    with pytest.raises(ConnectionError, match=r"SEQZOO_DATA_DIR .* TFDS_DATA_DIR"):
        data()


def test_the_folder_is_that_of_the_settings(monkeypatch, tmp_path):
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    monkeypatch.setenv("SEQZOO_DATA_DIR", str(tmp_path))
    assert prepared.data_folder().name == "tensorflow_datasets"
    (tmp_path / "tfds").mkdir()
    assert prepared.data_folder() == tmp_path / "tfds"
    monkeypatch.setenv("TFDS_DATA_DIR", "/elsewhere")
    assert str(prepared.data_folder()) == "/elsewhere"
