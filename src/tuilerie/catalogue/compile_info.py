"""What a layer tells of places: the operator's words, else what the bands say of themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tuilerie.catalogue.info import INFO_FORMATS, NOT_QUERYABLE, Attribute, LayerInfo
from tuilerie.catalogue.info_settings import MAX_BANDS, FeatureInfoSettings, InfoBandSettings
from tuilerie.catalogue.model import BandDescription, SourceDescription
from tuilerie.catalogue.texts import Text

__all__ = ["MAX_TEMPLATE_BYTES", "InfoCompiler", "InfoError"]

MAX_TEMPLATE_BYTES = 65_536

_RESERVED = frozenset({"layer", "crs", "x", "y", "longitude", "latitude", "place", "units"})
"""What every feature has beside the layer's own attributes."""
_NOT_NAMES = frozenset({"", "undefined", "gray", "palette"})
"""Colour interpretations of GDAL that say nothing of a band."""
_COLOURS = {
    "red": Text((("en", "Red"), ("fr", "Rouge"))),
    "green": Text((("en", "Green"), ("fr", "Vert"))),
    "blue": Text((("en", "Blue"), ("fr", "Bleu"))),
}
_VALUE = Text((("en", "Value"), ("fr", "Valeur")))
_CLASS = Text((("en", "Class"), ("fr", "Classe")))
_CLASS_NAME = Text((("en", "Class name"), ("fr", "Nom de la classe")))
_COLOUR = Text((("en", "Colour"), ("fr", "Couleur")))


class InfoError(ValueError):
    """The operator's words on feature info do not suit.

    Attributes:
        hint: what to do instead.
        place: path of the setting at fault, below the layer's or the defaults' feature_info.
        inherited: whether it stands in the defaults.
    """

    def __init__(self, message: str, hint: str, *place: str | int, inherited: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.place = place
        self.inherited = inherited


class InfoCompiler:
    """Compiles the feature info of layers; reads and checks each template once.

    Args:
        base: the folder from which files are meant.
        defaults: what layers have that do not say otherwise.
        template_fault: says what is wrong with a template, "" = nothing; None = nothing is
            checked.

    Attributes:
        files: the templates that were read, absolute.
    """

    def __init__(
        self,
        base: Path,
        defaults: FeatureInfoSettings | None,
        template_fault: Callable[[str], str] | None,
    ) -> None:
        self.files: list[str] = []
        self._base = base
        self._defaults = defaults or FeatureInfoSettings()
        self._template_fault = template_fault
        self._templates: dict[str, str] = {}

    def compile(
        self,
        settings: FeatureInfoSettings | None,
        described: SourceDescription,
        bands: Sequence[int],
        *,
        queryable: bool,
    ) -> LayerInfo:
        """Return how a layer answers about places.

        Args:
            settings: the layer's own; None = only the defaults'.
            described: what the source says of itself.
            bands: those that the source uses, from 1.

        Raises: InfoError: a band that is not there, a template that cannot be used.
        """
        if not queryable:
            return NOT_QUERYABLE
        own = settings or FeatureInfoSettings()
        given = own.bands or self._defaults.bands
        if given is None:
            usual = [number for number in bands if number != described.alpha][:MAX_BANDS]
            chosen = [InfoBandSettings(band=number) for number in usual]
        else:
            chosen = list(given)
            self._check(chosen, bands, inherited=own.bands is None)
        return LayerInfo(
            formats=own.formats or self._defaults.formats or INFO_FORMATS,
            attributes=tuple(_attributes(chosen, described)),
            bands=tuple(dict.fromkeys(one.band for one in chosen)),
            template=self._template(own),
        )

    def _check(
        self, chosen: Sequence[InfoBandSettings], bands: Sequence[int], *, inherited: bool
    ) -> None:
        for at, one in enumerate(chosen):
            if one.band not in bands:
                raise InfoError(
                    f"there is no band {one.band}",
                    f"there are {', '.join(map(str, bands[:20]))}",
                    "bands",
                    at,
                    "band",
                    inherited=inherited,
                )
        names = [one.name for one in chosen if one.name]
        for at, one in enumerate(chosen):
            if one.name and (names.count(one.name) > 1 or one.name in _RESERVED):
                raise InfoError(
                    f"the name {one.name!r} is taken",
                    f"each name once, and none of {', '.join(sorted(_RESERVED))}",
                    "bands",
                    at,
                    "name",
                    inherited=inherited,
                )

    def _template(self, own: FeatureInfoSettings) -> str:
        written = own.template or self._defaults.template
        if written is None:
            return ""
        path = str(self._base / written)
        if path not in self._templates:
            self._templates[path] = self._read(path, inherited=own.template is None)
            self.files.append(path)
        return self._templates[path]

    def _read(self, path: str, *, inherited: bool) -> str:
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_TEMPLATE_BYTES + 1)
            text = data.decode("utf-8-sig")
        except OSError as error:
            fault = f"the template cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            fault = "the template is not UTF-8"
        else:
            fault = ""
            if len(data) > MAX_TEMPLATE_BYTES:
                fault = f"the template has more than {MAX_TEMPLATE_BYTES:,} bytes"
            elif self._template_fault is not None:
                fault = self._template_fault(text)
            if not fault:
                return text
        hint = "docs/how-to/tell-what-is-at-a-place.md says what a template may hold"
        raise InfoError(fault, hint, "template", inherited=inherited)


def _attributes(
    chosen: Sequence[InfoBandSettings], described: SourceDescription
) -> Iterable[Attribute]:
    """Yield an attribute for each band, then what can be said of them together."""
    taken = set(_RESERVED) | {one.name for one in chosen if one.name}
    classes = described.kind == "palette"
    for one in chosen:
        band = described.bands[one.band - 1]
        usual = "class" if classes else "value" if len(chosen) == 1 else f"band_{one.band}"
        found = "" if band.description in _NOT_NAMES else _name_of(band.description)
        name = one.name or _free(found or usual, taken)
        yield Attribute(
            name=name,
            title=one.title if one.title.variants else _title(one, band, usual),
            kind="integer" if _whole(band.dtype) else "real",
            unit=band.unit if one.unit is None else one.unit,
            keys=(str(one.band),),
        )
        if classes and described.category_names:
            words = tuple(described.category_names.items())
            label = _free(f"{name}_name", taken)
            yield Attribute(label, _CLASS_NAME, "text", "", (str(one.band),), "word", words)
        if classes:
            words = tuple((value, _hex(*rgba)) for value, rgba in described.palette.items())
            label = _free("colour", taken)
            yield Attribute(label, _COLOUR, "text", "", (str(one.band),), "word", words)
    shown = described.shown
    numbers = {one.band for one in chosen}
    if described.kind == "picture" and len(shown) in (1, 3) and numbers.issuperset(shown):
        keys = tuple(map(str, shown))
        yield Attribute(_free("colour", taken), _COLOUR, "text", "", keys, "colour")


def _title(one: InfoBandSettings, band: BandDescription, usual: str) -> Text:
    if band.description in _COLOURS:
        return _COLOURS[band.description]
    if band.description not in _NOT_NAMES:
        return Text((("", band.description),))
    if usual == "class":
        return _CLASS
    if usual == "value":
        return _VALUE
    return Text((("en", f"Band {one.band}"), ("fr", f"Bande {one.band}")))


def _name_of(description: str) -> str:
    """Return a description as a name for machines, "" if nothing of it can stand in one."""
    plain = unicodedata.normalize("NFKD", description).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:60]
    if not name or not name[0].isalpha() or name.lower().startswith("xml"):
        return f"band_{name}" if name else ""
    return name


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no other has, and take it."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def _whole(dtype: str) -> bool:
    return dtype.startswith(("int", "uint"))


def _hex(red: int, green: int, blue: int, alpha: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}" + ("" if alpha == 255 else f"{alpha:02x}")
