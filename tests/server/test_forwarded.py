"""Only trusted proxies are heard, and nothing hostile reaches a document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilerie.server.forwarded import Origin, TrustedProxies, valid_prefix

PROXIES = TrustedProxies.parse(["10.0.0.0/8", "::1"])


def origin(
    trusted: TrustedProxies = PROXIES,
    *,
    peer: str = "10.0.0.1",
    base_url: str = "",
    prefix: str = "",
    **fields: str,
) -> Origin:
    headers = {
        name.replace("_", "-").encode(): value.encode("latin-1") for name, value in fields.items()
    }
    headers.setdefault(b"host", b"inner:8080")
    return trusted.origin(
        headers, peer=peer, scheme="http", server="127.0.0.1:8080", prefix=prefix, base_url=base_url
    )


X = {
    "x_forwarded_proto": "https",
    "x_forwarded_host": "maps.example.org",
    "x_forwarded_prefix": "/geo/",
    "x_forwarded_for": "192.0.2.7",
}


def test_a_trusted_proxy_is_believed() -> None:
    """Documents would name an address that clients cannot reach."""
    assert origin(**X) == Origin("https://maps.example.org/geo", "192.0.2.7")
    assert origin(prefix="/maps", **X).base_url == "https://maps.example.org/geo/maps"


def test_nobody_else_is() -> None:
    """Anybody could write the addresses that a shared cache gives to others."""
    assert origin(peer="192.0.2.99", **X) == Origin("http://inner:8080", "192.0.2.99")
    assert origin(TrustedProxies(), **X) == Origin("http://inner:8080", "10.0.0.1")
    assert origin(peer="", **X).base_url == "http://inner:8080"
    local = TrustedProxies.parse(["unix"])
    assert origin(local, peer="", **X) == Origin("https://maps.example.org/geo", "192.0.2.7")


def test_the_configured_address_wins() -> None:
    """A proxy that is set up wrongly would spoil what the operator wrote."""
    assert origin(base_url="https://x.org/y", **X) == Origin("https://x.org/y", "192.0.2.7")


def test_lists_are_read_from_the_nearest_proxy() -> None:
    """What a client put in front of the proxy's own words would be taken for them."""
    fields = {
        "x_forwarded_host": "evil.example, maps.example.org",
        "x_forwarded_proto": "ftp, https",
        "x_forwarded_for": "6.6.6.6, 192.0.2.7",
    }
    assert origin(**fields) == Origin("https://maps.example.org", "192.0.2.7")
    two_hops = {
        "x_forwarded_host": "evil.example, maps.example.org, inner.local",
        "x_forwarded_proto": "http, https, http",
        "x_forwarded_for": "6.6.6.6, 192.0.2.7, 10.0.0.2",
    }
    assert origin(**two_hops) == Origin("https://maps.example.org", "192.0.2.7")


def test_the_standard_header_is_understood() -> None:
    """A proxy that speaks RFC 7239 would not be heard."""
    value = (
        'for=6.6.6.6;host=evil.example, For="[2001:db8::7]:4711";proto=https;'
        'host="maps.example.org:444"'
    )
    assert origin(forwarded=value) == Origin("https://maps.example.org:444", "2001:db8::7")
    assert origin(forwarded="for=unknown;proto=https").base_url == "https://inner:8080"
    assert origin(forwarded="for=_hidden;proto=https").remote == "10.0.0.1"


def test_the_standard_header_is_not_heard_beside_the_others() -> None:
    """A proxy that knows only X-Forwarded-* passes on the client's own Forwarded."""
    found = origin(forwarded="for=6.6.6.6;host=evil.example;proto=ftp", **X)
    assert found == Origin("https://maps.example.org/geo", "192.0.2.7")


@pytest.mark.parametrize(
    "hostile",
    [
        "evil.example/path", "evil.example\"><script>", "a b", "a@b", "a:b", "a:99999999", "", ".",
        "-a", "a..b", "a\tb", "é.example", "[::1", "[zz]", "a" * 3000, "javascript:x",
    ],
)  # fmt: skip
def test_hostile_hosts_never_get_out(hostile: str) -> None:
    """A document would carry a script, or send clients elsewhere."""
    assert origin(x_forwarded_host=hostile).base_url == "http://inner:8080"
    found = origin(TrustedProxies(), peer="192.0.2.1", host=hostile or " ")
    assert found == Origin("", "192.0.2.1", valid=False)


@pytest.mark.parametrize(
    "hostile", ["//evil.example", "/a/../b", "/..", "a", "/a b", "/a?b", "/<x>", "/%2e", "/a" * 99]
)
def test_hostile_prefixes_never_get_out(hostile: str) -> None:
    """Relative addresses would lead to another host or out of the service."""
    assert not valid_prefix(hostile)
    assert origin(x_forwarded_prefix=hostile).base_url == "http://inner:8080"


def test_default_ports_are_left_out() -> None:
    """One service would have two addresses, and a cache two copies."""
    assert origin(x_forwarded_proto="https", host="a.example:443").base_url == "https://a.example"
    assert origin(host="a.example:80").base_url == "http://a.example"
    assert origin(host="a.example:443").base_url == "http://a.example:443"
    assert origin(host="[2001:db8::1]:80").base_url == "http://[2001:db8::1]"


def test_ipv4_in_ipv6_is_the_same_address() -> None:
    """A proxy would be a stranger on a socket that speaks both."""
    assert PROXIES.trusts("::ffff:10.1.2.3")


def test_mistakes_of_the_operator_are_told() -> None:
    """A name instead of an address would be trusted by nobody, silently."""
    with pytest.raises(ValueError, match=r"'proxy\.local' is neither"):
        TrustedProxies.parse(["proxy.local"])


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "host",
                "forwarded",
                "x_forwarded_for",
                "x_forwarded_host",
                "x_forwarded_proto",
                "x_forwarded_prefix",
            ]
        ),
        st.text(st.characters(max_codepoint=255), max_size=60),
    )
)
def test_whatever_is_sent_the_address_is_harmless(fields: dict[str, str]) -> None:
    """Some combination would get through."""
    found = origin(**fields)
    assert not set(found.base_url) & set("\"'<>& \\\r\n\t?#")
    assert not found.valid or found.base_url.startswith(("http://", "https://"))
