"""Arguments about a remote server that several commands have, as the catalogue writes them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import typer

if TYPE_CHECKING:
    from tuilerie.catalogue.fields import Settings
    from tuilerie.catalogue.remote_options import RemoteOptions
    from tuilerie.protocols.reading.overrides import ReadingOverrides

__all__ = [
    "AxisOrder", "Ca", "Certificate", "CertificateKey", "Charset", "Digest", "Encoding",
    "EncodingChoice", "Headers", "Insecure", "Key", "Literals", "Order", "Password", "Proxy",
    "Timeout", "User", "is_address", "options_entry", "overrides_entry", "reading_overrides",
    "remote_options",
]  # fmt: skip

_PANEL = "Remote servers"
Model = TypeVar("Model", bound="Settings")


class Order(StrEnum):
    """Order of positions in a remote's documents and requests."""

    crs = "crs"
    xy = "xy"
    yx = "yx"


class EncodingChoice(StrEnum):
    """How tiles of a WMTS are asked for."""

    auto = "auto"
    kvp = "kvp"
    rest = "rest"


User = Annotated[
    str,
    typer.Option(metavar="NAME", help="User, or env:NAME, file:PATH.", rich_help_panel=_PANEL),
]
Password = Annotated[
    str,
    typer.Option(
        metavar="env:NAME|file:PATH", help="Where the password is.", rich_help_panel=_PANEL
    ),
]
Digest = Annotated[
    bool, typer.Option("--digest", help="Digest instead of Basic.", rich_help_panel=_PANEL)
]
Key = Annotated[
    str,
    typer.Option(
        metavar="PARAMETER=env:NAME",
        help="A key for every query; env: or file: say where it is.",
        rich_help_panel=_PANEL,
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        help="A further header; secret ones by env: or file:. May be repeated.",
        rich_help_panel=_PANEL,
    ),
]
Ca = Annotated[
    str,
    typer.Option(metavar="FILE", help="Authorities to believe, PEM.", rich_help_panel=_PANEL),
]
Certificate = Annotated[
    str,
    typer.Option(metavar="FILE", help="Client certificate, PEM.", rich_help_panel=_PANEL),
]
CertificateKey = Annotated[
    str,
    typer.Option(metavar="FILE", help="Its key, PEM, if elsewhere.", rich_help_panel=_PANEL),
]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", help="Believe any certificate.", rich_help_panel=_PANEL),
]
Proxy = Annotated[
    str,
    typer.Option(metavar="URL", help="HTTP proxy to go through.", rich_help_panel=_PANEL),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="For everything; 60 if absent.",
        min=0.1,
        max=600,
        rich_help_panel=_PANEL,
    ),
]
AxisOrder = Annotated[
    Order | None,
    typer.Option(help="Order of positions, if the document is wrong.", rich_help_panel=_PANEL),
]
Encoding = Annotated[
    EncodingChoice,
    typer.Option(help="How tiles of a WMTS are asked for.", rich_help_panel=_PANEL),
]
Charset = Annotated[
    str, typer.Option(help="Encoding of the document's text.", rich_help_panel=_PANEL)
]
Literals = Annotated[
    list[str] | None,
    typer.Option(
        "--literal",
        metavar="CODE",
        help="A correction that is not to be made, by its code. May be repeated.",
        rich_help_panel=_PANEL,
    ),
]


def is_address(text: str) -> bool:
    """Return whether an argument is meant as an address rather than a file that is not there."""
    if "://" in text or "{" in text or text.startswith("//"):
        return True
    host, slash, _ = text.strip().partition("/")
    if not slash:
        host, slash, _ = text.partition("?")
    name, _, port = host.partition(":")
    if not slash or name in {"", ".", "..", "~"}:
        return False
    label = name.rpartition(".")[2]
    return port.isdigit() or name == "localhost" or ("." in name and label.isalnum())


def options_entry(
    *,
    user: str = "",
    password: str = "",
    digest: bool = False,
    key: str = "",
    headers: list[str] | None = None,
    ca: str = "",
    certificate: str = "",
    certificate_key: str = "",
    insecure: bool = False,
    proxy: str = "",
    timeout: float | None = None,
) -> dict[str, Any]:
    """Return the `options` of a source that say the same; what was not given is left out.

    Raises: typer.BadParameter: half of a pair is missing; what may be secret is not repeated.
    """
    entry: dict[str, Any] = {}
    if bool(user) != bool(password):
        raise typer.BadParameter("--user and --password belong together")
    if user:
        entry["login"] = {"user": user, "password": password}
        if digest:
            entry["login"]["scheme"] = "digest"
    if key:
        name, found, value = key.partition("=")
        if not found:
            raise typer.BadParameter("--key is written as PARAMETER=env:NAME")
        entry["key"] = {"name": name, "value": value}
    if headers:
        pairs = [header.partition(":") for header in headers]
        if not all(found for _, found, _ in pairs):
            raise typer.BadParameter("--header is written as 'NAME: VALUE'")
        entry["headers"] = {name.strip(): value.strip() for name, _, value in pairs}
    given = {
        "ca_bundle": ca,
        "client_certificate": certificate,
        "client_key": certificate_key,
        "proxy": proxy,
        "total_timeout_s": timeout,
    }
    entry |= {name: value for name, value in given.items() if value}
    return entry | ({"verify": False} if insecure else {})


def overrides_entry(
    *,
    axis_order: Order | None = None,
    crs: str = "",
    charset: str = "",
    literals: list[str] | None = None,
) -> dict[str, Any]:
    """Return the `overrides` of a source that say the same; what was not given is left out."""
    given: dict[str, Any] = {
        "axis_order": None if axis_order is None else axis_order.value,
        "origin_crs": crs,
        "charset": charset,
        "literal": list(literals or ()),
    }
    return {name: value for name, value in given.items() if value}


def remote_options(entry: dict[str, Any]) -> RemoteOptions:
    """Return the options of an entry. Raises: typer.BadParameter."""
    from tuilerie.catalogue.remote_options import RemoteOptions

    return _validated(RemoteOptions, entry)


def _validated(model: type[Model], entry: dict[str, Any]) -> Model:
    """Return a block of the catalogue. Raises: typer.BadParameter, without what was typed."""
    from pydantic import ValidationError

    try:
        return model.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise typer.BadParameter(f"{place}: {first['msg']}") from None


_ENCODINGS: Final[dict[EncodingChoice, Literal["auto", "kvp", "rest"]]] = {
    EncodingChoice.auto: "auto",
    EncodingChoice.kvp: "kvp",
    EncodingChoice.rest: "rest",
}


def reading_overrides(entry: dict[str, Any], encoding: EncodingChoice) -> ReadingOverrides:
    """Return how the document is to be read. Raises: typer.BadParameter: no such CRS."""
    from tuilerie.catalogue.remote_sources import OverrideSettings
    from tuilerie.sources.remote.from_options import overrides_of

    return overrides_of(_validated(OverrideSettings, entry), _ENCODINGS[encoding])
