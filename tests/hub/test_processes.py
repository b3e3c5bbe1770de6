"""Several processes and threads at one cache, and processes that are killed."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from seqzoo.zoo import _files
from tests.hub.toy import WEIGHTS, answer


def test_loading_at_once_downloads_a_whole_file(published, server):
    results = []

    def read():
        results.append(_files("toy_data").weights)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = hub.read_manifest(published).files[WEIGHTS]
    assert [hub.Pin.of(data) for data in results] == [wanted] * 4


@pytest.fixture
def started(server, tmp_path):
    """Starts a fresh process before this Hub, with a cache of its own."""
    processes = []

    def start(program, **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(seqzoo.__file__).parents[1],
            env=os.environ
            | {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "home")}
            | environment,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


READ = """
import sys
from seqzoo.zoo import _files
print(len(_files('toy_data').weights))
print('keras' in sys.modules)
"""


def test_the_environment_of_a_fresh_process_is_obeyed(published, started):
    """HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE and SEQZOO_WEIGHTS, without any patch."""
    offline = started(READ, HF_HUB_OFFLINE="1")
    assert "FileNotFoundError" in offline.communicate()[1]
    size = hub.read_manifest(published).files[WEIGHTS].size
    for environment in ({}, {"HF_HUB_OFFLINE": "1"}):
        printed, _ = started(READ, **environment).communicate()
        assert printed.split() == [str(size), "False"]


TEN = """
import multiprocessing
from huggingface_hub import HfApi, file_download  # once, before the fork

from seqzoo.hub import Pin
from seqzoo.zoo import _files

def read(barrier, results):
    barrier.wait()
    results.put(Pin.of(_files('toy_data').weights).sha256)

fork = multiprocessing.get_context('fork')
barrier, results = fork.Barrier(10), fork.Queue()
processes = [fork.Process(target=read, args=(barrier, results)) for _ in range(10)]
for process in processes:
    process.start()
print(*[results.get(timeout=60) for _ in processes])
for process in processes:
    process.join()
"""


def test_ten_processes_at_once_fill_one_empty_cache(published, started, server):
    printed, errors = started(TEN).communicate()
    wanted = hub.read_manifest(published).files[WEIGHTS]
    assert printed.split() == [wanted.sha256] * 10, errors
    assert server.requests[WEIGHTS] == 1  # one fetches it, nine wait


def test_after_a_kill_in_the_middle_of_a_download_the_next_load_works(
    published, started, server, toy, tmp_path
):
    server.stalled[f"body of {WEIGHTS}"] = 1
    victim = started(READ)
    assert server.half_sent.wait(60), victim.communicate()
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    server.released.set()
    assert list((tmp_path / "home").rglob("*.incomplete"))  # it was in the middle
    loaded = seqzoo.load("toy_data", cache_dir=tmp_path / "home" / "hub")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
