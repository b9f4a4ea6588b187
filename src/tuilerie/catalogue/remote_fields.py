"""The kinds of value that only settings of remote servers have, each refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Line, Number, Whole

__all__ = [
    "Headers", "Hosts", "ParameterText", "Places", "Port", "ProxyAddress", "SecretText",
    "ServerAddress", "Sha256", "Timeout",
]  # fmt: skip

_SECRET: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0]+")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HOST: Final = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_PROXY: Final = re.compile(r"https?://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_ADDRESS: Final = re.compile(
    r"(?:[Hh][Tt][Tt][Pp][Ss]?://)?"  # people paste addresses without it
    r"(?:[A-Za-z0-9_.{}=,~$()%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"  # {s} and {switch:…} too
    r"(?:,[a-z0-9]+\})?[^\s<>\"^`|\\]*"
)
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_OURS_IN_WMS: Final = frozenset(
    {"service", "request", "version", "bbox", "width", "height", "crs", "srs", "layers"}
)
_TELLING: Final = re.compile(r"auth|cookie|key|token|secret|passw|credential", re.IGNORECASE)
_OURS: Final = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-length", "host", "if-modified-since",
        "if-none-match", "proxy-authorization", "range", "referer", "te", "transfer-encoding",
        "upgrade", "user-agent",
    }
)  # fmt: skip


def _secret(value: object) -> object:
    if isinstance(value, str) and _SECRET.fullmatch(value):
        return value
    # The value is not repeated: it may be the secret itself.
    raise PydanticCustomError(
        "secret", "a secret is not written here: say env:NAME or file:PATH, and put it there"
    )


def _pairs(headers: object) -> object:
    """Take headers as pairs: a source is the key under which its description is kept."""
    return tuple(headers.items()) if isinstance(headers, Mapping) else headers


def _headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise PydanticCustomError("header", "{name} is not a header", {"name": repr(name)[:60]})
        if name.lower() in _OURS:
            raise PydanticCustomError(
                "header", "the header {name} is set by the server, or a setting", {"name": name}
            )
        if _TELLING.search(name) and not _SECRET.fullmatch(value):
            raise PydanticCustomError(
                "secret",
                "the header {name} is a secret: say env:NAME or file:PATH, and put it there",
                {"name": name},
            )
        if not value.isprintable():
            raise PydanticCustomError(
                "header", "the header {name} has characters that cannot be sent", {"name": name}
            )
    return headers


def _host_name(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise PydanticCustomError("host", "{text} is not a host name", {"text": repr(text)[:60]})
    return text.lower()


def _place(text: str) -> str:
    """Check a host name or a network."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return _host_name(text)
    return text


def _proxy(text: str) -> str:
    if not _PROXY.fullmatch(text):
        # A user and password may stand in it.
        raise PydanticCustomError(
            "proxy", "a proxy is written as http://host:port; its user has a setting of its own"
        )
    return text.rstrip("/")


def _server_address(text: str) -> str:
    """Check the form of a server's address; a template may have braces anywhere."""
    text = text.strip()
    scheme, found, rest = text.partition("://")
    if found and scheme.lower() not in {"http", "https"}:
        raise PydanticCustomError(
            "address",
            "servers are asked by http or https, not by {scheme}",
            {"scheme": scheme[:20]},
        )
    host = re.split(r"[/?#]", rest if found else text, maxsplit=1)[0]
    if "@" in host:
        # Not repeated: a password may stand in it.
        raise PydanticCustomError(
            "address", "a user does not belong into an address: options.login has a place for it"
        )
    if len(text) > 8192 or not host or not _ADDRESS.fullmatch(text):
        raise PydanticCustomError(
            "address", "{text} is not the address of a server", {"text": repr(text)[:80]}
        )
    return text


def _parameter(text: str) -> str:
    if not _PARAMETER.fullmatch(text) or text.lower() in _OURS_IN_WMS:
        raise PydanticCustomError(
            "parameter", "{text} is no parameter that can be added", {"text": repr(text)[:60]}
        )
    return text


SecretText = Annotated[
    str,
    BeforeValidator(_secret, json_schema_input_type=str),
    Field(json_schema_extra={"pattern": f"^(?:{_SECRET.pattern})$"}),
]
"""Where a secret is: `env:NAME` or `file:PATH`."""

Headers = Annotated[
    tuple[tuple[str, Line], ...],
    BeforeValidator(_pairs, json_schema_input_type=dict[str, str]),
    AfterValidator(_headers),
    PlainSerializer(dict),
    Field(max_length=50),
]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host_name)], ...], Field(max_length=100)]
Places = Annotated[tuple[Annotated[str, AfterValidator(_place)], ...], Field(max_length=1000)]
ProxyAddress = Annotated[str, AfterValidator(_proxy)]
Port = Annotated[Whole, Field(ge=1, le=65_535)]
Timeout = Annotated[Number, Field(gt=0, le=600)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ServerAddress = Annotated[Line, AfterValidator(_server_address)]
"""Of a service, a document or tiles, as people paste it."""
ParameterText = Annotated[Line, AfterValidator(_parameter)]
"""Name of a further parameter of a query."""
