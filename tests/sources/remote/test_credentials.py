"""Users, keys, certificates and proxies, against servers that demand them."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.remote.authority import Authority
from tests.remote.fake import Answer, FakeRemote
from tests.remote.guards import wants_basic, wants_digest, wants_key
from tests.remote.proxy import FakeProxy
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.addresses import AddressPolicy
from tuilerie.sources.remote.digest import Digest, challenges
from tuilerie.sources.remote.secrets import SecretReference, SecretScope
from tuilerie.sources.remote.settings import Credentials

PASSWORD = "pä55 wörd:with\"all'of#it"
ENV = SecretReference("env", "TUILERIE_TEST_PASSWORD")


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUILERIE_TEST_PASSWORD", PASSWORD)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def _kind(client, address: str) -> str:
    with pytest.raises(UpstreamError) as caught:
        await client.get(address)
    assert PASSWORD not in str(caught.value)
    return caught.value.kind


async def test_basic(remote, make_client):
    remote.guard = wants_basic("me", PASSWORD)
    remote.otherwise(Answer(body=b"x"))
    client = make_client(credentials=Credentials("me", ENV))
    assert (await client.get(remote.url("/"))).data == b"x"
    assert await _kind(make_client(), remote.url("/")) == "authentication"
    assert await _kind(make_client(credentials=Credentials("you", ENV)), remote.url("/")) == (
        "authentication"
    )


async def test_key_in_the_query(remote, make_client):
    remote.guard = wants_key("k e y", PASSWORD)
    remote.otherwise(Answer(body=b"x"))
    client = make_client(key=("k e y", ENV))
    for target in ("/", "/?", "/?a=1", "/?a=1&"):
        assert (await client.get(remote.url(target))).data == b"x"
    assert await _kind(make_client(), remote.url("/")) == "forbidden"


CHALLENGES = [
    'Digest realm="maps", nonce="n0nce", qop="auth"',
    'Digest qop="auth-int, auth",algorithm=MD5,nonce="n0nce",opaque="x\\"y",realm="maps"',
    'Negotiate, Basic realm="other", Digest realm="maps", nonce="n0nce", qop=auth, stale=false',
    'Basic realm="a, Digest b"\r\nWWW-Authenticate: Digest realm="maps", nonce="n0nce", qop="auth"',
    'Digest realm="maps", nonce="n0nce", algorithm=FANCY, qop="auth", '
    'Digest realm="maps", nonce="n0nce", algorithm=MD5, qop="auth"',
]


@pytest.mark.parametrize("challenge", CHALLENGES)
async def test_digest_among_other_challenges(remote, make_client, challenge):
    remote.guard = wants_digest("me", PASSWORD, challenge=challenge)
    remote.otherwise(Answer(body=b"x"))
    client = make_client(credentials=Credentials("me", ENV, "digest"))
    for number in range(3):
        assert (await client.get(remote.url(f"/{number}?a=%20b"))).data == b"x"
    assert remote.count() == 4, "the challenge is remembered"
    assert not any("basic" in str(request.headers).lower() for request in remote.requests)


async def test_wrong_digest_password_is_asked_for_once_more_and_no_oftener(remote, make_client):
    remote.guard = wants_digest("me", "other", challenge=CHALLENGES[0])
    client = make_client(credentials=Credentials("me", ENV, "digest"))
    assert await _kind(client, remote.url("/")) == "authentication"
    assert remote.count() == 2


async def test_digest_is_never_told_to_who_asks_for_basic(remote, make_client):
    remote.otherwise(Answer(401, headers={"WWW-Authenticate": 'Basic realm="maps"'}))
    client = make_client(credentials=Credentials("me", ENV, "digest"))
    assert await _kind(client, remote.url("/")) == "authentication"
    assert "authorization" not in remote.requests[0].headers


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
async def test_digest_is_what_another_implementation_makes(algorithm):
    """Aiohttp's own, with the same client nonce and count."""
    challenge = f'Digest realm="ma\\"ps", nonce="n", algorithm={algorithm}, qop="auth", opaque="o"'
    theirs = aiohttp.DigestAuthMiddleware("mé", PASSWORD)
    async with FakeRemote() as remote:
        remote.on(
            "/x",
            Answer(401, headers={"WWW-Authenticate": challenge}),
            Answer(body=b"x"),
        )
        async with aiohttp.ClientSession(middlewares=(theirs,)) as session:
            await session.get(URL(remote.url("/x?a=%2Fb"), encoded=True))
        said = remote.requests[1].headers["authorization"].encode("latin-1").decode()
    (parts,) = challenges([said])
    ours = Digest("mé", PASSWORD, nonce=lambda: parts["cnonce"])
    assert ours.challenged([challenge])
    (made,) = challenges([ours.authorization("GET", "/x?a=%2Fb")])
    assert made == parts


def test_digest_of_the_rfc():
    """RFC 7616, 3.9.1: the strongest of two challenges."""
    common = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    digest = Digest(
        "Mufasa", "Circle of Life", lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    assert digest.challenged([common.format("MD5"), common.format("SHA-256")])
    assert (
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"'
        in digest.authorization("GET", "/dir/index.html")
    )


APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")


async def test_digest_of_apache(tmp_path, make_client, monkeypatch):
    """mod_auth_digest, with nonces that grow stale under way."""
    if not (APACHE.exists() and (MODULES / "mod_auth_digest.so").exists()):
        pytest.skip("Debian's apache2 is not installed")
    monkeypatch.setenv("TUILERIE_TEST_PASSWORD", "apache secret")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "tile.txt").write_text("from apache")
    users = tmp_path / "users"
    secret = subprocess.run(
        ["openssl", "md5", "-r"], input=b"me:maps:apache secret", capture_output=True, check=True
    ).stdout.split()[0]
    users.write_text(f"me:maps:{secret.decode()}\n")
    names = ("mpm_event", "authn_core", "authz_core", "authz_user", "authn_file", "auth_digest")
    loads = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in names)
    (tmp_path / "httpd.conf").write_text(
        f"{loads}ServerRoot {tmp_path}\nServerName localhost\nListen 127.0.0.1:{port}\n"
        f"PidFile {tmp_path}/pid\nErrorLog {tmp_path}/log\nDocumentRoot {tmp_path}\n"
        f"DefaultRuntimeDir {tmp_path}\n"
        f"<Directory {tmp_path}>\nAuthType Digest\nAuthName maps\nAuthDigestProvider file\n"
        f"AuthUserFile {users}\nAuthDigestNonceLifetime 1\nRequire valid-user\n</Directory>\n"
    )
    process = await asyncio.create_subprocess_exec(
        APACHE, "-f", tmp_path / "httpd.conf", "-DFOREGROUND"
    )
    try:
        async with asyncio.timeout(20):
            while not (tmp_path / "pid").exists():  # written when it listens
                await asyncio.sleep(0.02)
        address = f"http://127.0.0.1:{port}/tile.txt"
        client = make_client(homes=[address], credentials=Credentials("me", ENV, "digest"))
        started = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - started < 1.3:
            assert (await client.get(address)).data == b"from apache"
            await asyncio.sleep(0.1)
        wrong = make_client(homes=[address], credentials=Credentials("you", ENV, "digest"))
        assert await _kind(wrong, address) == "authentication"
    finally:
        process.terminate()
        await process.wait()


async def test_own_authority(authority, make_client):
    async with FakeRemote(tls=authority.server()) as secure:
        secure.otherwise(Answer(body=b"x"))
        address = secure.url("/")
        bundle = str(authority.certificate)
        client = make_client(homes=[address], ca_bundle=bundle)
        assert (await client.get(address)).data == b"x"
        careless = make_client(homes=[address], verify=False)
        assert (await careless.get(address)).data == b"x"
        assert await _kind(make_client(homes=[address]), address) == "tls"

        async def lookup(_: str):
            return ("127.0.0.1",)

        other = secure.url("/", host="wrong.test")
        client = make_client(homes=[other], ca_bundle=bundle, lookup=lookup, retries=0)
        assert await _kind(client, other) == "tls", "the name is part of what is verified"
        foreign = make_client(homes=["https://home.test/"], verify=False, lookup=lookup)
        assert await _kind(foreign, address) == "tls", "carelessness is for the source's own hosts"


@pytest.mark.parametrize("locked", [False, True])
async def test_client_certificate(authority, make_client, locked):
    async with FakeRemote(tls=authority.server(wants_client=True)) as secure:
        secure.otherwise(Answer(body=b"x"))
        address = secure.url("/")
        plain = {"homes": [address], "ca_bundle": str(authority.certificate), "retries": 0}
        pem = authority.issue(f"client-{locked}", password="apache secret" if locked else "")
        words = {"client_certificate": str(pem)}
        if locked:
            os.environ["TUILERIE_TEST_PASSWORD"] = "apache secret"
            words["client_key_password"] = ENV
        assert (await make_client(**plain, **words).get(address)).data == b"x"
        assert await _kind(make_client(**plain), address) in {"tls", "cut", "unreachable"}
        if locked:
            del words["client_key_password"]
            assert await _kind(make_client(**plain, **words), address) == "secret"


async def test_proxy_for_http_and_https(authority, remote, make_client):
    async with FakeProxy(user=("me", PASSWORD)) as proxy, FakeRemote(
        tls=authority.server("behind")
    ) as secure:  # fmt: skip
        remote.otherwise(Answer(body=b"plain"))
        secure.otherwise(Answer(body=b"secure"))
        words = {
            "proxy": proxy.url,
            "proxy_credentials": Credentials("me", ENV),
            "ca_bundle": str(authority.certificate),
            "key": ("key", ENV),
        }
        client = make_client(homes=[remote.url(), secure.url()], **words)
        assert (await client.get(remote.url("/a"))).data == b"plain"
        assert (await client.get(secure.url("/b"))).data == b"secure"
        assert proxy.targets[0].startswith(remote.url("/a"))
        assert proxy.targets[1] == f"127.0.0.1:{secure.port}"
        told = [*remote.requests, *secure.requests]
        assert not any("proxy-authorization" in request.headers for request in told[1:])
        del words["proxy_credentials"]
        for address in (remote.url("/"), secure.url("/")):
            refused = make_client(homes=[address], retries=0, **words)
            assert await _kind(refused, address) == "proxy"


async def test_proxy_is_no_way_around_the_policy(remote, make_client):
    names = {"intern.test": ("10.0.0.1",), "proxy.test": ("127.0.0.1",)}

    async def lookup(host: str):
        if host not in names:
            raise OSError
        return names[host]

    async with FakeProxy() as proxy:
        port = proxy.url.rpartition(":")[2]
        allowed = AddressPolicy(allow=("proxy.test", "known.test"))
        words = {"lookup": lookup, "proxy": f"http://proxy.test:{port}", "retries": 0}
        for address in ("http://intern.test/", "http://unknown.test/", "http://127.0.0.1/"):
            client = make_client(homes=[address], policy=allowed, **words)
            assert await _kind(client, address) == "address"
        proxy.reach["known.test"] = remote.port
        remote.on("/tile", Answer(body=b"x"))
        client = make_client(homes=["http://known.test/"], policy=allowed, **words)
        assert (await client.get("http://known.test/tile")).data == b"x"
        strict = make_client(homes=["http://known.test/"], policy=AddressPolicy(
            allow=("known.test",)), **words)  # fmt: skip
        assert await _kind(strict, "http://known.test/tile") == "address"
        literal = make_client(
            homes=["http://known.test/"], policy=allowed, **{**words, "proxy": proxy.url}
        )
        assert await _kind(literal, "http://known.test/tile") == "address"
        assert len(proxy.targets) == 1


@pytest.mark.parametrize(
    ("reference", "scope"),
    [
        (SecretReference("env", "TUILERIE_NOT_SET"), SecretScope("", None)),
        (SecretReference("env", "HOME"), SecretScope()),
        (SecretReference("file", "/etc/passwd"), SecretScope()),
        (SecretReference("file", "/run/secrets/../../etc/passwd"), SecretScope()),
        (SecretReference("file", "/etc/passwd"), SecretScope("", None)),
        (SecretReference("file", "/no/such/file"), SecretScope("", None)),
        (SecretReference("file", "/dev/zero"), SecretScope("", None)),
    ],
)
async def test_secret_that_is_out_of_reach_or_none(remote, make_client, reference, scope):
    client = make_client(key=("key", reference), scope=scope)
    assert await _kind(client, remote.url("/")) == "secret"
    assert remote.count() == 0


async def test_secret_of_a_file_is_read_when_the_source_opens(remote, make_client, tmp_path):
    remote.guard = wants_key("key", "of file")
    remote.otherwise(Answer(body=b"x"))
    client = make_client(
        key=("key", SecretReference("file", str(tmp_path / "key"))),
        scope=SecretScope(folder=tmp_path),
    )
    assert await _kind(client, remote.url("/")) == "secret"
    (tmp_path / "key").write_text("of file\n")
    assert (await client.get(remote.url("/"))).data == b"x"


async def test_errors_that_repeat_the_request_show_no_secret(remote, make_client, caplog):
    def echo(request):
        page = f"<html><body>bad: {request.target} {request.headers['authorization']} {PASSWORD}"
        return Answer(400, page.encode("utf-8"), "text/html; charset=utf-8")

    remote.otherwise(echo)
    client = make_client(
        key=("zugang", ENV), credentials=Credentials("me", ENV), user_agent="Kartendienst"
    )
    with pytest.raises(UpstreamError, match="bad: /tile") as caught:
        await client.get(remote.url("/tile"))
    shown = [str(caught.value), repr(client), caplog.text, str(client.breaker)]
    secret = remote.requests[0].headers["authorization"].removeprefix("Basic ")
    for text in shown:
        assert PASSWORD not in text
        assert secret not in text
        assert "p%C3%A4" not in text
        assert "pä55" not in text
