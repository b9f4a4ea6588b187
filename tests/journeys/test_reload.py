"""The running server follows its files, and survives whatever is written into them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from tests.journeys import published
from tests.journeys.conftest import CAPABILITIES
from tests.journeys.pictures import decode
from tests.journeys.published import Capabilities
from tests.journeys.running import Answer, Server, eventually, serving

TILE = "/wmts/1.0.0/field/default/local/0/0/0.png"
CATALOGUE = """\
tuilerie: 1
service: {title: First title}
matrix_sets:
  local:
    crs: EPSG:3857
    origin: [0, 25600]
    extent: [0, 0, 25600, 25600]
    cell_sizes: [100]
    tile_size: 64
sources:
  field: {kind: raster, path: field.tif}
layers:
  field: {title: A field, source: field, matrix_sets: [local], formats: [image/png]}
"""


def write_field(path: Path, seed: int) -> NDArray[np.uint8]:
    """Write noise beside the path and put it there in one step; return the first tile of it."""
    pixels = np.random.default_rng(seed).integers(1, 256, (3, 256, 256), dtype=np.uint8)
    beside = path.with_name("new.tif")
    with rasterio.open(
        beside,
        "w",
        driver="GTiff",
        width=256,
        height=256,
        count=3,
        dtype="uint8",
        crs="EPSG:3857",
        transform=Affine(100, 0, 0, 0, -100, 25600),
        photometric="RGB",
    ) as dataset:
        dataset.write(pixels)
    beside.replace(path)
    return np.moveaxis(pixels[:, :64, :64], 0, -1)


def replace_text(path: Path, text: str) -> None:
    """Write a file as careful editors do: beside, then over the old one."""
    beside = path.with_name("new.yaml")
    beside.write_text(text, "utf-8")
    beside.replace(path)


class Field(NamedTuple):
    """A server of one small raster, and its files."""

    server: Server
    catalogue: Path
    raster: Path
    first_tile: NDArray[np.uint8]

    def capabilities(self) -> Capabilities:
        """What it publishes now."""
        return published.read(self.server.get(CAPABILITIES).body)

    def tile(self) -> Answer:
        """Its first tile now."""
        answer = self.server.get(TILE)
        assert answer.status == 200, answer.body
        return answer

    def reloads(self) -> float:
        """How often it has taken a change."""
        return self.server.metric("tuilerie_catalogue_reloads_total")

    def edit(self, text: str | None) -> None:
        """Put another catalogue in place, or take it away, and do not wait for the next look."""
        if text is None:
            self.catalogue.unlink()
        else:
            replace_text(self.catalogue, text)
        self.server.signal(signal.SIGHUP)

    def status(self) -> str:
        """Its health in a word."""
        return str(self.server.health()["status"])


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A running server; every test leaves its files as it found them."""
    folder = tmp_path_factory.mktemp("field")
    catalogue, raster = folder / "catalogue.yaml", folder / "field.tif"
    catalogue.write_text(CATALOGUE)
    first = write_field(raster, 1)
    with serving(folder, catalogue) as server:
        yield Field(server, catalogue, raster, first)


@pytest.fixture
def mended(field: Field) -> Iterator[Field]:
    """The server; afterwards its catalogue is the first one again, and taken."""
    yield field
    field.edit(CATALOGUE)
    eventually(lambda: field.status() == "ok", "health is ok again")
    eventually(lambda: field.capabilities().title == "First title", "the first title is back")


def test_changed_catalogue_is_served(mended: Field) -> None:
    """A change that needs a restart, or that clients who ask by updateSequence never learn of."""
    before, tile = mended.capabilities(), mended.tile()
    replace_text(mended.catalogue, CATALOGUE.replace("First title", "Second title"))
    after = eventually(
        lambda: found if (found := mended.capabilities()).title == "Second title" else None,
        "the second title is published",
    )
    assert int(after.update_sequence) > int(before.update_sequence)
    asked = f"/wmts?service=WMTS&request=GetCapabilities&updatesequence={before.update_sequence}"
    assert len(mended.server.get(asked).body) > 1000
    assert mended.tile().body == tile.body
    assert mended.status() == "ok"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CATALOGUE.replace("source: field,", "source: nowhere,"), "nowhere"),
        (CATALOGUE.replace("title: A field", "tilte: A field"), "tilte"),
        (CATALOGUE.replace("layers:", "layers: ["), "catalogue.yaml"),
        (CATALOGUE[:180], "catalogue.yaml"),
        ("", "catalogue.yaml"),
        (None, "catalogue.yaml"),
    ],
    ids=["unknown source", "misspelt key", "no YAML", "half written", "empty", "gone"],
)
def test_wrong_edit_keeps_the_old_state_serving(mended: Field, text: str | None, said: str) -> None:
    """A typing error that takes the service down, or that nobody is told of."""
    tile = mended.tile()
    refused = mended.server.metric("tuilerie_catalogue_reload_errors_total")
    mended.edit(text)
    eventually(lambda: mended.status() == "degraded", "health is degraded")
    problems = mended.server.health()["catalogue"]["reload_error"]["problems"]
    assert said in " ".join(problems)
    assert mended.capabilities().title == "First title"
    assert mended.tile().body == tile.body
    assert mended.server.metric("tuilerie_catalogue_stale") == 1
    assert mended.server.metric("tuilerie_catalogue_reload_errors_total") > refused
    assert "catalogue refused" in mended.server.log.read_text()


def test_mended_catalogue_has_its_old_number(field: Field) -> None:
    """Clients that fetch everything again because somebody mistyped and took it back."""
    number = field.capabilities().update_sequence
    field.edit(CATALOGUE + "nonsense: 1\n")
    eventually(lambda: field.status() == "degraded", "health is degraded")
    field.edit(CATALOGUE)
    eventually(lambda: field.status() == "ok", "health is ok again")
    assert field.server.metric("tuilerie_catalogue_stale") == 0
    assert field.capabilities().update_sequence == number


def test_replaced_data_is_drawn(field: Field) -> None:
    """Tiles of the old picture from a cache or from memory, or the old entity tag for new ones."""
    old = field.tile()
    assert np.array_equal(decode(old.body, (64, 64)).colours, field.first_tile)
    second = write_field(field.raster, 2)
    new = eventually(
        lambda: found if (found := field.tile()).body != old.body else None,
        "the tile is drawn anew",
    )
    assert np.array_equal(decode(new.body, (64, 64)).colours, second)
    assert new.headers["etag"] != old.headers["etag"]
    again = field.server.get(TILE, {"If-None-Match": old.headers["etag"]})
    assert again.status == 200
    write_field(field.raster, 1)
    eventually(lambda: field.tile().body == old.body, "the first picture is back")


def test_changed_style_is_drawn(mended: Field) -> None:
    """Tiles in the old colours for as long as the cache keeps them."""
    old = decode(mended.tile().body, (64, 64)).colours
    swapped = CATALOGUE.replace("source: field,", "source: field, styles: [swapped],") + (
        "styles:\n  swapped: {kind: rgb, bands: [3, 2, 1], range: [0, 255]}\n"
    )
    target = TILE.replace("default", "swapped")
    mended.edit(swapped)
    answer = eventually(
        lambda: found if (found := mended.server.get(target)).status == 200 else None,
        "the new style is published",
    )
    assert np.array_equal(decode(answer.body, (64, 64)).colours, old[..., ::-1])
    mended.edit(swapped.replace("[3, 2, 1]", "[2, 2, 1]"))
    eventually(
        lambda: np.array_equal(
            decode(mended.server.get(target).body, (64, 64)).colours, old[..., [1, 1, 0]]
        ),
        "the changed style is drawn",
    )


def test_no_request_fails_while_states_are_exchanged(mended: Field) -> None:
    """A moment without a service at every change of the catalogue."""
    going = True
    statuses: list[int] = []

    def ask() -> None:
        while going:
            statuses.append(mended.server.get(TILE).status)
            statuses.append(mended.server.get(CAPABILITIES).status)

    with ThreadPoolExecutor(2) as threads:
        asking = [threads.submit(ask) for _ in range(2)]
        try:
            for n in range(3):
                before = mended.reloads()
                mended.edit(CATALOGUE.replace("First title", f"Title {n}"))
                eventually(lambda before=before: mended.reloads() > before, "the change is taken")
        finally:
            going = False
        for future in asking:
            future.result()
    assert len(statuses) > 20
    assert set(statuses) == {200}


def test_tiles_grow_old(mended: Field) -> None:
    """Tiles that are served for ever, though the catalogue says for how long they are good."""

    def made() -> float:
        return mended.server.metric("tuilerie_metatiles_made_total")

    mended.edit(CATALOGUE.replace("source: field,", "source: field, expire_after_s: 1,"))
    first = mended.tile()
    before = made()
    eventually(lambda: mended.tile() and made() > before, "the tile is made anew")
    assert mended.tile().body == first.body


def test_data_that_is_gone_is_told_and_tiles_made_are_served(field: Field) -> None:
    """A disk that was not mounted for a while, which takes the whole service down."""
    tile = field.tile()
    away = field.raster.with_name("away.tif")
    field.raster.rename(away)
    eventually(lambda: field.status() == "degraded", "health is degraded")
    assert "field.tif" in " ".join(field.server.health()["catalogue"]["reload_error"]["problems"])
    assert field.tile().body == tile.body
    away.rename(field.raster)
    eventually(lambda: field.status() == "ok", "health is ok again")
    assert field.tile().body == tile.body


def test_hangup_reads_the_files_again(field: Field) -> None:
    """A service manager whose "reload" ends the service or does nothing."""
    before, tile = field.reloads(), field.tile()
    field.server.signal(signal.SIGHUP)
    eventually(lambda: field.reloads() > before, "the catalogue is read again")
    assert field.tile().body == tile.body
    assert field.status() == "ok"


def test_catalogue_that_is_touched_is_the_same_state(field: Field) -> None:
    """Another number for the same state, and all clients fetch everything again."""
    before = field.reloads()
    number = field.capabilities().update_sequence
    os.utime(field.catalogue)
    eventually(lambda: field.reloads() > before, "the touched catalogue is read")
    assert field.capabilities().update_sequence == number
