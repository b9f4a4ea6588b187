"""Redirects: followed a few times, judged each time, and never told a secret that is not theirs."""

from __future__ import annotations

import asyncio

import pytest

from tests.remote.fake import Answer, FakeRemote
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.addresses import AddressPolicy
from tuilerie.sources.remote.redirects import RedirectRefused, redirect_target
from tuilerie.sources.remote.secrets import SecretReference
from tuilerie.sources.remote.settings import Credentials

KEY = SecretReference("env", "TUILERIE_TEST_KEY")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUILERIE_TEST_KEY", "s3cret/&+key")


def to(location: str, status: int = 302) -> Answer:
    return Answer(status, b"over there", "text/html", {"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_on_the_same_server(remote, make_client, status):
    remote.on("/old/tile", to("../new?x=1#fragment", status))
    remote.on("/new", Answer(body=b"here"))
    fetched = await make_client().get(remote.url("/old/tile"))
    assert fetched.data == b"here"
    assert fetched.final_address == remote.url("/new?x=1")
    assert remote.connections == 1


async def test_loop_ends(remote, make_client):
    remote.on("/tile", to("/tile"))
    with pytest.raises(UpstreamError) as caught:
        await make_client().get(remote.url("/tile"))
    assert caught.value.kind == "redirect"
    assert remote.count() == 6


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://127.0.0.1:1/", "address"),
        ("http://[::ffff:10.0.0.1]/", "address"),
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("file:///etc/passwd", "address"),
        ("//user:pass@example.org/", "address"),
        ("http://[", "redirect"),
        ("http://example.org/ /x", "address"),
    ],
)
async def test_strangers_server_leads_nowhere_else(remote, make_client, location, kind):
    async def lookup(_: str):
        return ("127.0.0.1",)

    remote.on("/tile", to(location))
    address = remote.url("/tile", host="gis.test")
    policy = AddressPolicy(allow=("gis.test",))
    client = make_client(homes=[address], policy=policy, lookup=lookup)
    with pytest.raises(UpstreamError) as caught:
        await client.get(address)
    assert caught.value.kind == kind
    assert remote.count() == 1


async def test_a_public_server_of_the_operator_does_not_lead_into_his_network(make_client):
    """The operator trusts the server that he named, not what that server names."""
    names = {"public.test": ("8.8.8.8",), "intern.test": ("127.0.0.1",)}

    async def lookup(host: str):
        return names[host]

    async with FakeRemote() as intern:
        client = make_client(homes=["https://public.test/"], lookup=lookup)
        with pytest.raises(UpstreamError) as caught:
            await client.get(intern.url("/", host="intern.test"))
        assert caught.value.kind == "address"
        assert intern.connections == 0


async def test_a_server_in_the_operators_network_may_name_its_neighbour(remote, make_client):
    async def lookup(_: str):
        return ("127.0.0.1",)

    async with FakeRemote() as neighbour:
        neighbour.on("/tile", Answer(body=b"x"))
        remote.on("/tile", to(neighbour.url("/tile", host="neighbour.test")))
        client = make_client(lookup=lookup)
        assert (await client.get(remote.url("/tile"))).data == b"x"
        remote.on("/meta", to("http://169.254.169.254/"))
        with pytest.raises(UpstreamError) as caught:
            await client.get(remote.url("/meta"))
        assert caught.value.kind == "address"


async def test_secrets_stay_with_the_servers_of_the_source(remote, make_client):
    async with FakeRemote() as other:
        other.otherwise(Answer(body=b"x"))
        echo = other.url("/tile?key=s3cret%2F%26%2Bkey&KEY=1&copy=s3cret%2F%26%2Bkey&a=1")
        remote.on("/tile", to(echo))
        client = make_client(
            credentials=Credentials("me", KEY),
            key=("key", KEY),
            headers=(("X-Api-Key", KEY), ("X-Team", "maps")),
            referer="https://maps.example.org/",
        )
        fetched = await client.get(remote.url("/tile?b=2"))
        (first,), (second,) = remote.requests, other.requests
    assert first.query == {"b": "2", "key": "s3cret/&+key"}
    assert first.headers["authorization"].startswith("Basic ")
    assert first.headers["x-api-key"] == "s3cret/&+key"
    assert second.target == "/tile?a=1"
    assert not {"authorization", "x-api-key", "x-team", "referer"} & second.headers.keys()
    assert "s3cret" not in fetched.final_address


async def test_first_requests_side_by_side_share_their_connections(remote, make_client):
    """Two pools made at once would leave one open for ever: a warning, so a failure here."""

    async def lookup(_: str):
        return ("127.0.0.1",)

    async with FakeRemote() as other:
        other.otherwise(Answer(body=b"x"))
        client = make_client(lookup=lookup, max_connections=4)
        addresses = [other.url(f"/{number}", host="neighbour.test") for number in range(20)]
        await asyncio.gather(*map(client.get, addresses))
        assert other.connections <= 4


async def test_further_hosts_may_be_told(remote, make_client):
    async def lookup(_: str):
        return ("127.0.0.1",)

    async with FakeRemote() as tiles:
        tiles.otherwise(Answer(body=b"x"))
        client = make_client(key=("key", KEY), credential_hosts=("*.tiles.test",), lookup=lookup)
        await client.get(tiles.url("/a", host="a.tiles.test"))
        await client.get(tiles.url("/b", host="tiles.test"))
        assert [request.query for request in tiles.requests] == [{"key": "s3cret/&+key"}, {}]


def test_downgrade_is_for_the_operator_to_allow():
    for location in ("http://example.org/", "HTTP://example.org/"):
        with pytest.raises(RedirectRefused):
            redirect_target("https://example.org/", location, allow_downgrade=False)
    allowed = redirect_target("https://a.org/x", "http://b.org/y", allow_downgrade=True)
    assert allowed == "http://b.org/y"


async def test_redirect_without_a_place_is_no_answer(remote, make_client):
    remote.on("/tile", Answer(302))
    with pytest.raises(UpstreamError) as caught:
        await make_client().get(remote.url("/tile"))
    assert caught.value.kind == "protocol"
