"""Results of predictions, read from servers that respond well, badly or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderRefused, ProviderUnavailable
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.client import WaveSpeedClient, open_wavespeed
from tests.raw_server import Conduct, cut_short, http_answer, open_raw_server

KEY = "wsk_very-secret-key-0123456789"
MODEL = "bytedance/seedream-v4/edit"
PREDICTION = "e6832d4abffb4d79bfbca19783fca133"


@asynccontextmanager
async def client_of(base: str, *, read_seconds: float = 5) -> AsyncIterator[WaveSpeedClient]:
    async with open_wavespeed(
        base, SecretStr(KEY), submit_timeout_seconds=5, read_timeout_seconds=read_seconds
    ) as client:
        yield client


def prediction(**fields: Any) -> bytes:
    return http_answer(200, {"code": 200, "message": "success", "data": {"id": PREDICTION, "model": MODEL, **fields}})


async def test_a_result_is_read_with_our_key() -> None:
    answer = prediction(
        status="completed",
        outputs=["https://cdn.example/output/1.jpeg"],
        has_nsfw_contents=[False],
        created_at="2026-05-19T06:09:15.948268264Z",
        error="",
    )
    async with open_raw_server(answer) as server, client_of(server.url) as client:
        found = await client.result(PREDICTION)

    assert server.received.startswith(f"GET /api/v3/predictions/{PREDICTION}/result ".encode())
    assert f"Bearer {KEY}".encode() in server.received
    assert found.status == "completed"
    assert found.finished
    assert found.reason_code is None
    [output] = found.outputs
    assert (output.kind, output.url, output.nsfw) == (MediaKind.IMAGE, "https://cdn.example/output/1.jpeg", False)
    assert output.expires_at == datetime(2026, 5, 26, 6, 9, 15, 948268, tzinfo=UTC)


async def test_an_error_code_beside_a_running_status_is_not_the_end() -> None:
    """5004 marks the end of a synchronous wait, not of the prediction."""
    async with (
        open_raw_server(prediction(status="processing", code=5004, error="timed out")) as server,
        client_of(server.url) as client,
    ):
        found = await client.result(PREDICTION)

    assert not found.finished
    assert found.reason_code is None


async def test_a_prediction_without_its_envelope_is_a_fact() -> None:
    bare = {"id": PREDICTION, "model": MODEL, "status": "completed", "outputs": ["https://cdn.example/1.png"]}
    async with open_raw_server(http_answer(200, bare)) as server, client_of(server.url) as client:
        found = await client.result(PREDICTION)

    assert [output.url for output in found.outputs] == ["https://cdn.example/1.png"]


@pytest.mark.parametrize("answer", [http_answer(404, "gone"), http_answer(200, {"code": 404, "message": "not found"})])
async def test_a_404_says_that_the_prediction_is_gone(answer: bytes) -> None:
    async with open_raw_server(answer) as server, client_of(server.url) as client:
        with pytest.raises(ProviderRefused) as raised:
            await client.result(PREDICTION)

    assert raised.value.reason_code is ReasonCode.PREDICTION_GONE


UNREADABLE = [
    pytest.param(http_answer(401, {"code": 401, "message": "bad key"}), ReasonCode.WAVESPEED_BAD_KEY, id="401"),
    pytest.param(http_answer(403, "error code: 1010"), ReasonCode.WAVESPEED_UNREACHABLE, id="a firewall's 403"),
    pytest.param(http_answer(200, {"code": 5003, "message": "busy"}), ReasonCode.WAVESPEED_UNREACHABLE, id="5003"),
    pytest.param(
        http_answer(500, {"id": PREDICTION, "status": "error"}), ReasonCode.WAVESPEED_UNREACHABLE, id="bare 500"
    ),
    pytest.param(http_answer(429), ReasonCode.WAVESPEED_RATE_LIMITED, id="429"),
    pytest.param(http_answer(500, {"code": 500}), ReasonCode.WAVESPEED_UNREACHABLE, id="500"),
    pytest.param(http_answer(502, "<html>"), ReasonCode.WAVESPEED_UNREACHABLE, id="a page"),
    pytest.param(http_answer(200, {"code": 500, "message": "x"}), ReasonCode.WAVESPEED_UNREACHABLE, id="envelope 500"),
    pytest.param(http_answer(200, {"data": {"id": "x"}}), ReasonCode.WAVESPEED_UNREACHABLE, id="no status"),
    pytest.param(http_answer(200, "nonsense"), ReasonCode.WAVESPEED_UNREACHABLE, id="no JSON"),
    pytest.param(http_answer(302, "", {"Location": "/"}), ReasonCode.WAVESPEED_UNREACHABLE, id="a redirect"),
    pytest.param(
        http_answer(200, {"code": 200, "data": {"id": "another", "status": "completed", "outputs": []}}),
        ReasonCode.WAVESPEED_UNREACHABLE,
        id="another prediction",
    ),
    pytest.param(cut_short(prediction(status="completed"), 30), ReasonCode.WAVESPEED_UNREACHABLE, id="cut"),
    pytest.param(Conduct.RESET, ReasonCode.WAVESPEED_UNREACHABLE, id="reset"),
    pytest.param(Conduct.SILENCE, ReasonCode.WAVESPEED_UNREACHABLE, id="no answer in time"),
]


@pytest.mark.parametrize(("answer", "reason"), UNREADABLE)
async def test_whatever_is_no_prediction_can_be_asked_again(answer: bytes | Conduct, reason: ReasonCode) -> None:
    async with (
        open_raw_server(answer) as server,
        client_of(server.url, read_seconds=0.5 if answer is Conduct.SILENCE else 5) as client,
    ):
        with pytest.raises(ProviderUnavailable) as raised:
            await client.result(PREDICTION)

    assert raised.value.reason_code is reason
    assert raised.value.retryable
    assert server.requests == 1


async def test_an_id_cannot_lead_to_another_address() -> None:
    async with open_raw_server(http_answer(404)) as server, client_of(server.url) as client:
        with pytest.raises(ProviderRefused):
            await client.result("../balance?x=")

    assert server.received.startswith(b"GET /api/v3/predictions/..%2Fbalance%3Fx%3D/result ")
