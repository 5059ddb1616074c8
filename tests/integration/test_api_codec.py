"""The codec endpoint as Temporal's Web UI and command line call it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload, Payloads

from api.http.bodies import CODEC_BYTES
from promptmill.config.settings import Settings
from promptmill.temporal.encryption import PayloadEncryption
from tests.fixtures.api import open_api
from tests.fixtures.payload_keys import NEW, OLD

DECODE = "/api/temporal/codec/decode?preserveStorageRefs=true"
UI = "http://127.0.0.1:8233"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='"Ein Fuchs für München"'.encode())


@pytest.fixture
async def api(lonely_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_api(lonely_settings.model_copy(update={"payload_keys": (NEW, OLD)})) as client:
        yield client


async def body(*payloads: Payload) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(Payloads(payloads=payloads))
    return found


async def test_it_decrypts_and_the_page_of_the_web_ui_may_read_it(api: httpx.AsyncClient) -> None:
    sealed = [*(await PayloadEncryption([OLD]).encode([PLAIN])), PLAIN]

    preflight = await api.options(
        DECODE, headers={"Origin": UI, "Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "same-site"}
    )
    answer = await api.post(DECODE, json=await body(*sealed), headers={"Origin": UI, "X-Namespace": "default"})

    assert answer.json() == await body(PLAIN, PLAIN)
    for each in (preflight, answer):
        assert each.headers["Access-Control-Allow-Origin"] == UI
        assert each.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in each.headers["Vary"]
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
    assert "x-namespace" in preflight.headers["Access-Control-Allow-Headers"]


async def test_a_program_needs_no_origin(api: httpx.AsyncClient) -> None:
    answer = await api.post(DECODE, json={"payloads": [], "newInAnotherRelease": 1})

    assert answer.json() == {"payloads": []}
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
async def test_another_page_learns_nothing(method: str, api: httpx.AsyncClient) -> None:
    answer = await api.request(method, DECODE, json={"payloads": []}, headers={"Origin": "http://127.0.0.1:9999"})

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_what_cannot_be_decrypted_names_the_key(lonely_api: httpx.AsyncClient) -> None:
    answer = await lonely_api.post(DECODE, json=await body(*(await PayloadEncryption([OLD]).encode([PLAIN]))))

    assert answer.status_code == 422
    assert answer.json()["code"] == "payload_unreadable"
    assert "the key old" in answer.json()["detail"]


async def test_a_payload_of_temporals_largest_size_is_taken_and_no_more(api: httpx.AsyncClient) -> None:
    largest = Payload(metadata={"encoding": b"binary/plain"}, data=b"x" * 2_097_152)

    assert (await api.post(DECODE, json=await body(largest))).status_code == 200
    assert (
        await api.post(DECODE, content=b" " * (CODEC_BYTES + 1), headers={"Content-Type": "application/json"})
    ).status_code == 413


@pytest.mark.parametrize(
    "payload", [{"data": "no base64 §"}, {"metadata": {"encoding": "§"}}, {"data": "a"}, {"data": 5}]
)
async def test_nonsense_is_refused(payload: dict[str, Any], api: httpx.AsyncClient) -> None:
    assert (await api.post(DECODE, json={"payloads": [payload]})).status_code == 422
