"""One run of the suite by TEAM Engine's console, without a screen."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from pathlib import Path

from lxml import etree

from conformance.offline import SchemaProxy

__all__ = ["parts_for", "run"]

SCRIPT = "scripts/wmts/1.0.0/ctl/wmts-auto.xml"
RESOURCES = "scripts/wmts/1.0.0/resources"
USER = SESSION = "conformance"
HEAP = "512m"
_RUN_S = 1500

_NAMES = {"wmts": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}


def parts_for(capabilities_url: str) -> dict[str, str]:
    """Return the suite's switches: on for what the capabilities offer, else off."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(capabilities_url, timeout=60) as answer:
        document = etree.fromstring(answer.read())

    def switch(path: str) -> str:
        return "on" if document.xpath(f"boolean({path})", namespaces=_NAMES) else "off"

    information = "//ows:Operation[@name='GetFeatureInfo'] and //wmts:Layer/wmts:InfoFormat"
    return {
        "fail-early": "off",
        "include-CommonOperations-tests": "on",
        "include-GetCapabilities-tests": "on",
        "include-GetTile-tests": "on",
        "include-GetFeatureInfo-tests": switch(information),
        "include-kvp-get-encoding": switch("//ows:Operation[@name='GetTile']"),
        "include-restful-encoding": switch("//wmts:ServiceMetadataURL and //wmts:ResourceURL"),
    }


def run(
    engine: Path, capabilities_url: str, parts: dict[str, str], proxy: SchemaProxy, log: Path
) -> Path:
    """Run the suite; return the folder of its session's logs.

    Args:
        engine: the folder with `home` and `base`.
        capabilities_url: of the server under test, by KVP.
        parts: the suite's switches.
        proxy: who answers for the rest of the world.
        log: where the engine's own words go.

    Raises:
        subprocess.TimeoutExpired: it did not end within 25 minutes.
    """
    home, base = engine / "home", engine / "base"
    logs = base / "users" / USER
    logs.mkdir(parents=True, exist_ok=True)
    jars = [home / "resources", home / "lib/*", base / "resources/lib/*", base / RESOURCES]
    command = [
        "java",
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",
        "-Djava.awt.headless=true",
        "-Djava.protocol.handler.pkgs=com.occamlab.te.util.protocols",
        f"-DTE_BASE={base}",
        f"-Duser.name={USER}",
        *proxy.java_options,
        "-cp",
        os.pathsep.join(map(str, jars)),
        "com.occamlab.te.Test",
        "-cmd=test",
        f"-source={base / SCRIPT}",
        f"-logdir={logs}",
        f"-session={SESSION}",
        "-test=wmts:main",
        f"@capabilities-url={capabilities_url}",
        *(f"@{name}={value}" for name, value in parts.items()),
    ]
    with log.open("wb") as output:
        subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=engine,
            timeout=_RUN_S,
            check=False,  # the engine's exit status says nothing; its logs do
        )
    return logs / SESSION
