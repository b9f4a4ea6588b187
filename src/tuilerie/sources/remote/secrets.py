"""Secrets by reference: the catalogue says where one is, and only an open source knows it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tuilerie.errors import UpstreamError

__all__ = ["MAX_SECRET_BYTES", "OPERATOR", "SecretReference", "SecretScope"]

MAX_SECRET_BYTES: Final = 64 * 1024
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is: `env:NAME` or `file:PATH`.

    Attributes:
        kind: "env" = a variable of the environment, "file" = the text of a file without the
            line feed at its end.
        place: the variable's name or the file's path.
    """

    kind: Literal["env", "file"]
    place: str

    @classmethod
    def parse(cls, text: str) -> SecretReference:
        """Read `env:NAME` or `file:PATH`. Raises: ValueError, which does not repeat the text."""
        kind, _, place = text.partition(":")
        if kind == "env" and _VARIABLE.fullmatch(place):
            return cls("env", place)
        if kind == "file" and place and "\0" not in place:
            return cls("file", place)
        # What was written instead may be the secret itself.
        raise ValueError("a secret is not written here: say env:NAME or file:PATH")

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"


@dataclass(frozen=True, slots=True)
class SecretScope:
    """Which secrets a source may be given: who adds a source decides where its requests go.

    Attributes:
        prefix: of variables; "" = any.
        folder: below which files must lie; None = anywhere.
    """

    prefix: str = "TUILERIE_SECRET_"
    folder: Path | None = Path("/run/secrets")

    def resolve(
        self,
        reference: SecretReference,
        source: str,
        environment: Mapping[str, str] = os.environ,
    ) -> str:
        """Return the secret itself.

        Raises: UpstreamError (kind "secret"): it is out of scope, not there, or no line of text.
        """
        if reference.kind == "env":
            value = self._variable(reference, source, environment)
        else:
            value = self._file(reference, source)
        # A line feed within would end a header and begin another.
        if not value or not value.isprintable():
            raise _fault(reference, source, "is empty or has characters that cannot be sent")
        return value

    def path(self, text: str, source: str) -> Path:
        """Return the path of a certificate or key. Raises: UpstreamError: out of scope."""
        path = Path(os.path.realpath(text))
        if self.folder is not None and not path.is_relative_to(self.folder):
            raise UpstreamError(
                f"Source {source}: the operator must put {text} below {self.folder}.",
                source,
                "secret",
            )
        return path

    def _variable(
        self, reference: SecretReference, source: str, environment: Mapping[str, str]
    ) -> str:
        if not reference.place.startswith(self.prefix):
            raise _fault(reference, source, f"must have a name that begins with {self.prefix}")
        value = environment.get(reference.place)
        if value is None:
            raise _fault(reference, source, "is not set in the environment of the server")
        return value

    def _file(self, reference: SecretReference, source: str) -> str:
        path = self.path(reference.place, source)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_SECRET_BYTES + 1)
            if len(data) > MAX_SECRET_BYTES:
                raise _fault(reference, source, f"is longer than {MAX_SECRET_BYTES:,} bytes")
            return data.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise _fault(reference, source, "is not UTF-8") from None
        except OSError as error:
            raise _fault(reference, source, f"cannot be read: {error.strerror}") from None


OPERATOR: Final = SecretScope("", None)
"""The scope of the operator's own file: everything that the server may read."""


def _fault(reference: SecretReference, source: str, why: str) -> UpstreamError:
    return UpstreamError(
        f"Source {source}: the operator must see to the secret {reference}: it {why}.",
        source,
        "secret",
    )
