"""A tiny model of the zoo, and the real Hub client before a Hub on loopback."""

import tempfile
import threading
import types

import pytest

from seqzoo import hub
from seqzoo.hub import manifest
from tests.hub.server import HubServer
from tests.hub.toy import Toy, ToyConfig, ToyProcessor, write_record


@pytest.fixture(autouse=True)
def _toys(monkeypatch, tmp_path_factory):
    """The toy classes are the zoo's for the time of a test; locks lie elsewhere."""
    import seqzoo.models
    import seqzoo.processors

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))

    files = (*manifest.PROCESSOR_FILES, "labels.txt")
    monkeypatch.setattr(manifest, "PROCESSOR_FILES", files)
    monkeypatch.setitem(seqzoo.models.MODELS, "Toy", Toy)
    monkeypatch.setitem(seqzoo.processors.PROCESSORS, "ToyProcessor", ToyProcessor)


@pytest.fixture(scope="session")
def built():
    """A model and its first weights: building takes longer than any test."""
    model = Toy(ToyConfig())
    model(model.example_inputs())
    return model, model.get_weights()


@pytest.fixture
def toy(built):
    """A built model with a processor."""
    model, weights = built
    model.set_weights(weights)
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
    # The loopback speaks the Hub's HTTP, which it still speaks beside Xet.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    # Whoever runs the tests may be logged in.
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for module in (client, file_download):
        real = module.time
        monkeypatch.setattr(
            module, "time", types.SimpleNamespace(**{**vars(real), "sleep": sleep})
        )
    client.close_session()
    disable_progress_bars()
    yield hub_server
    enable_progress_bars()
    hub_server.released.set()
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


@pytest.fixture
def mine(server, monkeypatch):
    """The Hub, and a token that may write for `me` and the organisation `zoo`."""
    server.tokens["secret"] = {"me", "zoo"}
    monkeypatch.setenv("HF_TOKEN", "secret")
    return server


@pytest.fixture
def theirs(server, toy, tmp_path):
    """Somebody's repository, as `save` and an upload make it."""
    folder = hub.save(toy, tmp_path / "theirs")
    server.publish("someone/toy", folder)
    return folder


@pytest.fixture
def impatient(monkeypatch):
    """Makes the client wait a tenth of a second for an answer, not ten seconds."""
    from huggingface_hub import constants, file_download

    from seqzoo.hub import client

    def hurry():
        monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.1)
        monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.1)
        monkeypatch.setattr(file_download, "_ETAG_RETRY_TIMEOUT", 0.1)
        monkeypatch.setattr(client, "PUSH_SECONDS", 0.1)

    return hurry


@pytest.fixture
def cache(tmp_path):
    """The folder of the Hub cache."""
    return tmp_path / "hub_cache"
