"""What may be asked: every range that is not the public Internet, in every spelling."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.remote.fake import Answer, FakeRemote
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.addresses import (
    OPERATOR_POLICY,
    STRANGER_POLICY,
    AddressPolicy,
    AddressRefused,
    is_public,
)

REFUSED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.8", "198.18.0.1",
    "192.0.2.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:7f00:1::1", "2001:4860::5efe:a00:1", "100::1", "3fff::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "193.55.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("number", REFUSED)
def test_not_public(number):
    with pytest.raises(AddressRefused):
        STRANGER_POLICY.check_ip(ip_address(number), "host")
    host = f"[{number}]" if ":" in number else number
    with pytest.raises(AddressRefused):
        STRANGER_POLICY.check_text(f"http://{host}/")


@pytest.mark.parametrize("number", PUBLIC)
def test_public(number):
    STRANGER_POLICY.check_ip(ip_address(number), "host")


@pytest.mark.parametrize("number", REFUSED)
def test_operators_own_file_may_name_anything(number):
    OPERATOR_POLICY.check_ip(ip_address(number), "host")


@given(st.ip_addresses())
def test_mapping_an_address_into_ipv6_gains_nothing(address):
    if address.version == 4 and not is_public(address):
        for spelled in (f"::ffff:{address}", f"64:ff9b::{address}"):
            with pytest.raises(AddressRefused):
                STRANGER_POLICY.check_ip(ip_address(spelled), "host")


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "example.org",
        "//example.org/", "http:///path", "http://", "https://user:secret@example.org/",
        "http://example.org@127.0.0.1/", "http://example.org\\@127.0.0.1/",
        "http://example.org /", "http://example.org/\r\nX: y", "http://exa\tmple.org/",
        "http://example.org:0/", "http://example.org:99999/", "http://example.org:x/",
        "http://[::1/", "http://[fe80::1%25eth0]/", "http://[v1.x]/", "http://éxample.org/",
        "http://" + "a" * 9000, "http://example.org:22/", "http://example.org:6379/",
        "http://example%2eorg/",
    ],
)  # fmt: skip
def test_address_that_is_refused_as_text(address):
    with pytest.raises(AddressRefused):
        STRANGER_POLICY.check_text(address)


@pytest.mark.parametrize(
    "address",
    ["http://example.org/", "https://example.org:8443/a?b=c", "http://[2001:4860::1]:8080/",
     "https://example.org./", "http://a_b.example.org/"],
)  # fmt: skip
def test_address_that_is_fine(address):
    STRANGER_POLICY.check_text(address)


def test_operator_allows_and_denies_hosts_and_networks():
    policy = AddressPolicy(
        allow=("gis.example.org", "*.maps.example.org", "10.20.0.0/16"),
        deny=("8.8.0.0/16", "*.evil.test", "bad.test"),
    )
    policy.check_text("http://gis.example.org:9999/")
    policy.check_ip(ip_address("10.0.0.1"), "GIS.example.org.")
    policy.check_ip(ip_address("10.0.0.1"), "a.maps.example.org")
    policy.check_ip(ip_address("10.20.3.4"), "other.org")
    for number, host in [
        ("10.21.0.1", "other.org"), ("10.0.0.1", "maps.example.org"), ("8.8.8.8", "dns"),
        ("::ffff:8.8.8.8", "dns"), ("2002:808:808::1", "gis.example.org"),
    ]:  # fmt: skip
        with pytest.raises(AddressRefused):
            policy.check_ip(ip_address(number), host)
    for address in ("http://bad.test/", "http://x.evil.test/", "http://BAD.test./"):
        with pytest.raises(AddressRefused):
            policy.check_text(address)


def test_denied_is_denied_to_the_operator_too():
    with pytest.raises(AddressRefused):
        AddressPolicy(trusted=True, deny=("10.0.0.0/8",)).check_ip(ip_address("10.1.1.1"), "x")


async def _kind(client, address: str) -> str:
    with pytest.raises(UpstreamError) as caught:
        await client.get(address)
    return caught.value.kind


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "remote.test", "127.1", "0x7f.0.0.1"])
async def test_strangers_source_does_not_reach_loopback(remote, make_client, host):
    policy = AddressPolicy(ports=(remote.port,))

    async def lookup(_: str):
        return ("127.0.0.1",)

    address = remote.url("/", host=host)
    client = make_client(homes=[address], policy=policy, lookup=lookup)
    assert await _kind(client, address) == "address"
    assert (remote.connections, client.breaker.failures) == (0, 0)


async def test_all_addresses_of_a_name_are_judged(remote, make_client):
    async def lookup(_: str):
        return ("8.8.8.8", "127.0.0.1")

    address = remote.url("/", host="both.test")
    client = make_client(homes=[address], policy=AddressPolicy(ports=(remote.port,)), lookup=lookup)
    assert await _kind(client, address) == "address"


async def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(make_client):
    """DNS rebinding: the second answer of the name service is never used."""
    asked: list[str] = []

    async def lookup(host: str):
        asked.append(host)
        return ("127.0.0.2",) if len(asked) == 1 else ("127.0.0.1",)

    async with FakeRemote(host="127.0.0.2") as good:
        good.on("/", Answer(body=b"good"))
        address = good.url("/", host="rebind.test")
        client = make_client(
            homes=[address], policy=AddressPolicy(trusted=True, deny=("127.0.0.1/32",)),
            lookup=lookup,
        )  # fmt: skip
        assert (await client.get(address)).data == b"good"
    assert asked == ["rebind.test"]


async def test_allowed_host_is_reached_by_a_strangers_source(remote, make_client):
    async def lookup(_: str):
        return ("127.0.0.1",)

    remote.on("/", Answer(body=b"x"))
    address = remote.url("/", host="gis.test")
    client = make_client(homes=[address], policy=AddressPolicy(allow=("gis.test",)), lookup=lookup)
    assert (await client.get(address)).data == b"x"
