"""Whom we believe and who we are, in TLS."""

from __future__ import annotations

import ssl

from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.secrets import SecretScope
from tuilerie.sources.remote.settings import RemoteSettings

__all__ = ["tls_context"]


def tls_context(
    settings: RemoteSettings, scope: SecretScope, source: str, *, ours: bool
) -> ssl.SSLContext:
    """Return the context for the connections of a source.

    Args:
        ours: whether the hosts are those of the source: others are not shown the certificate,
            and are always verified.

    Raises: UpstreamError (kind "secret"): a file cannot be read, or is not what it should be.
    """
    try:
        bundle = str(scope.path(settings.ca_bundle, source)) if settings.ca_bundle else None
        context = ssl.create_default_context(cafile=bundle)
        if ours and not settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if ours and settings.client_certificate:
            password = settings.client_key_password
            known = "" if password is None else scope.resolve(password, source)
            key = settings.client_key
            context.load_cert_chain(
                scope.path(settings.client_certificate, source),
                scope.path(key, source) if key else None,
                # Without one OpenSSL would ask at the terminal.
                password=lambda: known,
            )
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError; its text names no secret.
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "not PEM"
        raise UpstreamError(
            f"Source {source}: the operator must see to the certificate files of this source: "
            f"{reason}.",
            source,
            "secret",
        ) from None
    return context
