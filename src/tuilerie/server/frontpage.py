"""The public front page: one small document, its data and its files, as bytes ready to send.

The page holds no layer: it fetches the list (`layers.json`) and then one layer at a time
(`layer.json?id=…`), so that 5,000 layers weigh on nobody who looks at one. All that a browser
needs comes from here, at relative addresses, and the Content-Security-Policy says so.

| path | what |
|---|---|
| `/` | the page |
| `/front/layers.json` | the listed layers: identifier, title, extent |
| `/front/layer.json?id=…` | one layer: styles, formats, matrix sets with limits |
| `/static/{version}/{file}` | scripts, styles, icons; immutable |
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import OrderedDict
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from jinja2 import Environment, StrictUndefined, Template

from tuilerie.catalogue.model import Catalogue
from tuilerie.server.frontdata import layer_document, layers_document

__all__ = ["CONTENT_SECURITY_POLICY", "PAGE_HEADERS", "UI_LANGUAGES", "FrontPage", "StaticFile"]

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""No inline script or style, no other host; data: and blob: are pictures made by the map."""

PAGE_HEADERS: Final[tuple[tuple[str, str], ...]] = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("vary", "accept-language, accept-encoding"),
)
"""Headers that go with the page; names in lower case, as ASGI wants them."""

UI_LANGUAGES: Final = ("en", "fr")

_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_REVALIDATE: Final = "no-cache"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_GZIP_MIN_BYTES: Final = 1024
_IS_VERSION: Final = re.compile("[0-9a-f]{12}|").fullmatch
_MAX_READY: Final = 128
"""Ready documents kept; the address of the service is the client's word, so there is a bound."""


class StaticFile(NamedTuple):
    """Bytes ready to send.

    Attributes:
        data: the body.
        gzip: the same compressed, b"" where that is not worth it.
        etag: of `data`, hexadecimal, without quotes.
        cache_control: value of the Cache-Control header.
    """

    data: bytes
    gzip: bytes
    media_type: str
    etag: str
    cache_control: str


class FrontPage:
    """Makes the front page of a catalogue; keeps what it made until another catalogue comes."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._ready: OrderedDict[tuple[str, ...], StaticFile] = OrderedDict()

    def answer(
        self,
        path: str,
        query: str,
        catalogue: Catalogue,
        *,
        base_url: str,
        languages: tuple[str, ...],
    ) -> StaticFile | None:
        """Return what a path of the front page holds, None if it is not one of its paths.

        Args:
            path: below the service's prefix, decoded, with its leading slash.
            query: the raw query string, without "?".
            catalogue: the published state.
            base_url: the public address of the service, without trailing slash.
            languages: what the client accepts, the best first (BCP 47).
        """
        if path.startswith("/static/"):
            return self.static(path.removeprefix("/static/"))
        language = _ui_language(languages)
        if path == "/":
            key: tuple[str, ...] = ("page", base_url, language, *languages[:4])
        elif path == "/front/layers.json":
            key = ("layers",)
        elif path == "/front/layer.json":
            identifier = dict(parse_qsl(query, keep_blank_values=True)).get("id", "")
            layer = catalogue.layers.get(identifier)
            if layer is None or not layer.listed:
                return None
            key = ("layer", identifier)
        else:
            return None
        if catalogue is not self._catalogue:
            self._catalogue = catalogue
            self._ready.clear()
        found = self._ready.get(key)
        if found is None:
            found = self._make(key, catalogue, base_url, languages)
            self._ready[key] = found
            if len(self._ready) > _MAX_READY:
                self._ready.popitem(last=False)
        else:
            self._ready.move_to_end(key)
        return found

    def _make(
        self, key: tuple[str, ...], catalogue: Catalogue, base_url: str, languages: tuple[str, ...]
    ) -> StaticFile:
        if key[0] == "page":
            body = self.page(catalogue, base_url=base_url, languages=languages)
            return _file(body, "text/html; charset=utf-8", _REVALIDATE)
        if key[0] == "layers":
            body = self.layers_json(catalogue)
        else:
            body = self.layer_json(catalogue, key[1])
        return _file(body, "application/json", _REVALIDATE)

    def page(self, catalogue: Catalogue, *, base_url: str, languages: tuple[str, ...]) -> bytes:
        """Return the HTML document in the best language for `languages`."""
        language = _ui_language(languages)
        texts = _texts()
        service = catalogue.service
        wanted = (language, *languages)
        settings = {
            "base": base_url,
            "language": language,
            "languages": list(languages[:4]),
            "texts": texts,
            "service": {"title": dict(service.title.variants)},
        }
        return (
            _template()
            .render(
                language=language,
                title=service.title.best(wanted) or "Tuilerie",
                abstract=service.abstract.best(wanted),
                base_url=base_url,
                static=f"static/{_version()}",
                text={key: variants[language] for key, variants in texts.items()},
                settings=_script_json(settings),
            )
            .encode()
        )

    def layers_json(self, catalogue: Catalogue) -> bytes:
        """Return the listed layers, titles in all their languages, in the catalogue's order."""
        return _json(layers_document(catalogue)).encode()

    def layer_json(self, catalogue: Catalogue, identifier: str) -> bytes:
        """Return all that the map needs of one layer; KeyError if there is none."""
        return _json(layer_document(catalogue, identifier)).encode()

    def static(self, path: str) -> StaticFile | None:
        """Return a file by "{version}/{name}" or "{name}"; None for anything else.

        Only names that were loaded at the start are known, so no path can leave the folder.
        Under the present version the answer may be kept for ever; under another (a page from
        before an update) or none it must be asked again.
        """
        version, _, name = path.rpartition("/")
        file = _static_files().get(name)
        if file is None or not _IS_VERSION(version):
            return None
        return file if version == _version() else file._replace(cache_control=_REVALIDATE)


def _ui_language(languages: tuple[str, ...]) -> str:
    for tag in languages:
        primary = tag.lower().split("-")[0]
        if primary in UI_LANGUAGES:
            return primary
    return UI_LANGUAGES[0]


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _script_json(document: Any) -> str:
    """Return JSON that cannot end the script element that holds it, whatever the titles say."""
    text = _json(document)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _file(data: bytes, media_type: str, cache_control: str) -> StaticFile:
    packed = gzip.compress(data, 6, mtime=0) if len(data) >= _GZIP_MIN_BYTES else b""
    etag = hashlib.sha256(data).hexdigest()[:20]
    return StaticFile(data, packed, media_type, etag, cache_control)


@cache
def _static_files() -> dict[str, StaticFile]:
    folder = resources.files("tuilerie.server") / "static"
    files = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _MEDIA_TYPES:
            files[entry.name] = _file(entry.read_bytes(), _MEDIA_TYPES[suffix], _IMMUTABLE)
    return files


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name, file in _static_files().items():
        digest.update(f"{name} {file.etag}\n".encode())
    return digest.hexdigest()[:12]


@cache
def _texts() -> dict[str, dict[str, str]]:
    path = resources.files("tuilerie.server") / "templates" / "texts.json"
    texts: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return texts


@cache
def _template() -> Template:
    path = resources.files("tuilerie.server") / "templates" / "front.html"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8"))
