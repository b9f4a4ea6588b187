"""A running server with the demo, and a browser that notes everything that should not happen."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

_ADDRESS = re.compile(rb"serves at\D*(http://127\.0\.0\.1:\d+)")


# Package scope: the synchronous playwright keeps an event loop running, which must have ended
# before the asynchronous tests of other folders begin.
@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `tuilerie serve` with the bundled demo, as an operator starts it."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("server")
    command = [str(Path(sys.executable).with_name("tuilerie")), "serve"]
    command += [str(root / "examples" / "demo" / "catalogue.yaml"), "--port", "0"]
    command += ["--data", str(folder / "data"), "--no-access-log"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the address that the server prints."""
    for _ in range(300):
        found = _ADDRESS.search(log.read_bytes())
        if found:
            return found[1].decode()
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: make system")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class Visit:
    """One visitor with a fresh browser profile; what went wrong is noted as it happens."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(f"console: {message.text}")

    def _request(self, request: Any) -> None:
        self.requests.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in {"data", "blob"}:
            return
        if f"{parts.scheme}://{parts.netloc}" != self.server:
            self.troubles.append(f"request to another host: {request.url}")

    def open(self, fragment: str = "") -> Page:
        """Go to the page, and wait until the map of its layer is drawn."""
        self.page.goto(f"{self.server}/{fragment}")
        self.drawn()
        return self.page

    def drawn(self, what: str = "") -> None:
        """Wait until the map shows `what` ("layer/style/set/format", or how that begins)."""
        self.page.wait_for_function(
            "what => document.body.dataset.drawn?.startsWith(what)"
            " && !document.body.classList.contains('busy')",
            arg=what,
        )

    def tiles(self) -> list[str]:
        """Return the paths of the tiles that were asked for."""
        paths = [urlsplit(url).path for url in self.requests if "/wmts/1.0.0/" in url]
        return [path for path in paths if "/legend" not in path]

    def colours(self) -> int:
        """Return how many different colours the map has, transparent not counted."""
        return int(
            self.page.evaluate(
                """() => {
                  const colours = new Set();
                  for (const canvas of document.querySelectorAll('#map canvas')) {
                    const {width, height} = canvas;
                    const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
                    for (let i = 0; i < data.length; i += 28) {
                      if (data[i + 3]) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
                    }
                  }
                  return colours.size;
                }"""
            )
        )

    def strongest_alpha(self) -> int:
        """Return the opacity of the most opaque pixel of the map, 0 to 255."""
        return int(
            self.page.evaluate(
                """() => {
                  const canvas = document.querySelector('#map canvas');
                  const {width, height} = canvas;
                  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
                  let most = 0;
                  for (let i = 3; i < data.length; i += 4) most = Math.max(most, data[i]);
                  return most;
                }"""
            )
        )

    def drawn_box(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of what is not transparent, in pixels of the page."""
        left, top, right, bottom = self.page.evaluate(
            """() => {
              const canvas = document.querySelector('#map canvas');
              const {width, height} = canvas;
              const ratio = width / canvas.getBoundingClientRect().width;
              const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
              let [left, top, right, bottom] = [width, height, 0, 0];
              for (let y = 0; y < height; y += 2) for (let x = 0; x < width; x += 2) {
                if (!data[(y * width + x) * 4 + 3]) continue;
                left = Math.min(left, x); right = Math.max(right, x);
                top = Math.min(top, y); bottom = Math.max(bottom, y);
              }
              return [left, top, right, bottom].map((value) => value / ratio);
            }"""
        )
        return left, top, right, bottom


@pytest.fixture
def context_options() -> dict[str, Any]:
    """What the visitor's browser is like; tests parametrize or override it."""
    return {"viewport": DESKTOP, "locale": "en-GB"}


@pytest.fixture
def visit(
    chromium: Browser, server: str, context_options: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A visit whose console must stay silent and whose requests must all come to us.

    A test that provokes trouble takes it out of `visit.troubles` itself.
    """
    context = chromium.new_context(**context_options)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server)
    visitor = Visit(context, server)
    yield visitor
    context.close()
    assert visitor.troubles == []
