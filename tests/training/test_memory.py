"""A training process keeps the memory that a step is done with."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "seqzoo" / "training" / "memory.py"
MEBIBYTE = 1 << 20
# What the process holds more, in bytes, once an array is freed. Alone, without seqzoo:
# the settings are the process's, and the tests' are to stay.
PROGRAM = """
import resource, runpy, sys
import numpy as np

if sys.argv[2] == "keep":
    assert runpy.run_path(sys.argv[1])["keep_freed_memory"]()

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize()

before = held()
array = np.ones(int(sys.argv[3]), "uint8")
del array
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
@pytest.mark.parametrize("how", ["keep", "give back"])
def test_what_is_freed_stays_with_the_process_where_asked(how):
    size = 64 * MEBIBYTE
    arguments = [sys.executable, "-c", PROGRAM, str(FILE), how, str(size)]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    kept = int(run.stdout) / size
    assert kept > 0.9 if how == "keep" else kept < 0.1
