"""Where a redirect leads: a pure decision, taken again for each one."""

from __future__ import annotations

from typing import Final
from urllib.parse import urldefrag, urljoin

__all__ = ["REDIRECTS", "Redirect", "RedirectRefused", "redirect_target"]


REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses whose answer is elsewhere."""


class Redirect(Exception):
    """The answer is elsewhere; `location` is as it came."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class RedirectRefused(Exception):
    """A redirect is not followed; the message says why."""


def redirect_target(address: str, location: str, *, allow_downgrade: bool) -> str:
    """Return the address that a redirect leads to, without a fragment.

    Whether that may be asked is for the address policy to say.

    Args:
        address: that was asked. location: the header, relative or not.

    Raises: RedirectRefused.
    """
    try:
        target = urldefrag(urljoin(address, location.strip())).url
    except ValueError:
        raise RedirectRefused("it redirects to what is no address") from None
    if address.startswith("https:") and not target.startswith("https:") and not allow_downgrade:
        raise RedirectRefused("it redirects from https to something else")
    return target
