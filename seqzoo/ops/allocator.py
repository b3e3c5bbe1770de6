"""What a process does with the memory of arrays that it is done with."""

import ctypes
import platform

# Parameters of glibc's mallopt (malloc.h) and what they are set to.
SETTINGS = {
    -4: 0,  # M_MMAP_MAX: no array is a mapping of its own, given back when freed
    -1: 2**31 - 1,  # M_TRIM_THRESHOLD: bytes that the heap may keep at its end
    -2: 2**28,  # M_TOP_PAD: bytes that it grows by
    -8: 1,  # M_ARENA_MAX: all threads share it
}


def keep_freed_memory() -> bool:
    """Makes the process keep large arrays' memory when they are freed, under glibc.

    By default each large array is mapped when it is made and unmapped when it is freed,
    and the system clears its pages anew at every step of training.

    Returns:
        Whether the C library has such settings and took them.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(name, value) == 1 for name, value in SETTINGS.items())


def give_back_freed_memory() -> None:
    """Hands the system the pages of freed arrays now, under glibc.

    Large arrays that are made and freed by turns leave gaps between those that stay,
    and glibc by itself gives back the end of its heap alone.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
