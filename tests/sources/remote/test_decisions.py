"""What is decided without a network: freshness, waits, rates, circuits, redaction, settings."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tuilerie.catalogue.remote_options import RemoteAccessOptions, RemoteOptions
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.absences import MAX_ABSENCES, Absences
from tuilerie.sources.remote.advice import ADVICE
from tuilerie.sources.remote.backoff import retry_after, retry_delay
from tuilerie.sources.remote.breaker import CircuitBreaker
from tuilerie.sources.remote.fetched import Fetched, Freshness
from tuilerie.sources.remote.freshness import freshness
from tuilerie.sources.remote.from_options import address_policy, error_pictures, remote_settings
from tuilerie.sources.remote.pace import MAX_WAITING, Pace, TooMany
from tuilerie.sources.remote.redact import HIDDEN, Redactor
from tuilerie.sources.remote.secrets import SecretReference
from tuilerie.sources.remote.settings import BreakerSettings, RemoteSettings
from tuilerie.telemetry import MAX_SOURCES, OTHER_SOURCES, Meters

NOW = 1_700_000_000.0
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # NOW
LATER = "Tue, 14 Nov 2023 22:23:20 GMT"  # ten minutes


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "public"}, None),
        ({"Cache-Control": "max-age=60"}, 60.0),
        ({"Cache-Control": "MAX-AGE = 60 , s-maxage=5"}, 5.0),
        ({"Cache-Control": 'max-age="60"', "Age": "20"}, 40.0),
        ({"Cache-Control": "max-age=60", "Age": "90"}, 0.0),
        ({"Cache-Control": "max-age=60, max-age=5"}, 60.0),
        ({"Cache-Control": "max-age=60, no-cache"}, 0.0),
        ({"Cache-Control": "no-store"}, 0.0),
        ({"Cache-Control": "private, max-age=60"}, 0.0),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=" + "9" * 500}, 10 * 365 * 86_400.0),
        ({"Expires": LATER, "Date": DATE}, 600.0),
        ({"Expires": LATER}, 600.0),
        ({"Expires": DATE, "Date": LATER}, 0.0),
        ({"Expires": "0"}, 0.0),
        ({"Expires": LATER, "Cache-Control": "max-age=7"}, 7.0),
    ],
)
def test_freshness(headers, seconds):
    assert freshness(headers, NOW).fresh_for_s == seconds


def test_what_must_not_be_kept():
    assert not freshness({"Cache-Control": "no-store"}, NOW).keep
    assert not freshness({"Cache-Control": "private=x"}, NOW).keep
    assert freshness({"Cache-Control": "no-cache"}, NOW).keep


@given(st.dictionaries(st.sampled_from(["Cache-Control", "Expires", "Age", "Date"]), st.text()))
def test_no_header_breaks_the_reading(headers):
    found = freshness(headers, NOW)
    assert found.fresh_for_s is None or found.fresh_for_s >= 0.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 0 ", 0.0), (LATER, 600.0), (DATE, 0.0), ("soon", None), ("-5", None),
     ("1" * 100, 1e9), ("", None)],
)  # fmt: skip
def test_retry_after(value, seconds):
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_the_reading(value):
    retry_after(value, NOW)


@given(st.integers(0, 30), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_below_their_bound(attempt, chance):
    settings = RemoteSettings(retries=100, backoff_s=0.25)
    delay = retry_delay(UpstreamError("", "ign", "cut"), attempt, settings, chance, 1e9)
    assert delay is not None
    assert 0.0 <= delay <= min(0.5 * 2**attempt, 30.0)


def test_no_wait_beyond_the_deadline_or_the_attempts():
    settings = RemoteSettings(retries=1)
    error = UpstreamError("", "ign", "cut")
    assert retry_delay(error, 0, settings, 0.5, 0.1) is None
    assert retry_delay(error, 1, settings, 0.5, 100.0) is None
    asked = UpstreamError("", "ign", "throttled", retry_after_s=11.0)
    assert retry_delay(asked, 0, settings, 0.5, 100.0) is None


def test_circuit_opens_by_rate_too(time):
    breaker = CircuitBreaker(BreakerSettings(failures=100, rate=0.5, window=10), time.timing)
    for number in range(10):
        ticket, wait = breaker.admit()
        assert wait == 0.0
        (breaker.failed(ticket, "x") if number % 2 else breaker.succeeded(ticket))
    assert breaker.state().circuit == "open"


def test_circuit_ignores_what_was_sent_before_it_opened(time):
    breaker = CircuitBreaker(BreakerSettings(failures=1, open_s=10.0), time.timing)
    slow, _ = breaker.admit()
    ticket, _ = breaker.admit()
    breaker.failed(ticket, "x")
    breaker.succeeded(slow)
    assert breaker.state().circuit == "open"
    breaker.failed(slow, "y")
    assert breaker.state().failures == 1


def test_circuit_of_a_probe_that_was_given_up_lets_another_try(time):
    breaker = CircuitBreaker(BreakerSettings(failures=1, open_s=10.0), time.timing)
    breaker.failed(breaker.admit()[0], "x")
    time.seconds += 11
    probe, wait = breaker.admit()
    assert wait == 0.0
    assert breaker.admit()[1] > 0.0
    breaker.withdrawn(probe)
    assert breaker.admit()[1] == 0.0


def test_open_time_grows_to_its_bound_and_starts_anew(time):
    settings = BreakerSettings(failures=1, open_s=10.0, max_open_s=35.0)
    breaker = CircuitBreaker(settings, time.timing)
    waits = []
    for _ in range(4):
        breaker.failed(breaker.admit()[0], "x")
        waits.append(breaker.state().retry_s)
        time.seconds += waits[-1] + 1
    assert waits == [10.0, 20.0, 35.0, 35.0]
    breaker.succeeded(breaker.admit()[0])
    breaker.failed(breaker.admit()[0], "x")
    assert breaker.state().retry_s == 10.0


async def test_queue_is_bounded(time):
    pace = Pace(1, None, time.timing)
    gate = asyncio.Event()

    async def hold() -> None:
        async with pace.place(time.seconds + 60):
            await gate.wait()

    tasks = [asyncio.create_task(hold()) for _ in range(MAX_WAITING + 1)]
    while pace.waiting < MAX_WAITING:
        await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await hold()
    gate.set()
    await asyncio.gather(*tasks)
    assert pace.waiting == 0


async def test_rate_that_would_take_too_long_fails_at_once(time):
    pace = Pace(10, 0.1, time.timing)
    async with pace.place(time.seconds + 1):
        pass
    with pytest.raises(TooMany) as caught:
        async with pace.place(time.seconds + 1):
            pass
    assert caught.value.delay_s == 10.0
    assert time.slept == []


def test_absences_are_bounded(time):
    absences = Absences(60.0, time.timing)
    for number in range(MAX_ABSENCES + 10):
        absences.add(str(number), Fetched(404, data=b"page"))
    assert len(absences) == MAX_ABSENCES
    assert absences.find("0") is None
    found = absences.find(str(MAX_ABSENCES))
    assert found is not None
    assert found.data == b""


def test_absence_is_kept_no_longer_than_the_remote_says(time):
    absences = Absences(60.0, time.timing)
    absences.add("a", Fetched(404, freshness=Freshness(5.0)))
    time.seconds += 6
    assert absences.find("a") is None


SECRET = "p&ss wörd/+"


@pytest.mark.parametrize(
    "text",
    [
        f"at http://x/?a=1&k={SECRET}", "at http://x/?k=p%26ss%20w%C3%B6rd%2F%2B&b=2",
        "p%26ss+w%C3%B6rd%2F%2B", "p%26ss%20w%C3%B6rd/%2B",
    ],
)  # fmt: skip
def test_known_secrets_are_found_in_every_spelling(text):
    shown = Redactor((SECRET,))(text)
    assert "ss" not in shown.replace(HIDDEN, "")


@pytest.mark.parametrize(
    "text",
    [
        "http://me:sEcret@x/", "http://x/?ApiKey=sEcret&l=a", "http://x/?l=a;token=sEcret",
        "?access_token=sEcret#x", "&sig=sEcret", "?x-amz-signature=sEcret'", "&amp;key=sEcret",
    ],
)  # fmt: skip
def test_what_is_called_like_a_secret_is_one(text):
    assert "sEcret" not in Redactor()(text)


def test_ordinary_addresses_stay():
    address = "http://x/wmts?LAYER=monkeys&STYLE=default&TILEMATRIX=PM:3&tilerow=1"
    assert Redactor(("abc", "abcd"))(address) == address


@given(st.text(min_size=4, max_size=30), st.text(max_size=50))
def test_a_secret_is_gone_wherever_it_stands(secret, around):
    redact = Redactor((secret,))
    assert secret not in redact(f"{around}\n{secret}\n{around}").replace(HIDDEN, "\n")


def test_settings_and_references_show_no_secret():
    reference = SecretReference.parse("env:IGN_KEY")
    assert str(reference) == "env:IGN_KEY"
    with pytest.raises(ValueError, match="env:NAME") as caught:
        SecretReference.parse("hunter22")
    assert "hunter22" not in str(caught.value)


WHOLE = {
    "login": {"user": "maps", "password": "env:P", "scheme": "digest"},
    "key": {"name": "apikey", "value": "file:/run/secrets/key"},
    "headers": {"X-Team": "maps", "X-Api-Key": "env:K"},
    "client_certificate": "client.pem",
    "proxy": "http://proxy:3128/",
    "credential_hosts": ["*.Example.org"],
    "breaker": {"failures": 9},
    "error_pictures": [{"colour": "#fff"}, {"sha256": "0" * 64, "means": "error"}],
}


def test_options_become_settings():
    options = RemoteOptions.model_validate(WHOLE)
    settings = remote_settings(options, "/etc/maps")
    assert settings.credentials is not None
    assert settings.credentials.scheme == "digest"
    assert settings.key == ("apikey", SecretReference("file", "/run/secrets/key"))
    assert dict(settings.headers)["X-Api-Key"] == SecretReference("env", "K")
    assert settings.client_certificate == "/etc/maps/client.pem"
    assert settings.proxy == "http://proxy:3128"
    assert settings.credential_hosts == ("*.example.org",)
    assert settings.breaker.failures == 9
    assert error_pictures(options).decodes
    assert hash(options) == hash(RemoteOptions.model_validate(WHOLE)), "sources are keys"
    assert RemoteOptions.model_validate(options.model_dump(mode="json")) == options


def test_defaults_are_the_same_in_both():
    """A default that is changed in one place and not in the other."""
    assert remote_settings(RemoteOptions()) == RemoteSettings()
    policy = address_policy(RemoteAccessOptions(allow=("10.0.0.0/8",)), trusted=False)
    assert (policy.trusted, policy.allow) == (False, ("10.0.0.0/8",))


@pytest.mark.parametrize(
    "part",
    [
        {"login": {"user": "maps", "password": "hunter22"}},
        {"key": {"name": "k", "value": "hunter22"}},
        {"headers": {"Authorization": "hunter22"}},
        {"headers": {"X-Api-Key": "hunter22"}},
        {"proxy": "http://me:hunter22@proxy:3128"},
        {"client_key_password": "hunter22"},
    ],
)
def test_secret_in_clear_is_refused_and_not_repeated(part):
    with pytest.raises(ValidationError) as caught:
        RemoteOptions.model_validate(part)
    assert "hunter22" not in "".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize(
    "part",
    [
        {"headers": {"Host": "x"}}, {"headers": {"X y": "x"}}, {"headers": {"X": "a\r\nY: b"}},
        {"proxy": "socks5://x"}, {"credential_hosts": ["a/b"]}, {"max_connections": 0},
        {"error_pictures": [{}]}, {"error_pictures": [{"colour": "#fff", "sha256": "0" * 64}]},
        {"retries": -1}, {"requests_per_s": 0}, {"unknown": 1},
    ],
)  # fmt: skip
def test_options_that_cannot_be(part):
    with pytest.raises(ValidationError):
        RemoteOptions.model_validate(part)


def test_options_have_a_schema():
    schema = TypeAdapter(RemoteOptions).json_schema()
    assert schema["properties"]["headers"]["type"] == "object"


def test_server_without_remote_sources_does_not_load_the_http_library():
    """Its import is 80 ms of a start."""
    code = (
        "import sys, tuilerie.cli.main, tuilerie.assembly, tuilerie.sources.remote.client\n"
        "sys.exit('aiohttp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_kind_says_who_must_act():
    from typing import get_args

    from tuilerie.errors import UpstreamKind

    assert set(get_args(UpstreamKind)) == set(ADVICE)


def test_counters_of_sources_are_bounded():
    meters = Meters()
    for number in range(MAX_SOURCES + 50):
        meters.remote(str(number), "ok", 0.1, 10)
    assert len(meters.remotes) == MAX_SOURCES + 1
    assert meters.remotes[OTHER_SOURCES]["ok"].requests == 50
