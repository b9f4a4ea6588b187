"""From what a client asked to the tile's identity: the only validation of a tile request.

Every request passes here, so a hit costs one look-up of the tileset, one of the matrix and two
comparisons; both tables fill themselves as tiles are asked for, and only with what the catalogue
has, so that no client can make them grow. Everything else, first of all saying what is wrong,
is the slow path in `resolve_slowly.py`.
"""

from __future__ import annotations

from typing import Any

from tuilerie.catalogue.address import Dimensions, TileAddress, TileQuery, TilesetKey
from tuilerie.catalogue.layer_axes import NO_VALUES, LayerAxes, Values
from tuilerie.catalogue.model import Catalogue, Layer, MatrixSetLink
from tuilerie.catalogue.resolve_slowly import (
    Prefix,
    canonical_matrix,
    check_range,
    find_prefix,
    judged,
    missing,
    outside,
    rejected,
    whole_number,
)
from tuilerie.errors import RequestError
from tuilerie.grids import TileIndex, TileMatrixSet

__all__ = ["Resolver", "Tileset", "resolve_tile"]

_new = tuple.__new__
"""Builds a NamedTuple without its Python-level constructor, which costs as much as all the rest."""

_LONGEST_NUMBER = 10
"""Digits that are read at once: more than any matrix has rows."""

_NUMBERS = {str(number): number for number in range(4096)}
"""The rows and columns of every matrix up to the thirteenth: most of what is asked."""


def _number(text: str) -> int:
    """Return what digits say, -1 (outside of every matrix) for all that is to be read slowly."""
    # isdigit() alone knows other scripts' digits; int() alone takes "+1", " 1" and "1_0".
    if text.isdigit() and text.isascii() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return -1


class _Windows(dict[str, tuple[str, int, int, int, int]]):
    """Limits per matrix of one link: (identifier, min row, max row, min col, max col).

    Shared by all tilesets of the link; a matrix is worked out when first asked for.

    Raises on look-up: KeyError: the link does not serve this matrix.
    """

    __slots__ = ("_link",)

    def __init__(self, link: MatrixSetLink) -> None:
        super().__init__()
        self._link = link

    def __missing__(self, matrix: str) -> tuple[str, int, int, int, int]:
        limits = self._link.limits[matrix]
        # The key is ours, not the client's string: equal, but kept alive by the catalogue.
        identifier = next(name for name in self._link.limits if name == matrix)
        window = (identifier, limits.min_row, limits.max_row, limits.min_col, limits.max_col)
        self[identifier] = window
        return window


class Tileset:
    """All that a request has in common with others but matrix, row and column.

    Attributes:
        key: canonical; what one table of a cache holds.
        max_age_s: see `Values`; None in a layer without dimensions.
        kept: whether the same words may be taken for this tileset as long as the catalogue lasts.
    """

    __slots__ = (
        "_dimensions",
        "_format",
        "_layer",
        "_lenient",
        "_matrix_set",
        "_set",
        "_style",
        "_windows",
        "kept",
        "key",
        "max_age_s",
    )

    def __init__(
        self,
        key: TilesetKey,
        windows: _Windows,
        tms: TileMatrixSet,
        *,
        lenient: bool,
        values: Values = NO_VALUES,
    ) -> None:
        self.key = key
        self.max_age_s = values.max_age_s
        self.kept = not values.hastens
        self._layer, self._style, self._format, self._matrix_set, self._dimensions = key
        self._windows = windows
        self._set = tms
        self._lenient = lenient

    def address(self, matrix: str, row: str, col: str) -> TileAddress:
        """Return the address of a tile, from raw text.

        Raises: MissingParameter, InvalidParameter, TileOutOfRange with locator "TileMatrix",
            "TileRow" or "TileCol".
        """
        try:
            name, min_row, max_row, min_col, max_col = self._windows[matrix]
        except KeyError:
            return self._address_slowly(matrix, row, col)
        # Each number is asked of the table here: a call costs more than the look-up.
        r = _NUMBERS.get(row)
        if r is None:
            r = _number(row)
        c = _NUMBERS.get(col)
        if c is None:
            c = _number(col)
        if min_row <= r <= max_row and min_col <= c <= max_col:
            return _new(
                TileAddress,
                (
                    self._layer,
                    self._style,
                    self._format,
                    self._matrix_set,
                    _new(TileIndex, (name, c, r)),
                    self._dimensions,
                ),
            )
        return self._address_slowly(matrix, row, col)

    def _address_slowly(self, matrix: str, row: str, col: str) -> TileAddress:
        """Take the spellings of careless clients; say precisely what is wrong with others."""
        faults = missing(TileMatrix=matrix, TileRow=row, TileCol=col)
        name = judged(faults, matrix, canonical_matrix, matrix, self._set, self._lenient)
        r = judged(faults, row, whole_number, row, "TileRow")
        c = judged(faults, col, whole_number, col, "TileCol")
        window = None
        if name is not None:
            window = self._window(name)
        if name is not None and window is None:
            faults.append(outside(self._layer, name))
        elif window is not None:
            _, min_row, max_row, min_col, max_col = window
            if r is not None:
                judged(faults, row, check_range, r, min_row, max_row, "TileRow", row, window[0])
            if c is not None:
                judged(faults, col, check_range, c, min_col, max_col, "TileCol", col, window[0])
        if faults or window is None or r is None or c is None:
            raise rejected(faults)
        index = TileIndex(window[0], c, r)
        return TileAddress(
            self._layer, self._style, self._format, self._matrix_set, index, self._dimensions
        )

    def _window(self, matrix: str) -> tuple[str, int, int, int, int] | None:
        try:
            return self._windows[matrix]
        except KeyError:
            return None


class Resolver:
    """Resolves the requests of one catalogue; safe to share between threads.

    Making one costs nothing: its tables fill as requests come.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._tilesets: dict[tuple[str, str, str, str, bool, bool], Tileset] = {}
        self._windows: dict[int, _Windows] = {}
        self._axes = LayerAxes()

    def resolve_tile(self, query: TileQuery, *, strict: bool = False) -> TileAddress:
        """Return the identity of the tile that a client asked for.

        Unless strict, the spellings of careless clients are taken: an empty style or "default"
        is the default style, formats may have blanks, capitals and aliases, and a matrix may
        carry the matrix set's identifier in front ("EPSG:3857:5").

        Raises:
            MissingParameter: an empty value.
            InvalidParameter: locator "Layer", "Style", "Format", "TileMatrixSet", "TileMatrix",
                "TileRow", "TileCol" or the identifier of a dimension.
            TileOutOfRange: locator "TileRow" or "TileCol".
            Rejection: several of these, missing ones first, else in this order.

        Source: OGC 07-057r7, 7.2.1 and Table 23.
        """
        layer, style, format_text, matrix_set, matrix, row, col, _, by_extension = query
        try:
            tileset = self._tilesets[layer, style, format_text, matrix_set, by_extension, strict]
        except KeyError:
            tileset = self._tileset(query, strict=strict)
        return tileset.address(matrix, row, col)

    def resolve_prefix(
        self,
        layer: str,
        style: str,
        format_text: str,
        matrix_set: str,
        by_extension: bool,
        dimensions: Dimensions = (),
        *,
        strict: bool = False,
    ) -> Tileset | None:
        """Return the tileset that requests with this prefix ask for, None if there is none.

        `resolve_tile` of the same texts gives what the tileset's `address` gives, errors
        included; where this gives None, `resolve_tile` says why.
        """
        found = self._tilesets.get((layer, style, format_text, matrix_set, by_extension, strict))
        if found is not None:
            return found
        query = TileQuery(
            layer, style, format_text, matrix_set, "", "", "", dimensions, by_extension
        )
        try:
            return self._tileset(query, strict=strict)
        except RequestError:
            return None

    def _tileset(self, query: TileQuery, *, strict: bool) -> Tileset:
        prefix = find_prefix(self.catalogue, query, self._axes, strict=strict)
        tileset = self._make(prefix, strict=strict)
        # Those with dimensions are as many as clients can spell; whoever asks remembers some.
        if prefix.spelling is not None and not prefix.values.dimensions:
            key: Any = (*prefix.spelling, bool(query.format_is_extension), strict)
            tileset = self._tilesets.setdefault(key, tileset)
        return tileset

    def _make(self, prefix: Prefix, *, strict: bool) -> Tileset:
        layer: Layer = prefix.layer
        link = prefix.link
        return Tileset(
            TilesetKey(
                layer.identifier,
                prefix.style.identifier,
                prefix.format,
                link.matrix_set,
                prefix.values.dimensions,
            ),
            # By identity: links are shared between layers, and live as long as the catalogue.
            self._windows.setdefault(id(link), _Windows(link)),
            self.catalogue.matrix_sets[link.matrix_set],
            lenient=not strict,
            values=prefix.values,
        )


def resolve_tile(catalogue: Catalogue, query: TileQuery) -> TileAddress:
    """Return the identity of a tile, as strictly as the catalogue's service wants it.

    Raises: as `Resolver.resolve_tile`, which serves many requests faster.
    """
    return Resolver(catalogue).resolve_tile(query, strict=catalogue.service.strict)
