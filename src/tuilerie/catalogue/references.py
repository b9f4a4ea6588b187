"""Checks that every name in the document means something, and says which entries nobody uses.

It reads the plain data rather than the models, so that a misspelt source is reported together
with everything else, also where the form of the document is wrong elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tuilerie.catalogue.build_matrix_set import build_matrix_set
from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.faults import Suggestions, listed
from tuilerie.catalogue.fields import spelled
from tuilerie.catalogue.layers import DefaultsSettings, LayerSettings
from tuilerie.catalogue.matrix_sets import MatrixSetSettings
from tuilerie.catalogue.places import join_pointer
from tuilerie.catalogue.source_links import circles, members_of
from tuilerie.catalogue.theme_references import theme_problems
from tuilerie.errors import Problem
from tuilerie.grids import TileMatrixSet, named_matrix_set, named_matrix_sets

__all__ = ["References", "outline"]

BUILT_IN_CACHES = ("default", "none")
BUILT_IN_STYLES = ("default",)

_MATRIX_SET: TypeAdapter[Any] = TypeAdapter(MatrixSetSettings)


def outline(document: CatalogueDocument) -> dict[str, Any]:
    """Return of a document what `References` looks at."""
    return {
        "matrix_sets": document.matrix_sets,
        "sources": document.sources,
        "styles": document.styles,
        "caches": document.caches,
        "defaults": _names(document.defaults),
        "layers": {identifier: _names(layer) for identifier, layer in document.layers.items()},
        "themes": {
            hierarchy: {identifier: theme.model_dump() for identifier, theme in themes.items()}
            for hierarchy, themes in document.themes.items()
        },
    }


def _names(settings: LayerSettings | DefaultsSettings) -> dict[str, Any]:
    uses = settings.matrix_sets
    named: dict[str, Any] = {
        "cache": settings.cache,
        "matrix_sets": uses and [{"id": use.id, "matrices": use.matrices} for use in uses],
    }
    if settings.client_max_age_s is not None:
        named["client_max_age_s"] = settings.client_max_age_s.model_dump()
    if isinstance(settings, LayerSettings):
        named |= {"source": settings.source, "styles": settings.styles}
    return named


class References:
    """What one look through a document found.

    Args:
        data: the document as plain data, of any shape.
        base: the folder from which files are meant.
        suggestions: finds the name that was meant.

    Attributes:
        problems: names that mean nothing, matrix sets that contradict themselves.
        warnings: entries that nobody uses.
        matrix_sets: the document's own sets as grids, by identifier; without those at fault.
    """

    def __init__(self, data: Any, base: Path, suggestions: Suggestions) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.matrix_sets: dict[str, TileMatrixSet] = {}
        self._suggestions = suggestions
        self._known = {
            "source": _block(data, "sources"),
            "style": _block(data, "styles"),
            "cache": _block(data, "caches"),
            "matrix set": _block(data, "matrix_sets"),
            "layer": _block(data, "layers"),
        }
        self._used: dict[str, set[str]] = {what: set() for what in self._known}
        self._matrix_names: dict[str, tuple[str, ...] | None] = {}
        self._build_matrix_sets(base)
        self._look_at_defaults(_block(data, "defaults"))
        for identifier, layer in _block(data, "layers").items():
            if isinstance(layer, Mapping):
                self._look_at_layer(layer, "layers", identifier)
        for identifier, source in self._known["source"].items():
            self._look_at_source(source, "sources", identifier)
        self.problems += circles(self._known["source"], self._known["layer"])
        for identifier, style in self._known["style"].items():
            self._look_at_legends(style, base, "styles", identifier, "legends")
        self.problems += theme_problems(
            _block(data, "themes"), _block(data, "layers"), self._suggestions
        )
        self._find_unused()

    def _build_matrix_sets(self, base: Path) -> None:
        for identifier, raw in self._known["matrix set"].items():
            self._matrix_names[identifier] = None
            pointer = join_pointer("matrix_sets", identifier)
            if identifier in named_matrix_sets():
                self._report(
                    f"{identifier!r} is the name of a matrix set that exists already",
                    "give yours another name",
                    pointer,
                )
                continue
            try:
                built = build_matrix_set(identifier, _MATRIX_SET.validate_python(raw), base)
            except ValidationError:
                continue  # its form is wrong, which the models report
            except ValueError as error:
                self._report(f"the matrix set makes no sense: {error}", "", pointer)
                continue
            self.matrix_sets[identifier] = built
            self._matrix_names[identifier] = tuple(each.identifier for each in built.matrices)

    def _look_at_defaults(self, defaults: Mapping[str, Any]) -> None:
        self._look_at_uses(defaults.get("matrix_sets"), "defaults", "matrix_sets")
        self._look_at_ages(defaults.get("client_max_age_s"), "defaults", "client_max_age_s")
        cache = defaults.get("cache", "default")
        self._look_up("cache", cache, BUILT_IN_CACHES, "defaults", "cache")

    def _look_at_layer(self, layer: Mapping[str, Any], *path: str) -> None:
        self._look_up("source", layer.get("source"), (), *path, "source")
        self._look_up("cache", layer.get("cache"), BUILT_IN_CACHES, *path, "cache")
        self._look_at_uses(layer.get("matrix_sets"), *path, "matrix_sets")
        self._look_at_ages(layer.get("client_max_age_s"), *path, "client_max_age_s")
        styles = layer.get("styles")
        self._look_at_twice(styles, *path, "styles")
        if self._has_styles(layer.get("source")):
            # Of its own, that only the source knows: the compiler looks at them.
            self._used["style"].update(name for name in _entries(styles) if isinstance(name, str))
            return
        for n, style in enumerate(_entries(styles)):
            self._look_up("style", style, BUILT_IN_STYLES, *path, "styles", n)

    def _has_styles(self, source: object) -> bool:
        settings = self._known["source"].get(source) if isinstance(source, str) else None
        kind = settings.get("kind") if isinstance(settings, Mapping) else None
        return (kind or getattr(settings, "kind", "")) in {"wmts", "wms", "fallback", "by_matrix"}

    def _look_at_source(self, source: object, *path: str) -> None:
        """Check what a source is made of."""
        for (what, name), place in members_of(source):
            self._look_up(what, name, (), *path, *place)
        settings = source if isinstance(source, Mapping) else getattr(source, "__dict__", {})
        if settings.get("kind") == "xyz" and settings.get("matrix_set") is not None:
            named = settings["matrix_set"]
            self._look_up("matrix set", named, named_matrix_sets(), *path, "matrix_set")
        if settings.get("kind") != "by_matrix":
            return
        named = settings.get("matrix_set", "WebMercatorQuad")
        found = self._look_up("matrix set", named, named_matrix_sets(), *path, "matrix_set")
        for n, part in enumerate(_entries(settings.get("parts"))):
            if found is not None:
                fields = part if isinstance(part, Mapping) else getattr(part, "__dict__", {})
                ends = fields.get("matrices")
                self._look_at_matrices(found, ends, *path, "parts", n, "matrices")

    def _look_at_uses(self, uses: object, *path: str) -> None:
        self._look_at_twice(
            [use.get("id") if isinstance(use, Mapping) else use for use in _entries(uses)], *path
        )
        for n, use in enumerate(_entries(uses)):
            inside = ("id",) if isinstance(use, Mapping) else ()
            identifier = use.get("id") if isinstance(use, Mapping) else use
            found = self._look_up("matrix set", identifier, named_matrix_sets(), *path, n, *inside)
            if found is not None and isinstance(use, Mapping):
                self._look_at_matrices(found, use.get("matrices"), *path, n, "matrices")

    def _look_at_ages(self, ages: object, *path: str) -> None:
        rules = ages.get("matrices") if isinstance(ages, Mapping) else ()
        for n, rule in enumerate(_entries(rules)):
            if isinstance(rule, Mapping):
                place: tuple[str | int, ...] = (*path, "matrices", n)
                found = self._look_up(
                    "matrix set", rule.get("id"), named_matrix_sets(), *place, "id"
                )
                if found is not None:
                    self._look_at_matrices(found, rule.get("matrices"), *place, "matrices")

    def _look_at_legends(self, style: object, base: Path, *path: str) -> None:
        written = style.get("legends") if isinstance(style, Mapping) else ()
        one = isinstance(written, Mapping)
        for n, legend in enumerate([written] if one else _entries(written)):
            file = legend.get("file") if isinstance(legend, Mapping) else None
            if isinstance(file, str) and not (base / file).is_file():
                place: tuple[str | int, ...] = path if one else (*path, n)
                self._report("there is no such file", "", join_pointer(*place, "file"))

    def _look_at_matrices(self, identifier: str, ends: object, *path: str | int) -> None:
        """Check the two ends of a range of matrices."""
        names = self._names_in(identifier)
        written = [spelled(end) for end in _entries(ends)]
        if names is None or len(written) != 2:
            return
        unknown = [n for n, end in enumerate(written) if end not in names]
        for n in unknown:
            self._report(
                f"{identifier} has no matrix {written[n]!r}",
                f"its matrices are {listed(names)}",
                join_pointer(*path, n),
            )
        if not unknown and names.index(str(written[0])) > names.index(str(written[1])):
            self._report(
                f"matrix {written[0]!r} is finer than {written[1]!r}",
                "write the coarser one first",
                join_pointer(*path),
            )

    def _names_in(self, identifier: str) -> tuple[str, ...] | None:
        """Return the matrices of a set, None if the set itself is at fault."""
        if identifier not in self._matrix_names:
            matrices = named_matrix_set(identifier).matrices
            self._matrix_names[identifier] = tuple(each.identifier for each in matrices)
        return self._matrix_names[identifier]

    def _look_at_twice(self, entries: object, *path: str | int) -> None:
        seen: set[str] = set()
        for n, entry in enumerate(_entries(entries)):
            name = spelled(entry)
            if isinstance(name, str) and name in seen:
                self._report(f"{name!r} is here twice", "remove one", join_pointer(*path, n))
            elif isinstance(name, str):
                seen.add(name)

    def _look_up(
        self, what: str, written: object, built_in: Sequence[str], *path: str | int
    ) -> str | None:
        """Note the use of a name; return it if it means something."""
        name = spelled(written)
        if not isinstance(name, str):
            return None  # absent, or of a wrong form, which the models report
        known = self._known[what]
        self._used[what].add(name)
        if name in known or name in built_in:
            return name
        hint = self._suggestions.hint(name, [*known, *built_in], f"{what}s")
        self._report(f"there is no {what} {name[:80]!r}", hint, join_pointer(*path))
        return None

    def _find_unused(self) -> None:
        for what, block in (
            ("source", "sources"),
            ("style", "styles"),
            ("cache", "caches"),
            ("matrix set", "matrix_sets"),
        ):
            for identifier in self._known[what]:
                if identifier not in self._used[what]:
                    pointer = join_pointer(block, identifier)
                    self.warnings.append(
                        Problem(f"no layer uses the {what} {identifier!r}", "", pointer)
                    )

    def _report(self, message: str, hint: str, pointer: str) -> None:
        self.problems.append(Problem(message, hint, pointer))


def _block(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _entries(value: object) -> Iterator[Any]:
    return iter(value if isinstance(value, list | tuple) else ())
