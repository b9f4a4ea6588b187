"""Sources that have tiles of their own, or other sources: what an operator writes of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Format, Identifier, Number, PathText, Settings, Whole
from tuilerie.catalogue.remote_fields import ServerAddress
from tuilerie.catalogue.remote_options import RemoteOptions

__all__ = [
    "ByMatrixPart",
    "ByMatrixSource",
    "FallbackSource",
    "LayerSource",
    "MBTilesSource",
    "PMTilesSource",
    "TiledSettings",
]


class TiledSettings(Settings):
    """How maps are drawn from tiles, where tiles cannot be passed on as they are."""

    choose_matrix: Literal["nearest", "finer", "coarser"] = Field(
        default="nearest",
        description=(
            "Which matrix of the source a map is drawn from. nearest: the smallest ratio of cell "
            "sizes; finer: never enlarge; coarser: never shrink."
        ),
        examples=["finer"],
    )
    cell_size_factor: Annotated[Number, Field(ge=0.1, le=10)] = Field(
        default=1.0,
        description="The cell size looked for is the map's times this: 2 = larger letters.",
        examples=[1.5],
    )
    max_tiles: Annotated[Whole, Field(ge=1, le=4096)] = Field(
        default=256,
        description="Tiles that one metatile may be drawn from; more are an error.",
        examples=[256],
    )
    on_error: Literal["fail", "blank"] = Field(
        default="fail",
        description=(
            "Where a tile cannot be had. fail: no map; blank: a gap, in a tile that is not kept."
        ),
        examples=["blank"],
    )


def _is_address(text: object) -> bool:
    return isinstance(text, str) and text.strip().lower().startswith(("http://", "https://"))


class MBTilesSource(TiledSettings):
    """An MBTiles file of images, on this machine."""

    kind: Literal["mbtiles"] = Field(description="An MBTiles file.", examples=["mbtiles"])
    path: PathText = Field(
        description="Where the file is, from the catalogue's folder.",
        examples=["data/world.mbtiles"],
    )

    @model_validator(mode="before")
    @classmethod
    def _is_here(cls, written: Any) -> Any:
        """Refuse an address: a database cannot be read by parts over HTTP in any safe way."""
        if isinstance(written, dict) and ("url" in written or _is_address(written.get("path"))):
            raise PydanticCustomError(
                "mbtiles_address", "an MBTiles file is a database, and cannot be read at an address"
            )
        return written


class PMTilesSource(TiledSettings):
    """A PMTiles 3 file of images, on this machine or at an address."""

    kind: Literal["pmtiles"] = Field(description="A PMTiles file.", examples=["pmtiles"])
    path: PathText | None = Field(
        default=None,
        description="Where the file is, from the catalogue's folder; or write `url`.",
        examples=["data/world.pmtiles"],
    )
    url: ServerAddress | None = Field(
        default=None,
        description="Address of the file, on a server that sends parts of files (Range).",
        examples=["https://data.example.org/world.pmtiles"],
    )
    options: RemoteOptions = Field(
        default=RemoteOptions(),
        description="How the server of the address is spoken to.",
        examples=[{"max_connections": 4}],
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None) or _is_address(self.path):
            raise PydanticCustomError("pmtiles_place", "a PMTiles file has either path or url")
        return self


class LayerSource(TiledSettings):
    """Another layer of this catalogue, by its tiles: its cache is used."""

    kind: Literal["layer"] = Field(
        description="Another layer of this catalogue.", examples=["layer"]
    )
    layer: Identifier = Field(description="The layer's identifier.", examples=["world"])
    style: Identifier | None = Field(
        default=None, description="One of its styles; its default if absent.", examples=["default"]
    )
    format: Format | None = Field(
        default=None,
        description="One of its formats; PNG if it has that, else its default.",
        examples=["image/png"],
    )
    matrix_set: Identifier | None = Field(
        default=None,
        description="One of its matrix sets; its first if absent.",
        examples=["WebMercatorQuad"],
    )


class FallbackSource(Settings):
    """Several sources of one picture: the next where one fails."""

    kind: Literal["fallback"] = Field(
        description="Sources, of which the next is asked.", examples=["fallback"]
    )
    sources: Annotated[tuple[Identifier, ...], Field(min_length=2, max_length=20)] = Field(
        description="Identifiers of sources, the preferred one first.",
        examples=[["sharp", "spare"]],
    )
    next_on: Annotated[
        tuple[Literal["failure", "nothing"], ...], Field(min_length=1, max_length=2)
    ] = Field(
        default=("failure",),
        description="When the next one is asked: it fails, it has nothing there, or both.",
        examples=[["failure", "nothing"]],
    )


class ByMatrixPart(Settings):
    """A source, and the matrices that it is for."""

    source: Identifier = Field(description="A source's identifier.", examples=["overview"])
    matrices: tuple[Identifier, Identifier] = Field(
        description="First (coarsest) and last (finest) matrix.", examples=[[0, 6]]
    )


class ByMatrixSource(Settings):
    """Several sources, each for a range of matrices."""

    kind: Literal["by_matrix"] = Field(
        description="A source for each range of matrices.", examples=["by_matrix"]
    )
    matrix_set: Identifier = Field(
        default="WebMercatorQuad",
        description="The set whose matrices are meant; maps in others go by their cell size.",
        examples=["WebMercatorQuad"],
    )
    parts: Annotated[tuple[ByMatrixPart, ...], Field(min_length=1, max_length=20)] = Field(
        description="The parts, from the coarsest to the finest.",
        examples=[[{"source": "overview", "matrices": [0, 6]}]],
    )
