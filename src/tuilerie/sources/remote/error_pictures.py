"""Pictures by which a remote says "nothing here" or "I failed", told from real ones.

Some servers draw their errors, or answer with a white tile where they have none. The operator
declares such pictures by the hash of their bytes, or by the one colour that they have all over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuilerie.errors import RenderError
from tuilerie.grids import BoundingBox
from tuilerie.raster.decode import decode
from tuilerie.raster.uniform import uniform_colour

__all__ = ["ErrorPicture", "ErrorPictures", "Meaning"]

Meaning = Literal["missing", "error"]

_SINGLE_COLOUR_BYTES_PER_PIXEL = 0.2
"""A compressed picture of one colour has fewer; what has more is not decoded to find out."""


@dataclass(frozen=True, slots=True)
class ErrorPicture:
    """One picture that is none.

    Attributes:
        means: "missing" = there is nothing at the address; "error" = the remote failed.
        sha256: of its bytes, hexadecimal in small letters; "" = told by the colour.
        colour: red, green, blue, alpha that every pixel has; None = told by the hash.
    """

    means: Meaning
    sha256: str = ""
    colour: tuple[int, int, int, int] | None = None


class ErrorPictures:
    """The declared pictures of one source."""

    __slots__ = ("_colours", "_hashes")

    def __init__(self, declared: Sequence[ErrorPicture]) -> None:
        self._hashes = {picture.sha256: picture.means for picture in declared if picture.sha256}
        self._colours = {
            picture.colour: picture.means for picture in declared if picture.colour is not None
        }

    def meaning(self, data: bytes, width: int, height: int) -> Meaning | None:
        """Return what a picture that was checked means, None if it is just a picture.

        Pictures are decoded only where colours are declared and few bytes make many pixels:
        call it in a thread then (`decodes`).
        """
        if self._hashes:
            found = self._hashes.get(hashlib.sha256(data).hexdigest())
            if found is not None:
                return found
        if self._colours and self._may_be_uniform(data, width, height):
            try:
                raster = decode(data, BoundingBox(0.0, 0.0, float(width), float(height)), "")
            except RenderError:
                return None  # whoever needs its pixels says it better
            colour = uniform_colour(raster)
            return None if colour is None else self._colours.get(colour)
        return None

    @property
    def decodes(self) -> bool:
        """Whether `meaning` may have to decode a picture: a millisecond or two."""
        return bool(self._colours)

    @staticmethod
    def _may_be_uniform(data: bytes, width: int, height: int) -> bool:
        return len(data) <= 2048 + _SINGLE_COLOUR_BYTES_PER_PIXEL * width * height
