"""Whether a process keeps the memory of freed arrays or returns it to the system."""

import ctypes
import platform

# Parameters of glibc's mallopt (malloc.h) and their values.
SETTINGS = {
    -4: 0,  # M_MMAP_MAX: no array is mapped separately and unmapped when freed
    -1: 2**31 - 1,  # M_TRIM_THRESHOLD: free bytes that the heap may keep at its end
    -2: 2**28,  # M_TOP_PAD: bytes by which the heap grows
    -8: 1,  # M_ARENA_MAX: all threads share one heap
}


def keep_freed_memory() -> bool:
    """Makes the process keep the memory of large arrays when they are freed (glibc).

    By default glibc maps each large array when it is created and unmaps it when it is
    freed, so that the system clears its pages again at every training step.

    Returns:
        Whether the C library has these settings and accepted them.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(name, value) == 1 for name, value in SETTINGS.items())


def give_back_freed_memory() -> None:
    """Returns the pages of freed arrays to the system now (glibc).

    Arrays that are freed between others leave gaps in the heap, and glibc by itself
    returns only the end of its heap.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
