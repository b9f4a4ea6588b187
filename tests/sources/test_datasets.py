"""Handles are few, never shared by two threads at once, and never of a file that is gone."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.sources.making import ramp, write_raster
from tuilerie.sources.datasets import DatasetPool
from tuilerie.sources.settings import RasterFile


def files(folder: Path, count: int) -> list[RasterFile]:
    return [
        RasterFile(write_raster(folder / f"{n}.tif", np.full((4, 4), n, np.uint8)))
        for n in range(count)
    ]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_handle_is_used_again(tmp_path: Path) -> None:
    """Opening anew for each tile would cost as much as reading it."""
    (file,) = files(tmp_path, 1)
    pool = DatasetPool()
    with pool.borrow(file) as first:
        pass
    with pool.borrow(file) as second:
        assert second is first
    assert pool.open_count == 1


def test_two_borrowers_have_two_handles(tmp_path: Path) -> None:
    """GDAL's datasets break when two threads read from one."""
    (file,) = files(tmp_path, 1)
    pool = DatasetPool()
    with pool.borrow(file) as first, pool.borrow(file) as second:
        assert first is not second
        assert pool.open_count == 2


def test_the_number_is_bounded_and_the_longest_unused_goes(tmp_path: Path) -> None:
    """A mosaic of thousands of files must not use up the process's file descriptors."""
    many = files(tmp_path, 9)
    pool = DatasetPool(max_open=4)
    for file in many:
        with pool.borrow(file):
            assert pool.open_count <= 4
    assert pool.open_count == 4
    with pool.borrow(many[-1]) as kept:
        assert not kept.dataset.closed
    with pool.borrow(many[0]) as again:
        assert again.dataset.read()[0, 0, 0] == 0
    assert pool.open_count == 4


def test_borrowing_more_than_the_bound_works(tmp_path: Path) -> None:
    """The bound must never refuse a thread its file; the surplus closes when it comes back."""
    many = files(tmp_path, 5)
    pool = DatasetPool(max_open=2)
    barrier = threading.Barrier(5)

    def hold(file: RasterFile) -> int:
        with pool.borrow(file) as handle:
            barrier.wait(10)
            return int(handle.dataset.read()[0, 0, 0])

    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(hold, many)) == [0, 1, 2, 3, 4]
    assert pool.open_count <= 2


def test_file_descriptors_do_not_leak(tmp_path: Path) -> None:
    """What the pool closes is closed for the operating system too."""
    many = files(tmp_path, 30)
    pool = DatasetPool(max_open=3)
    for file in many[:5]:
        with pool.borrow(file):
            pass
    before = descriptors()
    for file in many * 3:
        with pool.borrow(file):
            pass
    assert descriptors() <= before + 1
    pool.close()
    assert pool.open_count == 0
    assert descriptors() <= before - 2


@pytest.mark.parametrize("sidecar", ["", ".ovr", ".msk", ".aux.xml"])
def test_a_change_opens_anew(tmp_path: Path, sidecar: str) -> None:
    """A replaced file, or overviews or statistics added to it, must be seen."""
    (file,) = files(tmp_path, 1)
    pool = DatasetPool()
    with pool.borrow(file) as first:
        pass
    if sidecar:
        Path(f"{file.path}{sidecar}").write_text("<PAMDataset/>")
    else:
        write_raster(tmp_path / "new", np.full((6, 6), 77, np.uint8)).replace(file.path)
    with pool.borrow(file) as second:
        assert second is not first
        assert first.dataset.closed
    assert pool.open_count == 1


def test_a_handle_that_failed_is_not_kept(tmp_path: Path) -> None:
    """After an error GDAL's state is not known."""
    (file,) = files(tmp_path, 1)
    pool = DatasetPool()
    with pytest.raises(RuntimeError), pool.borrow(file) as handle:
        raise RuntimeError
    assert handle.dataset.closed
    assert pool.open_count == 0


def test_a_missing_file_costs_nothing(tmp_path: Path) -> None:
    """A borrower that could not be served must not count as one."""
    (file,) = files(tmp_path, 1)
    file.path.unlink()
    pool = DatasetPool()
    for _ in range(3):
        with pytest.raises(FileNotFoundError), pool.borrow(file):
            pass
    assert pool.open_count == 0


def test_settings_make_files_different(tmp_path: Path) -> None:
    """Two sources that see the same file otherwise must not get each other's handles."""
    path = write_raster(tmp_path / "a.tif", ramp(4, 4))
    pool = DatasetPool()
    with pool.borrow(RasterFile(path)) as plain, pool.borrow(RasterFile(path, nodata=0)) as other:
        assert plain.facts.nodata == (None,)
        assert other.facts.nodata == (0,)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_after_a_fork_handles_are_left_to_the_parent(tmp_path: Path) -> None:
    """Both processes would move one file position."""
    (file,) = files(tmp_path, 1)
    pool = DatasetPool()
    with pool.borrow(file) as first:
        pass
    child = os.fork()
    if child == 0:
        with pool.borrow(file) as second:
            os._exit(0 if second is not first and pool.open_count == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pool.borrow(file) as again:
        assert again is first


def test_nothing_is_written_beside_the_data(tmp_path: Path) -> None:
    """Data folders are read-only to a server; GDAL likes to leave .aux.xml files."""
    from tuilerie.sources.describe import describe_file

    path = write_raster(tmp_path / "a.tif", ramp(50, 50, dtype="uint16"))
    describe_file(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tif"]
