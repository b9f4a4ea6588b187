"""Hot reload: a good edit is published, a wrong one changes nothing and is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.server.served import SmallService, catalogue, layer
from tuilerie.errors import CatalogueError, Problem
from tuilerie.server.follow import Follower
from tuilerie.server.live import Live


class Edited:
    """A file whose text is the revision, or a reason to refuse it."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "catalogue.yaml"
        self.cache = directory / "cache"
        self.file.write_text("1")
        self.builds = 0
        self.live = Live(self.service())
        self.follower: Follower

    def service(self) -> SmallService:
        self.builds += 1
        text = self.file.read_text()
        if text == "crash":
            raise RuntimeError("a bug")
        if not text.isdigit():
            raise CatalogueError([Problem(f"no number: {text}", file="catalogue.yaml", line=1)])
        return SmallService(catalogue(layer(), revision=int(text)), self.cache)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        self.follower = Follower(
            self.live, lambda: [self.file], self.service, poll_s=0.02, settle_s=0.02
        )
        task = asyncio.create_task(self.follower.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.live.close()

    async def until(self, condition) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.01)

    @property
    def revision(self) -> int:
        return self.live.current.revision


async def test_an_edit_is_published(tmp_path: Path) -> None:
    """The operator would have to restart the server."""
    edited = Edited(tmp_path)
    async with edited.followed():
        edited.file.write_text("2")
        await edited.until(lambda: edited.revision == 2)
        # As editors and deployment tools do it: another file under the same name.
        (tmp_path / "new").write_text("3")
        (tmp_path / "new").rename(edited.file)
        await edited.until(lambda: edited.revision == 3)
        assert edited.live.metrics.reloads == 2


async def test_a_wrong_edit_changes_nothing_and_is_built_once(tmp_path: Path) -> None:
    """A typing error would end the service, or fill the log every second."""
    edited = Edited(tmp_path)
    async with edited.followed():
        edited.file.write_text("oops")
        await edited.until(lambda: edited.follower.fault is not None)
        builds = edited.builds
        await asyncio.sleep(0.2)
        assert edited.builds == builds
        assert edited.revision == 1
        assert edited.follower.fault is not None
        assert str(edited.follower.fault.problems[0]) == "catalogue.yaml:1: no number: oops"
        edited.file.write_text("4")
        await edited.until(lambda: edited.revision == 4)
        assert edited.follower.fault is None
        assert (edited.live.metrics.reloads, edited.live.metrics.reload_errors) == (1, 1)


async def test_a_fault_of_ours_does_not_end_the_following(tmp_path: Path) -> None:
    """After one crash of the loader no edit would ever be seen again."""
    edited = Edited(tmp_path)
    async with edited.followed():
        edited.file.write_text("crash")
        await edited.until(lambda: edited.follower.fault is not None)
        edited.file.write_text("5")
        await edited.until(lambda: edited.revision == 5)


async def test_a_file_that_vanishes_for_a_while(tmp_path: Path) -> None:
    """A deployment that removes before it writes would end the service."""
    edited = Edited(tmp_path)
    async with edited.followed():
        edited.file.unlink()
        await edited.until(lambda: edited.follower.fault is not None)
        assert edited.revision == 1
        edited.file.write_text("6")
        await edited.until(lambda: edited.revision == 6)


async def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    """Half a file would be taken for an error, or for the whole."""
    edited = Edited(tmp_path)
    async with edited.followed():
        for text in ("o", "op", "opp", "oppp", "7"):
            edited.file.write_text(text)
            await asyncio.sleep(0.008)
        await edited.until(lambda: edited.revision == 7)


async def test_a_reload_can_be_asked_for(tmp_path: Path) -> None:
    """Data that changed beside an unchanged catalogue could not be taken up (SIGHUP)."""
    edited = Edited(tmp_path)
    async with edited.followed():
        builds = edited.builds
        edited.follower.ask()
        await edited.until(lambda: edited.builds == builds + 1)


async def test_a_change_before_the_first_look_is_not_missed(tmp_path: Path) -> None:
    """An edit during the start would be seen only with the next one."""
    edited = Edited(tmp_path)
    follower = Follower(
        edited.live, lambda: [edited.file], edited.service, poll_s=0.02, settle_s=0.02
    )
    status = edited.file.stat()
    edited.file.write_text("8")
    os.utime(edited.file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    task = asyncio.create_task(follower.run())
    await edited.until(lambda: edited.revision == 8)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await edited.live.close()


async def test_a_state_in_use_is_closed_only_afterwards(tmp_path: Path) -> None:
    """A request that began before the reload would lose its cache in the middle."""
    edited = Edited(tmp_path)
    old = edited.live.current
    old.users = 1
    edited.file.write_text("9")
    edited.live.swap(edited.service())
    await asyncio.sleep(0.25)
    assert not old.service.closed
    old.users = 0
    await edited.until(lambda: old.service.closed)
    await edited.live.close()
