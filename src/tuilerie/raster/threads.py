"""How many threads OpenCV starts by itself: a matter of the whole process, set once at a door."""

from __future__ import annotations

import cv2

__all__ = ["limit_threads"]


def limit_threads(count: int = 1) -> None:
    """Let OpenCV split one picture over at most `count` threads.

    A server that makes several pictures side by side in threads of its own is faster with 1: all
    functions of this room release the interpreter lock, and more threads than cores only wait
    for each other.
    """
    cv2.setNumThreads(count)
