"""The memory of freed arrays: kept where asked, given back where asked."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "seqzoo" / "ops" / "allocator.py"
# Each prints a share of what it freed. Alone, without seqzoo: the settings are the
# process's, and the tests' are to stay.
HELD = """
import resource, runpy, sys
import numpy as np

memory = runpy.run_path(sys.argv[1])

def held():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize()

def array(size):
    return np.ones(size, "uint8")
"""
AFTER_ONE_ARRAY = """
if sys.argv[2] == "keep":
    assert memory["keep_freed_memory"]()
size, before = 64 << 20, held()
array(size)
print((held() - before) / size)
"""
BETWEEN_OTHERS = """
before = held()
arrays = [array(1 << 16) for _ in range(1 << 10)]
arrays = arrays[::2]
if sys.argv[2] == "give back":
    memory["give_back_freed_memory"]()
print((held() - before) / (1 << 25) - 1)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
@pytest.mark.parametrize(
    ("program", "how", "kept"),
    [
        (AFTER_ONE_ARRAY, "keep", True),
        (AFTER_ONE_ARRAY, "as ever", False),
        (BETWEEN_OTHERS, "give back", False),
        (BETWEEN_OTHERS, "as ever", True),
    ],
)
def test_what_is_freed_stays_with_the_process_or_not(program, how, kept):
    arguments = [sys.executable, "-c", HELD + program, str(FILE), how]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    share = float(run.stdout)
    assert share > 0.9 if kept else share < 0.15
