"""The numbers of limits.md are those of the code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.docs.markdown_text import DOCS
from tuilerie.caches.content import SHARED_MAX_BYTES
from tuilerie.caches.sqlite.keys import INDEX_BITS, MAX_MATRICES
from tuilerie.catalogue.compile_info import MAX_TEMPLATE_BYTES
from tuilerie.catalogue.dimension_settings import MAX_DIMENSIONS, MAX_VALUES
from tuilerie.catalogue.fields import MAX_IDENTIFIER_LENGTH
from tuilerie.catalogue.info_settings import MAX_BANDS
from tuilerie.catalogue.schema import json_schema
from tuilerie.catalogue.yaml_text import MAX_BYTES
from tuilerie.protocols import xml_reading
from tuilerie.protocols.feature_info.template import MAX_HTML_BYTES
from tuilerie.protocols.reading import elements, remarks, xml_document
from tuilerie.protocols.wmts import kvp, rest
from tuilerie.protocols.wmts.reading import layers as wmts_layers
from tuilerie.protocols.wmts.reading import matrix_sets
from tuilerie.protocols.xyz import json_reading
from tuilerie.raster.legend import MAX_ENTRIES
from tuilerie.raster.lettering import MAX_TEXT
from tuilerie.server import posted
from tuilerie.server.access_log import MAX_UNWRITTEN_BYTES
from tuilerie.server.answers import RECHECK_S
from tuilerie.server.metrics import MAX_LAYERS
from tuilerie.server.settings import ServerSettings
from tuilerie.sources import (
    archive,
    picture_memory,
    pmtiles_format,
    series_files,
    series_query,
    tile_check,
    tile_fetching,
    tiled,
)
from tuilerie.sources.remote import (
    absences,
    addresses,
    body,
    client,
    descriptions,
    discover,
    feature_info,
    legends,
    opening,
    pace,
    picture,
    pmtiles,
    quoting,
    schedule,
    secrets,
    tiles,
    wms,
    wms_maps,
)
from tuilerie.sources.remote import settings as remote_settings
from tuilerie.telemetry import MAX_SOURCES
from tuilerie.tiles.carried_legends import CARRIED_BYTES, CARRIED_S
from tuilerie.tiles.legends import LEGEND_BYTES

SETTINGS = ServerSettings()
SCHEMA = json_schema()["$defs"]


def _bound(model: str, setting: str, key: str) -> int:
    """Return a bound out of the schema of a setting, `null` beside it or not."""
    field: dict[str, Any] = SCHEMA[model]["properties"][setting]
    choices = [field, *field.get("anyOf", ())]
    return next(choice[key] for choice in choices if key in choice)


LIMITS = {
    "maps of a TMS that `inspect` reads": f"{discover.MOST_MAPS}",
    "remotes read anew at once, each process": f"{descriptions.AT_ONCE}",
    "time that a start waits for a remote of which something is kept": (
        f"{descriptions.PATIENCE_S:g} s"
    ),
    "time until a failed reading is tried again": f"{schedule.RETRY_S:g} s",
    "spread of readings that are due together": (
        f"{schedule.SPREAD_S:g} s, a tenth of shorter intervals"
    ),
    "changes of one reading that are told": f"{descriptions.TOLD}",
    "path and query": f"{SETTINGS.max_target_bytes:,} bytes",
    "request line and headers": f"{SETTINGS.max_header_bytes:,} bytes",
    "path of a resource": f"{rest.MAX_PATH:,} bytes",
    "body of a POST": f"{posted.MAX_BODY:,} bytes",
    "depth of XML in a body": str(xml_reading.MAX_DEPTH),
    "bodies in memory, each worker": f"{posted.MAX_HELD:,} bytes",
    "parameters of a query": f"{kvp.MAX_PARAMETERS}",
    "connections to one worker": f"{SETTINGS.max_connections:,}",
    "time for a request to be complete": f"{SETTINGS.header_timeout_s} s",
    "time that a client may take nothing of its answer": f"{SETTINGS.stalled_timeout_s} s",
    "idle connection": f"{SETTINGS.keep_alive_s} s",
    "time for requests under way at a stop": f"{SETTINGS.graceful_timeout_s} s",
    "size of the file": f"{MAX_BYTES // 1_000_000} MB",
    "length of an identifier": f"{MAX_IDENTIFIER_LENGTH} characters",
    "keywords of the service, a layer or a style, and of a group": (
        f"{_bound('LayerSettings', 'keywords', 'maxItems'):,}"
    ),
    "formats of a layer": f"{_bound('LayerSettings', 'formats', 'maxItems')}",
    "styles of a layer": f"{_bound('LayerSettings', 'styles', 'maxItems')}",
    "stops of a ramp": f"{_bound('RampStyle', 'stops', 'maxItems'):,}",
    "classes of a palette style": f"{_bound('PaletteStyle', 'colours', 'maxProperties'):,}",
    "classes on a drawn legend": f"{MAX_ENTRIES}",
    "a text on a drawn legend": f"{MAX_TEXT} characters",
    "values beside a ramp on a drawn legend": (
        f"{_bound('LegendDrawing', 'ticks', 'maximum')} by `ticks`"
    ),
    "drawn legends, each worker": f"{LEGEND_BYTES // 2**20} MiB",
    "legends of other servers, each worker": f"{CARRIED_BYTES // 2**20} MiB for {CARRIED_S:,.0f} s",
    "dimensions of a layer": f"{MAX_DIMENSIONS}",
    "values of a dimension": f"{MAX_VALUES:,}",
    "files of a series": f"{series_files.MAX_FILES:,}",
    "rows of a query": f"{series_query.MAX_ROWS:,}",
    "time for a query": f"{series_query.TIMEOUT_S} s",
    "matrices of a matrix set": f"{_bound('ExplicitMatrixSet', 'matrices', 'maxItems')}",
    "sides of a tile": f"{_bound('MatrixSettings', 'tile_size', 'maximum'):,} pixels",
    "sides of a metatile": f"{_bound('LayerSettings', 'metatile', 'maximum')} tiles",
    "buffer of a metatile": f"{_bound('LayerSettings', 'buffer_px', 'maximum')} pixels",
    "bands told of in feature info": f"{MAX_BANDS}",
    "HTML template of feature info": f"{MAX_TEMPLATE_BYTES:,} bytes",
    "page that a template makes": f"{MAX_HTML_BYTES:,} bytes",
    "`client_max_age_s`": f"{_bound('LayerSettings', 'client_max_age_s', 'maximum'):,} s",
    "`expire_after_s`": f"{_bound('LayerSettings', 'expire_after_s', 'maximum'):,} s",
    "age of a ready answer before the cache is asked again": f"{RECHECK_S} s",
    "columns and rows in a SQLite cache": f"{2**INDEX_BITS:,}",
    "matrices in one SQLite file": f"{MAX_MATRICES}",
    "capabilities documents, each worker": f"{SETTINGS.documents_bytes // 2**20} MiB",
    "layers with counters of their own in `/metrics`": f"{MAX_LAYERS}",
    "body of an answer, decompressed": f"{remote_settings.MAX_BYTES:,} bytes",
    "bytes unfolded from one, above a mebibyte": f"{body.MAX_RATIO}",
    "pixels of a picture": f"{picture.MAX_PIXELS:,}",
    "bytes of a legend": f"{legends.LEGEND_BYTES:,}",
    "pixels of a legend": f"{legends.LEGEND_PIXELS:,}",
    "redirects in a row": f"{client.MAX_REDIRECTS}",
    "length of an address": f"{addresses.MAX_ADDRESS:,} characters",
    "error page that is read and quoted": f"{quoting.QUOTED_BYTES:,} bytes",
    "requests of one source that wait for a place, each worker": f"{pace.MAX_WAITING:,}",
    "addresses of one source that are remembered as missing, each worker": (
        f"{absences.MAX_ABSENCES:,}"
    ),
    "patience that a remote may ask for": f"{pace.MAX_HOLD_S:.0f} s",
    "secret in a file": f"{secrets.MAX_SECRET_BYTES:,} bytes",
    "remote sources with counters of their own in `/metrics`": f"{MAX_SOURCES}",
    "size of an XML document": f"{xml_document.MAX_BYTES:,} bytes",
    "size of a JSON document": f"{json_reading.MAX_JSON_BYTES:,} bytes",
    "elements of a document": f"{xml_document.MAX_ELEMENTS:,}",
    "characters of one text": f"{elements.MAX_TEXT:,}",
    "layers read": f"{wmts_layers.MAX_LAYERS:,}",
    "matrix sets read": f"{matrix_sets.MAX_MATRIX_SETS}",
    "matrices of a set read": f"{matrix_sets.MAX_MATRICES}",
    "values of a dimension read": f"{wmts_layers.MAX_VALUES:,}",
    "warnings kept": f"{remarks.MAX_REMARKS:,}",
    "bytes of a tile": f"{tile_check.MAX_TILE_BYTES // 2**20} MiB",
    "fetched tiles kept in memory, each source": f"{tile_fetching.KEPT_BYTES // 2**20} MiB",
    "age of a fetched tile in memory": f"{tile_fetching.KEPT_S:g} s",
    "decoded tiles kept in memory, each source": (
        f"{picture_memory.KEPT_PICTURE_BYTES // 2**20} MiB"
    ),
    "tiles that a metatile is drawn from": f"{_bound('MBTilesSource', 'max_tiles', 'maximum'):,}",
    "pixels that a metatile is drawn from": f"{tiled.MAX_PIXELS:,}",
    "levels of an archive": f"0 to {archive.MAX_LEVEL}",
    "bytes of a PMTiles directory": f"{pmtiles_format.MAX_DIRECTORY_BYTES // 2**20} MiB",
    "entries of a PMTiles directory": f"{pmtiles_format.MAX_ENTRIES:,}",
    "pixels that a map of a WMS is drawn from": f"{wms_maps.MAX_MAP_PIXELS:,}",
    "sides of one request to a WMS that says no other": f"{opening.USUAL_MAX_PX:,} pixels",
    "finest cell size of a WMS that says no other": f"{wms.USUAL_CELL_M} m",
    "finest matrix of a template that says no other": f"{tiles.LAST_MATRIX}",
    "document about a place": f"{feature_info.INFO_BYTES // 2**20} MiB",
    "seconds until a PMTiles archive at an address is looked at again, each worker": (
        f"{pmtiles.POLL_S:.0f}"
    ),
    "unwritten access lines": f"{MAX_UNWRITTEN_BYTES // 2**20} MiB",
}
"""The first cell of a row, and how its second one must begin or end."""


@pytest.mark.parametrize("bound", LIMITS)
def test_limit_is_the_codes(bound: str) -> None:
    """A bound was changed and limits.md still has the old number."""
    lines = (DOCS / "reference" / "limits.md").read_text("utf-8").splitlines()
    row = next(line for line in lines if line.startswith(f"| {bound} |"))
    value = row.split("|")[2].strip()
    assert LIMITS[bound] in value


def test_small_tiles_share_their_bytes_up_to_what_is_said() -> None:
    text = (DOCS / "explanation" / "pixels.md").read_text("utf-8")
    assert f"tiles up to {SHARED_MAX_BYTES:,} bytes" in " ".join(text.split())
