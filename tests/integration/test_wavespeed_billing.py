"""WaveSpeed's billing entries: what they say of given predictions, however oddly they say it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.bills import Bill
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.providers.wavespeed import billing
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from tests.raw_server import Conduct, RawServer, http_answer, open_raw_server

KEY = "wsk_very-secret-key-0123456789"
NO_AMOUNTS: tuple[Any, ...] = (None, True, "x", "NaN", "1e999999", 10**7, {}, [])


@asynccontextmanager
async def account_asking(*answers: bytes | Conduct) -> AsyncIterator[tuple[WaveSpeedAccount, RawServer]]:
    async with open_raw_server(*answers) as server, open_wavespeed_account(server.url, SecretStr(KEY)) as account:
        yield account, server


def entry(uuid: str, kind: Any = "deduct", price: Any = 0.03, prediction: Any = "p-1", at: Any = 0) -> dict[str, Any]:
    return {
        "uuid": uuid, "billing_type": kind, "price": price, "created_at": at, "prediction": {"uuid": prediction},
    }  # fmt: skip


def page(*items: Any, **more: Any) -> bytes:
    return http_answer(200, {"code": 200, "data": {"items": [*items], **more}})


def bill(charged: str | None, refunded: str = "0", prediction_id: str = "p-1") -> Bill:
    usd = None if charged is None else Decimal(charged)
    return Bill(prediction_id=prediction_id, charged_usd=usd, refunded_usd=Decimal(refunded))


async def test_the_question_names_the_predictions() -> None:
    async with account_asking(page()) as (account, server):
        assert await account.bills(["p-1", "p-2"]) == []

    assert server.received.startswith(b"POST /api/v3/billings/search ")
    assert server.body == {"prediction_uuids": ["p-1", "p-2"], "page": 1, "page_size": 100}


@pytest.mark.parametrize("pages", [[{"has_more": True}, {"has_more": False}], [{"total": 3}, {"total": 3}]])
async def test_all_pages_are_read_whichever_way_they_are_counted(pages: list[dict[str, Any]]) -> None:
    """And whichever form their times have; an entry that moved to the next page counts once."""
    first = page(entry("1", at=1_764_230_400_000), entry("2", prediction="p-2"), **pages[0])
    second = page(entry("1", at="2026-11-27T08:00:00Z"), entry("3", "refund", -0.03), **pages[1])
    async with account_asking(first, second) as (account, server):
        assert await account.bills(["p-1", "p-2"]) == [bill("0.03", "0.03"), bill("0.03", prediction_id="p-2")]

    assert server.requests == 2


async def test_a_page_that_says_nothing_of_others_is_the_last_unless_it_is_full() -> None:
    full = page(*(entry(str(n), price=0.0000019) for n in range(100)))
    async with account_asking(full, page(entry("last"))) as (account, server):
        assert await account.bills(["p-1"]) == [bill("0.0302")]

    assert server.requests == 2


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        pytest.param([entry("1"), entry("2", "refund", 0.03)], [bill("0.03", "0.03")], id="a positive refund"),
        pytest.param([entry("1", price=-0.03), entry("2", "refund", "-0.01")], [bill("0.03", "0.01")], id="negative"),
        pytest.param([entry("1", price="0.1"), entry("2", price=0.2)], [bill("0.3")], id="two charges"),
        pytest.param([entry("1", "refund")], [bill(None, "0.03")], id="the refund came first"),
        pytest.param([entry("1", price=0)], [bill("0")], id="free"),
        pytest.param([entry("1"), entry("1")], [bill("0.03")], id="doubled"),
        pytest.param([entry(""), {**entry(""), "created_at": 1}], [bill("0.06")], id="without ids of their own"),
        pytest.param([entry("1", prediction="p-other")], [], id="nobody asked for it"),
        pytest.param([entry("1", "top_up", 100)], [], id="another kind"),
        pytest.param(
            [entry("1", price=price) for price in NO_AMOUNTS],
            [],
            id="no amounts",
        ),
        pytest.param([entry(str(n), price=900_000) for n in range(2)], [], id="together no amount"),
        pytest.param(
            [None, 7, "x", [], {}, {"prediction": 7}, entry("1", prediction=7), entry("2", kind=None), entry("3")],
            [bill("0.03")],
            id="odd entries beside a good one",
        ),
    ],
)
async def test_what_is_no_entry_is_left_out(items: list[Any], expected: list[Bill]) -> None:
    async with account_asking(page(*items, has_more=False)) as (account, _):
        assert await account.bills(["p-1"]) == expected


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(200, {"code": 403, "message": "insufficient role"}),
        http_answer(500, {"code": 200, "data": {"items": []}}),
        http_answer(200, {"code": 200, "data": {"items": {}}}),
        http_answer(200, {"code": 200, "data": []}),
        http_answer(200, b"\xff"),
        http_answer(429),
        Conduct.CLOSE,
    ],
)
async def test_books_that_cannot_be_read_say_why(answer: bytes | Conduct) -> None:
    async with account_asking(answer) as (account, _):
        with pytest.raises(ProviderUnavailable, match="WaveSpeed"):
            await account.bills(["p-1"])


async def test_endless_pages_are_not_read_to_the_end() -> None:
    async with account_asking(page(entry("1"), has_more=True)) as (account, server):
        with pytest.raises(ProviderUnavailable, match="more than 10 pages"):
            await account.bills(["p-1"])

    assert server.requests == billing.MAX_PAGES
