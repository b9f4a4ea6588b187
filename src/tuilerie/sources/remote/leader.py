"""Which of several processes does what only one need do: who holds a lock of the kernel's."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["Leader"]


class Leader:
    """Asks for the lead; a process that has it keeps it until it ends, however that comes.

    Args:
        file: that the processes share; None = there is but one.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._held: int | None = None
        self._process = 0

    def leads(self) -> bool:
        """Return whether this process leads; takes the lead if nobody has it."""
        if self._file is None:
            return True
        if self._held is not None and self._process == os.getpid():
            return True
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return True  # a folder that cannot be written has no locks: better twice than never
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._held, self._process = descriptor, os.getpid()
        return True
