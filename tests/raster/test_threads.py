"""OpenCV's own threads."""

from __future__ import annotations

import cv2

from tuilerie.raster.threads import limit_threads


def test_limit_threads():
    """A server with threads of its own must be able to keep OpenCV from adding more."""
    before = cv2.getNumThreads()
    try:
        limit_threads(1)
        assert cv2.getNumThreads() == 1
    finally:
        limit_threads(before)
