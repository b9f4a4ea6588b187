"""The client as its callers know it: answers, sharing, memory of what is missing, time."""

from __future__ import annotations

import asyncio

import pytest

from tests.remote.fake import Answer, FakeRemote
from tuilerie.errors import UpstreamError
from tuilerie.sources.remote.fetched import Validators
from tuilerie.sources.remote.settings import BreakerSettings
from tuilerie.sources.remote.timing import Timing

PNG = Answer(
    body=b"\x89PNG and so on",
    media_type="Image/PNG; Charset=x",
    headers={
        "ETag": '"v1"',
        "Last-Modified": "Sat, 21 Nov 2026 03:00:00 GMT",
        "Cache-Control": "public, max-age=60, stale-while-revalidate=30, stale-if-error=90",
        "Age": "20",
    },
)


async def test_answer_has_body_type_validators_and_freshness(remote, make_client):
    remote.on("/tile", PNG)
    fetched = await make_client(user_agent="us", referer="https://maps.example.org/").get(
        remote.url("/tile?a=%7Bx%7D&b=c%20d"), accept="image/png"
    )
    assert (fetched.status, fetched.media_type, fetched.charset) == (200, "image/png", "x")
    assert fetched.data == b"\x89PNG and so on"
    assert fetched.validators == Validators('"v1"', "Sat, 21 Nov 2026 03:00:00 GMT")
    fresh = fetched.freshness
    assert (fresh.fresh_for_s, fresh.stale_while_revalidate_s, fresh.stale_if_error_s) == (
        40.0, 30.0, 90.0,
    )  # fmt: skip
    (asked,) = remote.requests
    assert asked.target == "/tile?a=%7Bx%7D&b=c%20d", "an address goes out as it is escaped"
    assert asked.headers["accept"] == "image/png"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["user-agent"] == "us"
    assert asked.headers["referer"] == "https://maps.example.org/"


async def test_conditional_request_is_told_that_nothing_changed(remote, make_client):
    def judge(request):
        same = request.headers.get("if-none-match") == '"v1"'
        return Answer(304, headers={"ETag": '"v1"'}) if same else PNG

    remote.on("/tile", judge)
    client = make_client()
    first = await client.get(remote.url("/tile"))
    again = await client.get(remote.url("/tile"), conditional=first.validators)
    assert again.not_modified
    assert again.data == b""
    assert remote.requests[1].headers["if-modified-since"] == "Sat, 21 Nov 2026 03:00:00 GMT"


async def test_304_that_nobody_asked_for_is_no_answer(remote, make_client):
    remote.on("/tile", Answer(304))
    with pytest.raises(UpstreamError) as caught:
        await make_client().get(remote.url("/tile"))
    assert caught.value.kind == "protocol"


async def test_200_callers_of_one_address_fetch_it_once(remote, make_client, outcomes):
    remote.on("/tile", Answer(body=b"x" * 50_000, held=True))
    client = make_client()
    callers = [asyncio.create_task(client.get(remote.url("/tile"))) for _ in range(200)]
    while not remote.requests:
        await asyncio.sleep(0)
    for caller in callers[:50]:
        caller.cancel()
    remote.release()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert remote.count() == 1
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 50
    bodies = {id(result.data) for result in results[50:]}
    assert len(bodies) == 1, "the body is shared, not copied"
    assert outcomes() == {"ok": 1}


async def test_no_more_requests_at_once_than_allowed(remote, make_client):
    remote.otherwise(Answer(body=b"x", delay_s=0.01))
    client = make_client(max_connections=3)
    await asyncio.gather(*(client.get(remote.url(f"/{n}")) for n in range(30)))
    assert remote.peak == 3
    assert remote.connections == 3, "connections are kept and used again"


async def test_rate_is_kept_to_on_average(remote, make_client, time):
    remote.otherwise(Answer(body=b"x"))
    client = make_client(requests_per_s=10.0, max_connections=1)
    start = time.seconds
    await asyncio.gather(*(client.get(remote.url(f"/{n}")) for n in range(30)))
    assert 1.9 <= time.seconds - start <= 2.1, "a burst of a second's worth, then the rate"


async def test_what_is_missing_is_remembered_for_a_while(remote, make_client, time, outcomes):
    remote.on("/none", Answer(204))
    client = make_client(missing_s=60.0)
    first = await client.get(remote.url("/none"))
    second = await client.get(remote.url("/none"))
    assert (first.missing, first.remembered) == (True, False)
    assert (second.missing, second.remembered) == (True, True)
    assert remote.count() == 1
    time.seconds += 61
    await client.get(remote.url("/none"))
    client.forget_missing()
    await client.get(remote.url("/none"))
    assert remote.count() == 3
    assert outcomes() == {"missing": 3, "remembered": 1}


@pytest.mark.parametrize("status", [404, 410])
async def test_missing_is_an_answer_unless_it_is_needed(remote, make_client, status):
    remote.on("/none", Answer(status, b"<html>"))
    client = make_client()
    assert (await client.get(remote.url("/none"))).data == b""
    with pytest.raises(UpstreamError) as caught:
        await client.need(remote.url("/none"))
    assert caught.value.kind == "not_found"
    assert client.breaker.circuit == "closed"


async def test_missing_that_is_not_to_be_kept_is_asked_for_again(remote, make_client):
    remote.on("/none", Answer(404, headers={"Cache-Control": "no-store"}))
    client = make_client()
    for _ in range(2):
        await client.get(remote.url("/none"))
    assert remote.count() == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_failures_that_may_pass_are_retried_with_jittered_growing_waits(
    remote, make_client, time, status
):
    remote.on("/tile", Answer(status), Answer(status), PNG)
    fetched = await make_client(retries=2, backoff_s=0.25).get(remote.url("/tile"))
    assert fetched.status == 200
    assert time.slept == [0.25, 0.5], "half of 0.5 and of 1.0, as chance has it"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "refused"), (401, "authentication"), (403, "forbidden"), (500, "server_error")],
)
async def test_failures_that_do_not_pass_are_not_retried(remote, make_client, status, kind):
    page = b'<ServiceExceptionReport><ServiceException code="LayerNotDefined">No &quot;x&quot;'
    remote.on("/tile", Answer(status, page, "text/xml"))
    with pytest.raises(UpstreamError, match=r'^Source ign: .*“LayerNotDefined: No "x"”') as caught:
        await make_client().get(remote.url("/tile"))
    assert caught.value.kind == kind
    assert caught.value.source == "ign"
    assert remote.count() == 1


async def test_retry_after_is_honoured_by_all_requests(remote, make_client, time):
    remote.on("/a", Answer(429, headers={"Retry-After": "3"}), PNG)
    remote.on("/b", PNG)
    client = make_client(max_connections=1)
    start = time.seconds
    await asyncio.gather(client.get(remote.url("/a")), client.get(remote.url("/b")))
    assert time.seconds - start >= 3.0
    assert remote.requests[0].path == "/a"


async def test_long_retry_after_fails_at_once_and_spares_the_remote(remote, make_client, time):
    remote.on("/a", Answer(503, headers={"Retry-After": "600"}))
    client = make_client(max_retry_after_s=10.0)
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/a"))
    assert (caught.value.kind, caught.value.retry_after_s) == ("unavailable", 600.0)
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/b"))
    assert caught.value.kind == "throttled"
    assert time.slept == []
    assert remote.count() == 1


async def test_circuit_opens_probes_and_closes(remote, make_client, time, meters):
    remote.otherwise(Answer(500, b"<html><title>Oops ?key=abcdef"))
    client = make_client(breaker=BreakerSettings(failures=3, open_s=10.0))
    for number in range(3):
        with pytest.raises(UpstreamError):
            await client.get(remote.url(f"/{number}"))
    state = client.breaker
    assert (state.circuit, state.failures, state.retry_s) == ("open", 3, 10.0)
    assert "abcdef" not in state.last_error
    assert meters.remote_faults["ign"].circuit == "open"
    with pytest.raises(UpstreamError, match="left alone") as caught:
        await client.get(remote.url("/3"))
    assert (caught.value.kind, caught.value.retry_after_s) == ("circuit_open", 10.0)
    assert remote.count() == 3
    time.seconds += 10.5
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/4"))
    assert caught.value.kind == "server_error", "one request tries"
    assert client.breaker.retry_s == 20.0, "twice as long the second time"
    time.seconds += 20.5
    remote.otherwise(Answer(404))
    assert (await client.get(remote.url("/5"))).missing
    assert client.breaker.circuit == "closed", "that there is nothing is an answer"
    assert meters.remote_faults == {}


async def test_one_probe_at_a_time(remote, make_client, time):
    remote.otherwise(Answer(500))
    client = make_client(breaker=BreakerSettings(failures=1, open_s=10.0))
    with pytest.raises(UpstreamError):
        await client.get(remote.url("/"))
    time.seconds += 11
    remote.otherwise(Answer(body=b"x", held=True))
    probe = asyncio.create_task(client.get(remote.url("/probe")))
    while remote.count() < 2:
        await asyncio.sleep(0)
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/other"))
    assert caught.value.kind == "circuit_open"
    remote.release()
    assert (await probe).data == b"x"
    await client.get(remote.url("/other"))


async def test_a_silent_remote_times_out_and_counts(remote, make_client, outcomes):
    remote.otherwise(Answer(held=True))
    client = make_client(read_timeout_s=0.05, retries=1)
    with pytest.raises(UpstreamError, match="in time") as caught:
        await client.get(remote.url("/tile"))
    assert caught.value.kind == "timeout"
    assert client.breaker.failures == 2
    assert outcomes() == {"timeout": 1}


async def test_a_body_that_drips_ends_with_the_total_time(remote, make_client):
    remote.on("/tile", Answer(body=b"x" * 1000, pieces=1000, pause_s=0.02))
    client = make_client(read_timeout_s=5.0, total_timeout_s=0.2)
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/tile"))
    assert caught.value.kind == "timeout"
    assert client.breaker.failures == 1


async def test_a_caller_without_patience_leaves_the_others_their_answer(remote, make_client):
    remote.on("/tile", Answer(body=b"x", held=True))
    client = make_client(timing=Timing())
    patient = asyncio.create_task(client.get(remote.url("/tile")))
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/tile"), deadline=Timing().now() + 0.05)
    assert caught.value.kind == "timeout"
    remote.release()
    assert (await patient).data == b"x"
    assert remote.count() == 1


async def test_closing_ends_what_is_under_way(remote, make_client):
    remote.on("/tile", Answer(held=True))
    client = make_client()
    caller = asyncio.create_task(client.get(remote.url("/tile")))
    while not remote.requests:
        await asyncio.sleep(0)
    await client.close()
    with pytest.raises(UpstreamError) as caught:
        await caller
    assert caught.value.kind == "closed"
    with pytest.raises(UpstreamError):
        await client.get(remote.url("/tile"))
    await client.close()


async def test_disabled_source_is_not_asked(remote, make_client):
    with pytest.raises(UpstreamError) as caught:
        await make_client(enabled=False).get(remote.url("/tile"))
    assert caught.value.kind == "disabled"
    assert remote.count() == 0


async def test_nobody_listens(make_client, time):
    async with FakeRemote() as gone:
        address = gone.url("/tile")
    with pytest.raises(UpstreamError, match="cannot be reached") as caught:
        await make_client(homes=[address]).get(address)
    assert caught.value.kind == "unreachable"
    assert len(time.slept) == 2


async def test_name_that_does_not_exist(remote, make_client):
    async def lookup(_: str):
        raise OSError("no such name")

    client = make_client(lookup=lookup, retries=0)
    with pytest.raises(UpstreamError) as caught:
        await client.get(remote.url("/", host="nowhere.test"))
    assert caught.value.kind == "dns"


async def test_connection_dropped_between_requests_is_no_failure(remote, make_client, time):
    remote.otherwise(Answer(body=b"x", silent_close=True))
    client = make_client(max_connections=1)
    for number in range(5):
        await client.get(remote.url(f"/{number}"))
    assert client.breaker.failures == 0
    assert remote.connections == 5


async def test_http_1_0_is_understood(remote, make_client):
    remote.on("/tile", Answer(body=b"x" * 1000, version="1.0", length=""))
    assert len((await make_client().get(remote.url("/tile"))).data) == 1000


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_refused(remote, make_client, raw):
    remote.on("/tile", Answer(raw=raw))
    with pytest.raises(UpstreamError) as caught:
        await make_client(retries=0).get(remote.url("/tile"))
    assert caught.value.kind in {"protocol", "cut"}


async def test_a_fault_of_our_own_is_not_hidden_and_does_not_keep_the_circuit_waiting(
    remote, make_client, time
):
    """The one request that tries an open circuit ends by surprise: the next one must try."""
    answers: list[object] = [OSError("no such name"), LookupError("ours"), ("127.0.0.1",)]

    async def lookup(_: str):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    remote.otherwise(Answer(body=b"x"))
    client = make_client(lookup=lookup, retries=0, breaker=BreakerSettings(failures=1))
    address = remote.url("/", host="remote.test")
    with pytest.raises(UpstreamError):
        await client.get(address)
    time.seconds += 60
    with pytest.raises(LookupError):
        await client.get(address)
    assert (await client.get(address)).data == b"x"
    assert client.breaker.circuit == "closed"
