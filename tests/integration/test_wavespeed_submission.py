"""The paid POST against servers that really cut, stall and lie: each row of the table of responses, and the guard."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import (
    ConfigurationError,
    NothingSent,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    SubmitUnclear,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.local.ports import free_port
from promptmill.providers.http import guarded_sender
from promptmill.providers.wavespeed.client import WaveSpeedClient, boottime, open_wavespeed
from tests.raw_server import Conduct, RawServer, cut_short, http_answer, open_raw_server
from tests.support import eventually

KEY = "wsk_very-secret-key-0123456789"
MODEL = "bytedance/seedream-v4/edit"
BODY: dict[str, Any] = {"prompt": "a fox", "images": ["https://pictures.example/fox.png"]}
PREDICTION = "e6832d4abffb4d79bfbca19783fca133"
CREATED = {"code": 200, "message": "success", "data": {"id": PREDICTION, "status": "created", "outputs": []}}


@asynccontextmanager
async def client_of(
    base: str, key: str | None = KEY, *, submit_seconds: float = 5, read_seconds: float = 5
) -> AsyncIterator[WaveSpeedClient]:
    secret = SecretStr(key) if key is not None else None
    async with open_wavespeed(
        base, secret, submit_timeout_seconds=submit_seconds, read_timeout_seconds=read_seconds
    ) as client:
        yield client


async def submit_to(*answers: bytes | Conduct, submit_seconds: float = 5) -> tuple[str | ProviderError, RawServer]:
    """Submit once to a server with these responses; return the outcome and the server."""
    async with open_raw_server(*answers) as server, client_of(server.url, submit_seconds=submit_seconds) as client:
        try:
            outcome: str | ProviderError = await client.submit(MODEL, BODY, post_by=boottime() + 20)
        except ProviderError as error:
            outcome = error
    assert KEY not in str(outcome)
    return outcome, server


async def test_submission_is_one_post_with_key_body_and_webhook() -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(f"{server.url}/") as client:
        prediction_id = await client.submit(
            MODEL, BODY, post_by=boottime() + 20, webhook_url="https://us.example/hook?token=a&b"
        )

    head = server.received.partition(b"\r\n\r\n")[0].decode().lower()
    assert prediction_id == PREDICTION
    assert head.startswith(
        "post /api/v3/bytedance/seedream-v4/edit?webhook=https%3a%2f%2fus.example%2fhook%3ftoken%3da%26b http/1.1"
    )
    assert f"authorization: bearer {KEY}".lower() in head
    assert "connection: close" in head
    assert server.body == BODY
    assert server.requests == 1


ACCEPTED = [
    pytest.param(http_answer(200, CREATED), id="200"),
    pytest.param(http_answer(500, CREATED), id="an id under HTTP 500"),
    pytest.param(http_answer(429, CREATED), id="an id under HTTP 429"),
    pytest.param(http_answer(302, CREATED, {"Location": "http://127.0.0.1:1/"}), id="an id under a redirect"),
    pytest.param(http_answer(200, {"code": 400, "data": {"id": PREDICTION}}), id="an id under envelope code 400"),
    pytest.param(http_answer(200, CREATED["data"]), id="an id without an envelope"),
    pytest.param(
        http_answer(201, {"id": PREDICTION, "status": "failed", "code": 1402}), id="an id without an envelope, failed"
    ),
    pytest.param(cut_short(http_answer(200, CREATED), 10_000), id="an id, then the connection breaks"),
]


@pytest.mark.parametrize("answer", ACCEPTED)
async def test_an_id_is_a_fact_whatever_the_codes_say(answer: bytes) -> None:
    outcome, server = await submit_to(answer)

    assert outcome == PREDICTION
    assert server.requests == 1


REFUSED = [
    (400, "Invalid size", ReasonCode.WAVESPEED_BAD_INPUT),
    (413, "too large", ReasonCode.WAVESPEED_BAD_INPUT),
    (415, "", ReasonCode.WAVESPEED_BAD_INPUT),
    (422, "no", ReasonCode.WAVESPEED_BAD_INPUT),
    (401, "bad key", ReasonCode.WAVESPEED_BAD_KEY),
    (402, "pay", ReasonCode.WAVESPEED_NO_CREDIT),
    (400, "Insufficient balance", ReasonCode.WAVESPEED_NO_CREDIT),
    (403, "Please top up your account", ReasonCode.WAVESPEED_NO_CREDIT),
    (403, "insufficient role", ReasonCode.WAVESPEED_FORBIDDEN),
    (403, "account suspended", ReasonCode.WAVESPEED_FORBIDDEN),
    (404, "no such model", ReasonCode.WAVESPEED_UNKNOWN_MODEL),
]

REFUSED_INSIDE = [
    (1400, "Invalid parameter", ReasonCode.WAVESPEED_BAD_INPUT),
    ("1401", "Unsupported file", ReasonCode.WAVESPEED_BAD_INPUT),
]


@pytest.mark.parametrize("place", ["HTTP status", "envelope code"])
@pytest.mark.parametrize(("code", "words", "reason"), REFUSED)
async def test_a_clear_no_refuses_with_wavespeeds_words(code: int, words: str, reason: ReasonCode, place: str) -> None:
    status = code if place == "HTTP status" else 200

    outcome, server = await submit_to(http_answer(status, {"code": code, "message": words}))

    assert type(outcome) is ProviderRefused
    assert outcome.reason_code is reason
    assert words in str(outcome)
    assert server.requests == 1


@pytest.mark.parametrize(("code", "words", "reason"), REFUSED_INSIDE)
async def test_a_code_of_wavespeeds_own_for_the_inputs_refuses(code: int | str, words: str, reason: ReasonCode) -> None:
    outcome, _ = await submit_to(http_answer(200, {"code": code, "message": words}))

    assert type(outcome) is ProviderRefused
    assert outcome.reason_code is reason


@pytest.mark.parametrize("answer", [http_answer(429, "slow down"), http_answer(200, {"code": 429, "message": "x"})])
async def test_429_is_a_rate_limit_without_a_time(answer: bytes) -> None:
    outcome, _ = await submit_to(answer)

    assert type(outcome) is ProviderRateLimited
    assert outcome.reason_code is ReasonCode.WAVESPEED_RATE_LIMITED
    assert outcome.retry_after is None


async def test_retry_after_of_a_429_is_kept() -> None:
    outcome, _ = await submit_to(http_answer(429, {"code": 429}, {"Retry-After": "17"}))

    assert type(outcome) is ProviderRateLimited
    assert outcome.retry_after == timedelta(seconds=17)


UNCLEAR = [
    pytest.param(Conduct.CLOSE, id="closed after the request"),
    pytest.param(Conduct.RESET, id="reset after the request"),
    pytest.param(Conduct.SILENCE, id="no answer in time"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="cut in the headers"),
    pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", id="not HTTP"),
    pytest.param(cut_short(http_answer(200, CREATED), 40), id="cut before the id"),
    pytest.param(cut_short(http_answer(400, {"code": 400, "message": "no"}), 12), id="a refusal that broke off"),
    pytest.param(http_answer(200, CREATED, {"Content-Encoding": "gzip"}), id="cannot be unpacked"),
    pytest.param(http_answer(200), id="200 without a body"),
    pytest.param(http_answer(200, {"code": 200, "data": {"status": "created"}}), id="200 without an id"),
    pytest.param(http_answer(200, {"code": 200, "data": {"id": ""}}), id="200 with an empty id"),
    pytest.param(http_answer(200, "<html><title>Login</title></html>"), id="200 with a page"),
    pytest.param(http_answer(200, b"\xff\xfe\x00"), id="200 with garbage"),
    pytest.param(http_answer(200, "[" * 100_000), id="JSON too deep to read"),
    pytest.param(http_answer(301, "", {"Location": "/elsewhere"}), id="a redirect"),
    pytest.param(http_answer(307, "", {"Location": "/elsewhere"}), id="a redirect that keeps the method"),
    pytest.param(http_answer(408, {"code": 408}), id="408"),
    pytest.param(http_answer(409, {"code": 409}), id="409"),
    pytest.param(http_answer(500, {"code": 500}), id="500"),
    pytest.param(http_answer(502, "<html><title>Bad Gateway</title></html>"), id="502 with a page"),
    pytest.param(http_answer(504), id="504"),
    pytest.param(http_answer(200, {"code": 5000, "message": "internal"}), id="envelope code 5000"),
    pytest.param(http_answer(200, {"code": 5003, "message": "busy"}), id="envelope code 5003"),
    *(pytest.param(http_answer(status, {"code": status}), id=str(status)) for status in (424, 425, 499)),
    pytest.param(http_answer(200, {"id": PREDICTION}), id="an id without an envelope and without a status"),
    pytest.param(http_answer(200, {"id": PREDICTION, "status": 200}), id="a status that is no word"),
    pytest.param(http_answer(500, {"id": "req-1", "status": "error"}), id="a server's own id under HTTP 500"),
]


@pytest.mark.parametrize("answer", UNCLEAR)
async def test_everything_else_after_sending_is_unclear_and_never_repeated(answer: bytes | Conduct) -> None:
    outcome, server = await submit_to(answer, submit_seconds=0.5 if answer is Conduct.SILENCE else 5)

    assert type(outcome) is SubmitUnclear
    assert outcome.reason_code is ReasonCode.SUBMIT_UNCLEAR
    assert server.requests == 1
    assert len(server.connections) == 1


async def test_an_answer_that_stalls_in_its_body_is_unclear_within_the_time() -> None:
    promise = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"

    outcome, _ = await submit_to(promise, submit_seconds=0.5)

    assert type(outcome) is SubmitUnclear
    assert "0.5 s" in str(outcome)


async def test_after_its_time_not_one_byte_leaves() -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url) as client:
        with pytest.raises(NothingSent) as raised:
            await client.submit(MODEL, BODY, post_by=boottime() - 0.001)
        await eventually(lambda: len(server.connections) == 1, what="the connection that brought nothing")

    assert server.received == b""
    assert raised.value.reason_code is ReasonCode.WAVESPEED_UNREACHABLE


FROZEN_CHILD = """
import asyncio, os, signal, sys
from pydantic import SecretStr
from promptmill.providers.wavespeed.client import boottime, open_wavespeed

async def main():
    async with open_wavespeed(sys.argv[1], SecretStr("wsk_key"), submit_timeout_seconds=30) as client:
        post_by = boottime() + 0.3
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            print(await client.submit("vendor/model", {"prompt": "x"}, post_by=post_by))
        except Exception as error:
            print(type(error).__name__)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
async def test_a_process_frozen_past_its_time_sends_nothing_when_it_wakes() -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FROZEN_CHILD, server.url, stdout=asyncio.subprocess.PIPE
        )
        try:
            _, status = await asyncio.to_thread(os.waitpid, child.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            frozen_at = boottime()
            await eventually(lambda: boottime() > frozen_at + 0.4, what="its time to pass")
        finally:
            child.send_signal(signal.SIGCONT)
        printed, _ = await child.communicate()

    assert printed.decode().split()[-1] == "NothingSent"  # after the line of the call
    assert server.received == b""


async def test_a_process_frozen_while_it_sends_completes_no_request_when_it_wakes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([19.0, 21.0])
    monkeypatch.setattr(guarded_sender, "boottime", lambda: next(times))
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url) as client:
        with pytest.raises(SubmitUnclear) as raised:
            await client.submit(MODEL, BODY, post_by=20.0)
        await eventually(lambda: server.received.endswith(b'"]'), what="all but the last byte")

    assert "it is incomplete" in str(raised.value)
    assert server.requests == 0


async def test_a_refused_connection_has_sent_nothing() -> None:
    async with client_of(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(NothingSent) as raised:
            await client.submit(MODEL, BODY, post_by=boottime() + 20)

    assert raised.value.reason_code is ReasonCode.WAVESPEED_UNREACHABLE


async def test_a_failed_handshake_has_sent_nothing() -> None:
    """A server that speaks no TLS: the hello arrives, the request does not."""
    async with (
        open_raw_server(http_answer(400)) as server,
        client_of(server.url.replace("http:", "https:"), submit_seconds=2) as client,
    ):
        with pytest.raises(NothingSent):
            await client.submit(MODEL, BODY, post_by=boottime() + 20)

    assert KEY.encode() not in server.received
    assert b"POST" not in server.received


# httpcore leaves the socket of a handshake to the collector where the limit of the whole call strikes before its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_handshake_that_takes_too_long_has_sent_nothing() -> None:
    async with (
        open_raw_server(Conduct.UNRESPONSIVE) as server,
        client_of(server.url.replace("http:", "https:"), submit_seconds=0.3) as client,
    ):
        with pytest.raises(NothingSent):
            await client.submit(MODEL, BODY, post_by=boottime() + 20)
    gc.collect()


async def test_a_proxy_that_refuses_the_tunnel_has_received_no_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_raw_server(http_answer(403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client_of("https://wavespeed.example") as client:
            with pytest.raises(NothingSent):
                await client.submit(MODEL, BODY, post_by=boottime() + 20)

    assert proxy.received.startswith(b"CONNECT wavespeed.example:443")
    assert KEY.encode() not in proxy.received


async def test_a_simulator_is_not_looked_for_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

    outcome, _ = await submit_to(http_answer(200, CREATED))

    assert outcome == PREDICTION


async def test_every_submission_has_its_own_connection() -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url) as client:
        for _ in range(3):
            await client.submit(MODEL, BODY, post_by=boottime() + 20)
        await asyncio.gather(*(client.submit(MODEL, BODY, post_by=boottime() + 20) for _ in range(3)))

    assert [connection.requests for connection in server.connections] == [1] * 6


async def test_a_cancel_passes_through_untouched() -> None:
    async with open_raw_server(Conduct.SILENCE) as server, client_of(server.url) as client:
        submitting = asyncio.create_task(client.submit(MODEL, BODY, post_by=boottime() + 20))
        await eventually(lambda: server.requests == 1)
        submitting.cancel("why")

        with pytest.raises(asyncio.CancelledError):
            await submitting
    assert submitting.cancelled()


@pytest.mark.parametrize("key", [None, "", "  ", "line\nbreak-in-key", "schlüssel-key"])
async def test_without_a_usable_key_nobody_is_asked_and_the_setting_is_named(key: str | None) -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url, key) as client:
        with pytest.raises(ProviderRefused) as raised:
            await client.submit(MODEL, BODY, post_by=boottime() + 20)
        with pytest.raises(ProviderUnavailable, match="WAVESPEED_API_KEY"):
            await client.result(PREDICTION)

    assert raised.value.reason_code is ReasonCode.WAVESPEED_BAD_KEY
    assert "WAVESPEED_API_KEY" in str(raised.value)
    assert not key or not key.strip() or key not in str(raised.value)
    assert server.connections == []


@pytest.mark.parametrize(
    "model",
    [
        "predictions/delete",
        "model/price",
        "Upload/x",
        "user/x",
        "account/x",
        "vendor/../balance",
        "vendor//x",
        "/x",
        ".",
    ],
)
async def test_a_model_that_is_another_path_of_wavespeeds_is_never_posted(model: str) -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url) as client:
        with pytest.raises(ProviderRefused) as raised:
            await client.submit(model, {"ids": ["x"], "prompt": "x"}, post_by=boottime() + 20)

    assert raised.value.reason_code is ReasonCode.WAVESPEED_UNKNOWN_MODEL
    assert server.connections == []


@pytest.mark.parametrize("value", [float("nan"), object(), "\ud800"])
async def test_inputs_that_are_no_json_are_refused_before_anything_is_sent(value: object) -> None:
    async with open_raw_server(http_answer(200, CREATED)) as server, client_of(server.url) as client:
        with pytest.raises(ProviderRefused) as raised:
            await client.submit(MODEL, {"prompt": "x", "odd": value}, post_by=boottime() + 20)

    assert raised.value.reason_code is ReasonCode.WAVESPEED_BAD_INPUT
    assert server.connections == []


async def test_wavespeeds_words_are_cut_and_carry_no_secret() -> None:
    said = f"Bearer {KEY} may not fetch https://host/a.png?X-Signature=abc123 now " + "blah " * 1_000

    outcome, _ = await submit_to(http_answer(400, {"code": 400, "message": said}))

    assert isinstance(outcome, ProviderRefused)
    assert KEY not in str(outcome)
    assert "abc123" not in str(outcome)
    assert "https://host/a.png" in str(outcome)
    assert len(str(outcome)) <= 500


async def test_the_key_fingerprint_is_the_start_of_its_sha256() -> None:
    async with client_of("http://127.0.0.1:1", "abc") as with_key, client_of("http://127.0.0.1:1/", None) as without:
        assert with_key.key_fingerprint == "ba7816bf8f01"
        assert without.key_fingerprint == ""
        assert without.base == "http://127.0.0.1:1"


@pytest.mark.parametrize("base", ["api.wavespeed.ai", "ftp://host", "http://", "https://[::1", "http://h:99999999"])
async def test_a_base_that_is_no_address_is_named(base: str) -> None:
    with pytest.raises(ConfigurationError, match="WAVESPEED_API_BASE"):
        async with client_of(base):
            pass
