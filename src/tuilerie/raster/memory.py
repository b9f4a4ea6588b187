"""Whether glibc gives freed pictures back to the kernel: a matter of the whole process."""

from __future__ import annotations

import ctypes

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt, as glibc's malloc.h numbers them."""

_LARGEST_MMAP_THRESHOLD = 32 * 2**20


def keep_freed_memory(at_most: int = 128 * 2**20) -> bool:
    """Let freed pictures be used again instead of returned; tell whether the C library agreed.

    A metatile needs arrays of a few megabytes, always of the same sizes. By default glibc maps
    each anew, and the kernel's zeroing of fresh pages is a quarter of the cost of reading and
    warping.

    Args:
        at_most: bytes that may stay unused at the end of each arena.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library, which keeps what it likes
        return False
    kept = mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    return bool(kept and mallopt(_TRIM_THRESHOLD, at_most))
