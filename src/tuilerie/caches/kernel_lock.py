"""One locked byte of a file, and the thread that waits for it in the kernel."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable

__all__ = ["KernelLock", "Waiter"]

_HELD_BY_ANOTHER = (errno.EAGAIN, errno.EACCES)


class KernelLock:
    """One open file description and the byte that it locks."""

    def __init__(self, descriptor: int, offset: int) -> None:
        self.descriptor = descriptor
        self._offset = offset

    def try_lock(self) -> bool:
        """Take the lock if it is free. Raises: OSError: this file system has no such locks."""
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, self._range(fcntl.F_WRLCK))
        except OSError as error:
            if error.errno in _HELD_BY_ANOTHER:
                return False
            raise
        return True

    def wait_lock(self) -> None:
        """Take the lock, asleep in the kernel until it is free. Raises: OSError."""
        fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLKW, self._range(fcntl.F_WRLCK))

    def unlock(self) -> None:
        """Free the lock, if it is held, and close the file."""
        # Unlocked by name before closing: a forked child may have a copy of the descriptor.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, self._range(fcntl.F_UNLCK))
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def _range(self, kind: int) -> bytes:
        # struct flock of 64-bit Linux: type, whence, start, length, pid (0 for these locks).
        return struct.pack("hhqqi4x", kind, os.SEEK_SET, self._offset, 1, 0)


class Waiter:
    """A thread asleep in the kernel, and what becomes of the lock that it will get."""

    def __init__(
        self,
        held: KernelLock,
        release: Callable[[KernelLock], None],
        tell: Callable[[], None],
        slots: threading.BoundedSemaphore,
    ) -> None:
        self._held = held
        self._release = release
        self._tell = tell
        self._slots = slots
        self._mutex = threading.Lock()
        self._abandoned = False
        self._finished = False
        self._error: OSError | None = None

    def run(self) -> None:
        """Wait; then tell, or give back what nobody waits for any more. The thread's work."""
        try:
            self._held.wait_lock()
        except OSError as error:
            self._error = error
        with self._mutex:
            self._finished = True
            if self._abandoned or self._error is not None:
                self._release(self._held)
        self._slots.release()
        self._tell()

    def abandon(self) -> None:
        """Nobody waits any more: whatever is or will be granted is given back."""
        with self._mutex:
            if self._finished and self._error is None:
                self._release(self._held)
            self._abandoned = True

    def result(self) -> KernelLock:
        """Return the lock, which is held. Raises: OSError: it could not be had."""
        if self._error is not None:
            raise self._error
        return self._held
