"""A fake remote in a thread of its own, for code that waits in this one."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.remote.fake import FakeRemote

__all__ = ["beside"]


@contextmanager
def beside(*, tls: ssl.SSLContext | None = None) -> Iterator[FakeRemote]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    remote = FakeRemote(tls=tls)
    try:
        asyncio.run_coroutine_threadsafe(remote.__aenter__(), loop).result(10)
        yield remote
    finally:
        asyncio.run_coroutine_threadsafe(remote.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
