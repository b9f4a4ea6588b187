"""A certificate authority that lives as long as a test, made with the openssl program."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

__all__ = ["Authority"]


class Authority:
    """Signs certificates; files lie in one folder.

    Attributes:
        certificate: PEM file of the authority.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("the openssl program is not installed")
        self._folder = folder
        self.certificate = folder / "authority.pem"
        self._key = folder / "authority.key"
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate,
            "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(self, name: str, *, password: str = "", names: str = "IP:127.0.0.1") -> Path:
        """Return a PEM file with certificate and key; `names` as openssl writes them."""
        key, request, made = (self._folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        lock = ("-aes256", "-pass", f"pass:{password}") if password else ()
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                 *lock, "-out", key)  # fmt: skip
        unlock = ("-passin", f"pass:{password}") if password else ()
        _openssl("req", "-new", "-key", key, *unlock, "-subj", f"/CN={name}", "-out", request)
        extensions = self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", made)  # fmt: skip
        pem = self._folder / f"{name}.pem"
        pem.write_bytes(made.read_bytes() + key.read_bytes())
        return pem

    def server(self, name: str = "server", *, wants_client: bool = False) -> ssl.SSLContext:
        """Return the context of a server on 127.0.0.1 and `remote.test`."""
        pem = self.issue(name, names="IP:127.0.0.1,DNS:remote.test")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
