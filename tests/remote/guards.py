"""What a fake remote may demand of who asks, and what it says to those who have it not."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable

from tests.remote.fake import Answer, Request

__all__ = ["wants_basic", "wants_digest", "wants_key"]

Guard = Callable[[Request], Answer | None]


def wants_basic(user: str, password: str) -> Guard:
    """Demand a user and a password."""
    right = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    refusal = Answer(401, b"who?", "text/plain", {"WWW-Authenticate": 'Basic realm="maps"'})
    return lambda request: None if request.headers.get("authorization") == right else refusal


def wants_key(name: str, value: str) -> Guard:
    """Demand a parameter of the query."""
    return lambda request: None if request.query.get(name) == value else Answer(403, b"no key")


def wants_digest(user: str, password: str, *, challenge: str, nonce: str = "n0nce") -> Guard:
    """Demand Digest with MD5 and `auth`.

    Args:
        challenge: the WWW-Authenticate header, or several divided by line feeds.
    """
    secret = _md5(f"{user}:maps:{password}")

    def guard(request: Request) -> Answer | None:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("authorization", "")))
        asked = _md5(f"{request.method}:{request.target}")
        middle = ":".join(said.get(part, "") for part in ("nonce", "nc", "cnonce", "qop"))
        right = _md5(f"{secret}:{middle}:{asked}")
        if said.get("response") == right and said.get("nonce") == nonce:
            return None
        return Answer(401, b"who?", "text/plain", {"WWW-Authenticate": challenge})

    return guard


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
