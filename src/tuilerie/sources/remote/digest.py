"""Digest access authentication, the client's part (RFC 7616).

Of several challenges the strongest algorithm is answered, wherever in the headers it stands.
`auth-int` alone is not answered: our requests have no body to protect, and none ask for it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

__all__ = ["Digest", "challenges"]

# In the order of preference (RFC 7616, 3.7); MD5 is there for the servers that know no better.
_ALGORITHMS: Final[Mapping[str, str]] = {
    "SHA-512-256": "sha512_256",
    "SHA-256": "sha256",
    "MD5": "md5",
}
_PART: Final = re.compile(
    r"""\s*,?\s*(?:(?P<name>[\w!#$%&'*+.^`|~-]+)\s*=\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.){0,4000})"|(?P<plain>[^\s,"]{1,4000}))
        |(?P<scheme>[\w!#$%&'*+.^`|~-]+)(?=\s|,|$))""",
    re.VERBOSE | re.ASCII,
)
_MAX_HEADER: Final = 8_192


class Digest:
    """Answers the challenges of one server for one user.

    Args:
        nonce: makes a client nonce, hexadecimal.
    """

    __slots__ = ("_challenge", "_count", "_nonce", "_password", "_user")

    def __init__(
        self, user: str, password: str, nonce: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        self._user = user
        self._password = password
        self._nonce = nonce
        self._challenge: Mapping[str, str] | None = None
        self._count = 0

    def challenged(self, headers: Iterable[str]) -> bool:
        """Take up the WWW-Authenticate headers of a 401; return whether to ask once more.

        A challenge without `stale` to a request that had an answer means a wrong password,
        which the next 401 shows: the caller asks once more and no oftener.
        """
        best = min(
            (challenge for challenge in challenges(headers) if _answerable(challenge)),
            key=lambda challenge: _rank(_algorithm(challenge)),
            default=None,
        )
        if best is None:
            return False
        if self._challenge is None or self._challenge["nonce"] != best["nonce"]:
            self._count = 0
        self._challenge = best
        return True

    def authorization(self, method: str, target: str) -> str:
        """Return the Authorization header of a request; "" before the first challenge.

        Args:
            target: path and query as they are sent.
        """
        challenge = self._challenge
        if challenge is None:
            return ""
        self._count += 1
        algorithm = _algorithm(challenge)
        realm, nonce, cnonce = challenge.get("realm", ""), challenge["nonce"], self._nonce()
        count = f"{self._count:08x}"

        def digest(*parts: str) -> str:
            name = _ALGORITHMS[_plain_name(algorithm)]
            return hashlib.new(name, ":".join(parts).encode(), usedforsecurity=False).hexdigest()

        secret = digest(self._user, realm, self._password)
        if algorithm.endswith("-SESS"):
            secret = digest(secret, nonce, cnonce)
        request = digest(method, target)
        qop = "qop" in challenge
        middle = (nonce, count, cnonce, "auth") if qop else (nonce,)
        fields = {
            "username": _quoted(self._user),
            "realm": _quoted(realm),
            "nonce": _quoted(nonce),
            "uri": _quoted(target),
            "response": f'"{digest(secret, *middle, request)}"',
        }
        if "algorithm" in challenge:
            fields["algorithm"] = challenge["algorithm"]
        if "opaque" in challenge:
            fields["opaque"] = _quoted(challenge["opaque"])
        if qop:
            fields |= {"qop": "auth", "nc": count, "cnonce": f'"{cnonce}"'}
        elif algorithm.endswith("-SESS"):
            fields["cnonce"] = f'"{cnonce}"'
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def challenges(headers: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """Yield the parameters of every Digest challenge in WWW-Authenticate headers."""
    for header in headers:
        text, position = header[:_MAX_HEADER], 0
        current: dict[str, str] | None = None
        while found := _PART.match(text, position):
            position = found.end()
            if found["scheme"]:
                if current is not None:
                    yield current
                current = {} if found["scheme"].lower() == "digest" else None
            elif current is not None:
                value = found["plain"]
                if value is None:
                    value = re.sub(r"\\(.)", r"\1", found["quoted"])
                current.setdefault(found["name"].lower(), value)
        if current is not None:
            yield current


def _answerable(challenge: Mapping[str, str]) -> bool:
    qops = [qop.strip().lower() for qop in challenge.get("qop", "auth").split(",")]
    return (
        bool(challenge.get("nonce"))
        and _plain_name(_algorithm(challenge)) in _ALGORITHMS
        and "auth" in qops
        and all(value.isprintable() for value in challenge.values())
    )


def _algorithm(challenge: Mapping[str, str]) -> str:
    return challenge.get("algorithm", "MD5").upper()


def _plain_name(algorithm: str) -> str:
    return algorithm.removesuffix("-SESS")


def _rank(algorithm: str) -> int:
    return list(_ALGORITHMS).index(_plain_name(algorithm))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
