"""WaveSpeed's list of predictions, from servers that return it well, badly or in part; and its webhook secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.account import open_wavespeed_account
from promptmill.providers.wavespeed.client import HistoryItem, WaveSpeedClient, boottime, open_wavespeed
from promptmill.simulators.clock import now as clock_seconds
from tests.fixtures.simulators import ProviderSimulator
from tests.raw_server import Conduct, RawServer, cut_short, http_answer, open_raw_server
from tests.simulator_control import SimulatorControl

KEY = "wsk_very-secret-key-0123456789"
MODEL = "wavespeed-ai/flux-dev"
AFTER = datetime(2026, 5, 19, 6, 0, 0, 120_000, UTC)
BEFORE = datetime(2026, 5, 19, 8, 0, 0, tzinfo=UTC)
SECRET = "whsec_0123456789abcdef"


def item(number: int, **fields: Any) -> dict[str, Any]:
    usual = {
        "id": f"{number:032x}",
        "model": MODEL,
        "status": "completed",
        "created_at": "2026-05-19T06:09:15.948268264Z",
        "outputs": [],
        "inputs": {"prompt": "a fox", "seed": number},
    }
    return usual | fields


def listed(items: list[Any], **fields: Any) -> bytes:
    return http_answer(200, {"code": 200, "message": "success", "data": {"items": items, **fields}})


@asynccontextmanager
async def client_asking(*answers: bytes | Conduct) -> AsyncIterator[tuple[WaveSpeedClient, RawServer]]:
    async with (
        open_raw_server(*answers) as server,
        open_wavespeed(server.url, SecretStr(KEY), submit_timeout_seconds=5, read_timeout_seconds=1) as client,
    ):
        yield client, server


async def read(client: WaveSpeedClient, **fields: Any) -> list[HistoryItem]:
    window: dict[str, Any] = {"model": MODEL, "created_after": AFTER, "created_before": BEFORE}
    return await client.history(**(window | fields))


async def test_a_list_is_asked_for_by_model_and_time_with_inputs() -> None:
    async with client_asking(listed([item(7)], page=1, total=1)) as (client, server):
        [found] = await read(client)

    assert server.received.startswith(b"POST /api/v3/predictions ")
    assert f"Bearer {KEY}".encode() in server.received
    assert server.body == {
        "page": 1,
        "page_size": 100,
        "model": MODEL,
        "created_after": "2026-05-19T06:00:00.120000Z",
        "created_before": "2026-05-19T08:00:00.000000Z",
        "include_inputs": True,
    }
    assert found == HistoryItem(
        id=f"{7:032x}",
        model=MODEL,
        created_at=datetime(2026, 5, 19, 6, 9, 15, 948268, UTC),
        status="completed",
        inputs={"prompt": "a fox", "seed": 7},
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"inputs": None, "input": {"prompt": "x"}}, {"prompt": "x"}),
        ({"inputs": {}, "input": {"prompt": "x"}}, {"prompt": "x"}),
        ({"inputs": None}, None),
        ({"inputs": {}}, None),
        ({"inputs": "a fox"}, None),
    ],
)
async def test_inputs_stand_under_either_name_or_are_not_told(fields: dict[str, Any], expected: object) -> None:
    async with client_asking(listed([item(1, **fields)], total=1)) as (client, _):
        [found] = await read(client)

    assert found.inputs == expected


async def test_all_pages_are_read_and_doubles_count_once() -> None:
    pages = [[item(n) for n in range(100)], [item(n) for n in range(90, 190)], [item(n) for n in range(180, 200)]]
    answers = [listed(page, page=number, total=200) for number, page in enumerate(pages, 1)]
    async with client_asking(*answers) as (client, server):
        found = await read(client)

    assert [int(one.id, 16) for one in found] == [*range(200)]
    assert server.requests == 3


async def test_without_a_total_a_short_page_is_not_yet_the_end() -> None:
    first, second = listed([item(1), item(2)]), listed([item(3)])
    async with client_asking(first, second, listed([]), second, first) as (client, server):
        found = await read(client)

    assert len(found) == 3
    assert server.requests == 5


async def test_without_a_total_a_deletion_between_two_pages_hides_nothing() -> None:
    """A prediction is deleted after the first page was read, and the first of the second page moves to the first."""
    before, after = [item(n) for n in range(100)], [item(n) for n in range(1, 101)]
    async with client_asking(listed(before), listed([item(101)]), listed([]), listed([item(101)]), listed(after)) as (
        client,
        _,
    ):
        found = await read(client)

    assert {int(one.id, 16) for one in found} == {*range(102)}


async def test_a_server_that_repeats_its_last_page_has_come_to_the_end() -> None:
    async with client_asking(listed([item(1)])) as (client, server):
        assert len(await read(client)) == 1

    assert server.requests == 3, "the list, its end, and the list again"


async def test_an_empty_list_is_a_list() -> None:
    async with client_asking(listed([], total=0)) as (client, _):
        assert await read(client) == []


FULL = [item(n) for n in range(100)]
NO_LIST = [
    pytest.param((http_answer(401, {"code": 401, "message": "bad key"}),), ReasonCode.WAVESPEED_BAD_KEY, id="401"),
    pytest.param((http_answer(429),), ReasonCode.WAVESPEED_RATE_LIMITED, id="429"),
    pytest.param((http_answer(200, {"code": 500, "data": {"items": []}}),), None, id="envelope 500"),
    pytest.param((http_answer(500, {"code": 200, "data": {"items": []}}),), None, id="500"),
    pytest.param((http_answer(502, "<html>"),), None, id="a page of HTML"),
    pytest.param((http_answer(200, {"code": 200, "data": {}}),), None, id="no items"),
    pytest.param((http_answer(200, {"code": 200, "data": []}),), None, id="a bare list"),
    pytest.param((listed(["x"]),), None, id="no prediction"),
    pytest.param((listed([item(1, id=None)]),), None, id="no id"),
    pytest.param((listed([item(1, model=None)]),), None, id="no model"),
    pytest.param((listed([item(1, status=None)]),), None, id="no status"),
    pytest.param((listed([item(1, created_at="yesterday")]),), None, id="no time"),
    pytest.param((listed([], page=2),), None, id="another page than asked for"),
    pytest.param((listed([item(1)], total=2), listed([], total=2)), None, id="fewer than promised"),
    pytest.param((listed(FULL),), None, id="one page for ever"),
    pytest.param((listed(FULL, total=300), http_answer(500)), None, id="the second page fails"),
    pytest.param((listed(FULL), Conduct.RESET), None, id="the second page is cut"),
    pytest.param((cut_short(listed([item(1)]), 60),), None, id="cut"),
    pytest.param((Conduct.SILENCE,), None, id="no answer in time"),
]


@pytest.mark.parametrize(("answers", "reason"), NO_LIST)
async def test_what_is_not_surely_whole_is_no_list(
    answers: tuple[bytes | Conduct, ...], reason: ReasonCode | None
) -> None:
    async with client_asking(*answers) as (client, _):
        with pytest.raises(ProviderUnavailable) as raised:
            await read(client)

    assert raised.value.reason_code is (reason or ReasonCode.WAVESPEED_UNREACHABLE)


async def test_more_pages_than_the_limit_are_no_list() -> None:
    answers = [listed([item(page * 100 + n) for n in range(100)]) for page in range(3)]
    async with client_asking(*answers) as (client, server):
        with pytest.raises(ProviderUnavailable, match="more than 2 pages"):
            await read(client, limit_pages=2)

    assert server.requests == 2


async def test_without_a_key_nothing_is_asked() -> None:
    async with (
        open_raw_server(listed([])) as server,
        open_wavespeed(server.url, None, submit_timeout_seconds=5) as client,
    ):
        with pytest.raises(ProviderUnavailable, match="WAVESPEED_API_KEY"):
            await read(client)

    assert server.requests == 0


async def test_the_simulators_history_shows_what_was_submitted(
    wavespeed_simulator: ProviderSimulator, account: str
) -> None:
    now = datetime.fromtimestamp(clock_seconds(), UTC)
    window = {"created_after": now - timedelta(minutes=1), "created_before": now + timedelta(minutes=1)}
    async with open_wavespeed(wavespeed_simulator.url, SecretStr(account), submit_timeout_seconds=5) as client:
        first = await client.submit(MODEL, {"prompt": "a fox", "seed": 1}, post_by=boottime() + 20)
        second = await client.submit(MODEL, {"prompt": "a hare", "seed": 2}, post_by=boottime() + 20)
        await client.submit("bytedance/seedream-v4", {"prompt": "an owl"}, post_by=boottime() + 20)

        found = await read(client, **window)
        before_that = await read(client, created_after=now - timedelta(days=1), created_before=now)

    assert [(one.id, one.inputs) for one in found] == [
        (second, {"prompt": "a hare", "seed": 2}),
        (first, {"prompt": "a fox", "seed": 1}),
    ]
    assert before_that == []


async def test_more_than_a_page_is_read_from_the_simulator(
    wavespeed_simulator: ProviderSimulator, account: str, wavespeed_http: httpx.AsyncClient
) -> None:
    now = datetime.fromtimestamp(clock_seconds(), UTC)
    for seed in range(101):
        await wavespeed_http.post(f"/api/v3/{MODEL}", json={"prompt": "a fox", "seed": seed})
    async with open_wavespeed(wavespeed_simulator.url, SecretStr(account), submit_timeout_seconds=5) as client:
        found = await read(client, created_after=now - timedelta(minutes=1), created_before=now + timedelta(minutes=1))

    assert {one.inputs["seed"] for one in found if one.inputs} == {*range(101)}


@pytest.mark.parametrize(
    "body",
    [
        {"code": 200, "data": {"secret": SECRET}},
        {"code": 200, "data": SECRET},
        {"code": 200, "secret": f" {SECRET} "},
    ],
)
async def test_the_webhook_secret_is_read_from_any_of_its_shapes(body: dict[str, Any]) -> None:
    async with (
        open_raw_server(http_answer(200, body)) as server,
        open_wavespeed_account(server.url, SecretStr(KEY)) as account,
    ):
        secret = await account.webhook_secret()

    assert secret.get_secret_value() == SECRET
    assert server.received.startswith(b"GET /api/v3/webhook/secret ")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http_answer(401, {"code": 401, "message": "bad"}), ProviderRefused),
        (http_answer(200, {"code": 403, "data": {"secret": SECRET}}), ProviderRefused),
        (http_answer(500, {"code": 200, "data": {"secret": SECRET}}), ProviderUnavailable),
        (http_answer(200, {"code": 200, "data": {"value": SECRET}}), ProviderUnavailable),
        (http_answer(200, {"code": 200, "data": {"secret": ""}}), ProviderUnavailable),
        (Conduct.RESET, ProviderUnavailable),
    ],
)
async def test_no_webhook_secret_says_why_and_repeats_none(
    answer: bytes | Conduct, expected: type[ProviderError]
) -> None:
    async with open_raw_server(answer) as server, open_wavespeed_account(server.url, SecretStr(KEY)) as account:
        with pytest.raises(expected) as raised:
            await account.webhook_secret()

    assert SECRET not in str(raised.value)


async def test_the_simulators_secret_is_its_accounts(
    wavespeed_simulator: ProviderSimulator, wavespeed_control: SimulatorControl, account: str
) -> None:
    async with open_wavespeed_account(wavespeed_simulator.url, SecretStr(account)) as client:
        secret = await client.webhook_secret()

    assert secret.get_secret_value().startswith("whsec_")
    assert len(await wavespeed_control.requests("secret")) == 1
