"""From the operator's file to a checked document: the door that reports everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from tuilerie.catalogue.document import CatalogueDocument
from tuilerie.catalogue.faults import Suggestions, problems_of, shown
from tuilerie.catalogue.places import Place, Places
from tuilerie.catalogue.references import References
from tuilerie.catalogue.yaml_text import MAX_BYTES, decode, read_yaml
from tuilerie.errors import CatalogueError, Problem

__all__ = ["LoadedDocument", "Place", "Places", "load_document", "parse_document"]


class LoadedDocument(NamedTuple):
    """A document that is right in itself.

    Attributes:
        places: where each value stands, for problems that show later.
        warnings: entries that nobody uses, in the order of the document.
    """

    document: CatalogueDocument
    places: Places
    warnings: tuple[Problem, ...]


def load_document(path: Path) -> LoadedDocument:
    """Read and check a catalogue file.

    Raises: CatalogueError: with all problems, in the order of the document.
    """
    file = str(path)
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CatalogueError([Problem(f"cannot be read: {reason}", file=file)]) from error
    return parse_document(decode(data, file), file=file, base=path.parent)


def parse_document(text: str, *, file: str = "", base: Path) -> LoadedDocument:
    """Check the text of a catalogue.

    Args:
        text: YAML.
        file: what to call it in problems.
        base: the folder from which the files that it names are meant.

    Raises: CatalogueError: with all problems, in the order of the document.
    """
    data = read_yaml(text, file)
    places = Places(text, file)
    if not isinstance(data, dict):
        message = f"a catalogue is a block of keys, not {shown(data)}"
        raise CatalogueError([places.place(Problem(message, "begin with `tuilerie: 1`"))])
    document, problems, warnings = _check(data, base, places)
    if document is None or problems:
        raise CatalogueError(places.in_order(problems))
    return LoadedDocument(document, places, tuple(places.in_order(warnings)))


def _check(
    data: Any, base: Path, places: Places
) -> tuple[CatalogueDocument | None, Sequence[Problem], Sequence[Problem]]:
    problems: list[Problem] = []
    document = None
    try:
        document = CatalogueDocument.model_validate(data)
    except ValidationError as error:
        problems.extend(problems_of(error, data, places, Suggestions()))
    references = References(data, base, Suggestions())
    problems.extend(references.problems)
    return document, problems, references.warnings
