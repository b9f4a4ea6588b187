"""What an operator wrote of a remote, as the client takes it."""

from __future__ import annotations

import os
from typing import Literal

from tuilerie.catalogue.remote_options import LoginOptions, RemoteAccessOptions, RemoteOptions
from tuilerie.catalogue.remote_sources import (
    OverrideSettings,
    RemoteSourceSettings,
    WmtsSource,
    XyzSource,
)
from tuilerie.grids import Crs
from tuilerie.protocols.reading.overrides import AS_READ, ReadingOverrides
from tuilerie.sources.remote.addresses import AddressPolicy
from tuilerie.sources.remote.error_pictures import ErrorPicture, ErrorPictures
from tuilerie.sources.remote.secrets import SecretReference
from tuilerie.sources.remote.settings import BreakerSettings, Credentials, RemoteSettings

__all__ = [
    "address_policy",
    "error_pictures",
    "overrides_of",
    "reading_overrides",
    "remote_settings",
]


def remote_settings(options: RemoteOptions, base: str = "") -> RemoteSettings:
    """Return the settings of a source.

    Args:
        base: the folder from which relative paths are meant; "" = the working folder.
    """

    def path(text: str | None) -> str:
        return os.path.join(base, text) if text else ""  # noqa: PTH118 - an absolute one stays

    key_password = options.client_key_password
    return RemoteSettings(
        enabled=options.enabled,
        credentials=_credentials(options.login),
        credential_hosts=options.credential_hosts,
        headers=tuple((name, _plain_or_secret(value)) for name, value in options.headers),
        key=None
        if options.key is None
        else (options.key.name, SecretReference.parse(options.key.value)),
        client_certificate=path(options.client_certificate),
        client_key=path(options.client_key),
        client_key_password=None if key_password is None else SecretReference.parse(key_password),
        ca_bundle=path(options.ca_bundle),
        verify=options.verify,
        proxy=options.proxy or "",
        proxy_credentials=_credentials(options.proxy_login),
        user_agent=options.user_agent,
        referer=options.referer,
        connect_timeout_s=options.connect_timeout_s,
        read_timeout_s=options.read_timeout_s,
        total_timeout_s=options.total_timeout_s,
        max_connections=options.max_connections,
        requests_per_s=options.requests_per_s,
        retries=options.retries,
        backoff_s=options.backoff_s,
        max_retry_after_s=options.max_retry_after_s,
        missing_s=options.missing_s,
        max_bytes=options.max_bytes,
        allow_downgrade=options.allow_downgrade,
        breaker=BreakerSettings(**options.breaker.model_dump()),
    )


def address_policy(options: RemoteAccessOptions, *, trusted: bool) -> AddressPolicy:
    """Return the policy of a source.

    Args:
        trusted: whether it stands in the operator's own file.
    """
    return AddressPolicy(
        trusted=trusted, allow=options.allow, deny=options.deny, ports=options.ports
    )


def reading_overrides(settings: RemoteSourceSettings) -> ReadingOverrides:
    """Return how the documents of a source are read.

    Raises: ValueError: a CRS that nobody knows, which checking the document refuses before.
    """
    if isinstance(settings, XyzSource):
        return AS_READ
    encoding = settings.encoding if isinstance(settings, WmtsSource) else "auto"
    return overrides_of(settings.overrides, encoding)


def overrides_of(
    said: OverrideSettings, encoding: Literal["auto", "kvp", "rest"] = "auto"
) -> ReadingOverrides:
    """Return what an operator knows better, as the readers take it. Raises: ValueError."""
    return ReadingOverrides(
        axis_order=said.axis_order,
        origin_crs=None if said.origin_crs is None else Crs.parse(said.origin_crs),
        crs_by_matrix_set={name: Crs.parse(text) for name, text in said.crs},
        encoding=None if encoding == "auto" else encoding,
        charset=said.charset,
        pixel_m=said.pixel_m,
        literal=frozenset(said.literal),
    )


def error_pictures(options: RemoteOptions) -> ErrorPictures:
    """Return the pictures that are none."""
    return ErrorPictures(
        [
            ErrorPicture(
                picture.means,
                picture.sha256 or "",
                None if picture.colour is None else _rgba(picture.colour),
            )
            for picture in options.error_pictures
        ]
    )


def _credentials(login: LoginOptions | None) -> Credentials | None:
    if login is None:
        return None
    password = SecretReference.parse(login.password)
    return Credentials(_plain_or_secret(login.user), password, login.scheme)


def _plain_or_secret(text: str) -> str | SecretReference:
    """Take what begins like a reference for one; anything else is what it is."""
    return SecretReference.parse(text) if text.startswith(("env:", "file:")) else text


def _rgba(colour: str) -> tuple[int, int, int, int]:
    red, green, blue, *alpha = bytes.fromhex(colour[1:])
    return red, green, blue, alpha[0] if alpha else 255
