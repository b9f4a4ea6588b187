"""Disks that are full, read-only, damaged or gone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tuilerie.caches.base import TileCache
from tuilerie.caches.conformance.samples import CacheExamination, Clock, address, image
from tuilerie.errors import CacheError
from tuilerie.telemetry import fault_kind

__all__ = ["FaultTests"]


class FaultTests(CacheExamination):
    """Nothing but CacheError comes out, nothing damaged is returned, and the cache goes on."""

    @pytest.mark.parametrize(
        "damage", ["empty", "cut in half", "cut at the end", "noise", "zeros", "text"]
    )
    async def test_damaged_files(self, tmp_path: Path, damage: str) -> None:
        """Whatever becomes of any file: whole tiles or misses, and new tiles are kept."""
        self.needs("persistence")
        whole = tmp_path / "whole"
        tiles = {address(col): image(col, 90 if col % 3 == 0 else 10_000) for col in range(12)}
        tiles |= {address(col + 50): image(0, 90) for col in range(12)}
        cache = self.open(whole)
        await cache.put_many(tiles.items())
        await cache.close()
        names = sorted(path.relative_to(whole) for path in whole.rglob("*") if _has_bytes(path))
        for number, name in enumerate(names):
            directory = tmp_path / str(number)
            shutil.copytree(whole, directory, symlinks=True)
            _damage(directory / name, damage)
            cache = self.open(directory)
            refused = False
            for place, tile in tiles.items():
                try:
                    found = await cache.get(place)
                except CacheError:
                    refused = True
                    continue
                assert found is None or found.data == tile.data
            if not refused:
                await cache.put_many(tiles.items())
                for place, tile in tiles.items():
                    found = await cache.get(place)
                    assert found is not None
                    assert found.data == tile.data
            await cache.close()

    async def test_deleted_under_us(self, tmp_path: Path) -> None:
        """An operator may delete the directory of a running cache to empty it."""
        self.needs("persistence")
        clock = Clock(1_700_000_000)
        cache = self.open(tmp_path / "cache", clock=clock)
        await cache.put_many([(address(), image(1)), (address(4), image(2))])
        assert await cache.get(address()) is not None
        shutil.rmtree(tmp_path / "cache")
        clock.now += 2
        assert await cache.get(address()) is None
        await cache.put_many([(address(), image(3))])
        found = await cache.get(address())
        assert found is not None
        assert found.data == image(3).data
        await cache.close()
        cache = self.open(tmp_path / "cache", clock=clock)
        assert await cache.get(address()) is not None
        assert await cache.get(address(4)) is None
        await cache.close()

    async def test_full_disk(self, tmp_path: Path) -> None:
        """A full disk is a CacheError; what is there stays readable, and space is used again."""
        self.needs("persistence")
        with small_disk(tmp_path / "disk", kibibytes=1536):
            ballast = tmp_path / "disk" / "ballast"
            ballast.write_bytes(bytes(400 * 1024))
            cache = self.open(tmp_path / "disk" / "cache")
            kept = await _fill(cache)
            assert kept > 10
            for col in range(kept):
                found = await cache.get(address(col))
                assert found is not None
                assert found.data == image(col).data
            ballast.unlink()
            await cache.put_many([(address(9999), image(9999))])
            assert await cache.get(address(9999)) is not None
            await cache.close()

    async def test_read_only_disk(self, tmp_path: Path) -> None:
        """A read-only disk is read; writing is a CacheError that says so and harms no reading."""
        self.needs("persistence")
        with small_disk(tmp_path / "disk", kibibytes=4096) as disk:
            directory = disk / "cache"
            cache = self.open(directory)
            await cache.put_many((address(col), image(col)) for col in range(8))
            await cache.close()
            _run("mount", "-o", "remount,ro", str(disk))
            cache = self.open(directory)
            # A tile of what is there already, and one that needs a file of its own.
            for place in (address(99), address(layer="another"), address(matrix_set="other")):
                with pytest.raises(CacheError) as refused:
                    await cache.put_many([(place, image(99))])
                assert fault_kind(refused.value) == "read_only"
            for col in range(8):
                found = await cache.get(address(col))
                assert found is not None
                assert found.data == image(col).data
            with pytest.raises(CacheError):
                await cache.delete_many([address()])
            await cache.close()

    async def test_no_directory_to_be_had(self, tmp_path: Path) -> None:
        """A file where the directory should be, or its parent: CacheError, file untouched."""
        self.needs("persistence")
        (tmp_path / "file").write_text("mine")
        for directory in (tmp_path / "file", tmp_path / "file" / "below"):
            cache = self.open(directory)
            with pytest.raises(CacheError):
                await cache.put_many([(address(), image(1))])
            with suppress(CacheError):
                assert await cache.get(address()) is None
            await cache.close()
        assert (tmp_path / "file").read_text() == "mine"


@contextmanager
def small_disk(folder: Path, *, kibibytes: int) -> Iterator[Path]:
    """Mount a file system of a given size, or skip the test and say why."""
    folder.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder))
    if mounted:
        pytest.skip(f"a full or read-only disk needs the right to mount one: {mounted}")
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> str:
    """Run a command; return what it complained of, empty if all went well."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    except OSError as error:
        return str(error)
    return done.stderr.strip() or f"status {done.returncode}" if done.returncode else ""


async def _fill(cache: TileCache) -> int:
    for col in range(1000):
        try:
            await cache.put_many([(address(col), image(col))])
        except CacheError as error:
            if fault_kind(error) != "disk_full":
                raise
            return col
    raise AssertionError("the disk is never full")


def _has_bytes(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size > 0


def _damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    middle = len(data) // 3
    damaged = {
        "empty": b"",
        "cut in half": data[: len(data) // 2],
        "cut at the end": data[:-40],
        "noise": data[:middle] + bytes(b ^ 0xA5 for b in data[middle : 2 * middle]),
        "zeros": data[:middle] + bytes(len(data) - middle),
        "text": b"not what you think that it is\n" * 200,
    }[how]
    path.write_bytes(damaged)
