"""WaveSpeed's unpaid answers about money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.bills import Quote
from promptmill.contracts.errors import ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from tests.raw_server import Conduct, RawServer, http_answer, open_raw_server

KEY = "wsk_very-secret-key-0123456789"
MODEL = "bytedance/seedream-v4/edit"
BODY: dict[str, Any] = {"prompt": "a fox", "size": "2048*2048"}


@asynccontextmanager
async def account_asking(*answers: bytes | Conduct) -> AsyncIterator[tuple[WaveSpeedAccount, RawServer]]:
    async with open_raw_server(*answers) as server, open_wavespeed_account(server.url, SecretStr(KEY)) as account:
        yield account, server


async def test_balance_is_read_exactly() -> None:
    async with account_asking(http_answer(200, {"code": 200, "data": {"balance": 12.34}})) as (account, server):
        assert await account.balance() == Decimal("12.34")

    assert server.received.startswith(b"GET /api/v3/balance ")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(http_answer(401, {"code": 401, "message": "bad"}), ProviderRefused, id="401"),
        pytest.param(http_answer(200, {"code": 403, "message": "bad"}), ProviderRefused, id="envelope 403"),
        pytest.param(http_answer(403, "error code: 1010"), ProviderUnavailable, id="a firewall's 403"),
        pytest.param(http_answer(200, {"data": {"balance": "1e999999999"}}), ProviderUnavailable, id="no amount"),
        pytest.param(http_answer(200, {"data": {"balance": 10**24}}), ProviderUnavailable, id="24 digits"),
        pytest.param(http_answer(500), ProviderUnavailable, id="500"),
        pytest.param(http_answer(200, {"code": 200, "data": {}}), ProviderUnavailable, id="no balance"),
        pytest.param(Conduct.CLOSE, ProviderUnavailable, id="cut"),
    ],
)
async def test_a_balance_that_cannot_be_read_says_why(answer: bytes | Conduct, expected: type[ProviderError]) -> None:
    async with account_asking(answer) as (account, _):
        with pytest.raises(expected) as raised:
            await account.balance()

    assert type(raised.value) is expected
    assert expected is not ProviderRefused or "WAVESPEED_API_KEY" in str(raised.value)


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ({"price": 0.04, "discounted_price": 0.027}, ("0.027", "0.04")),
        ({"price": 0.04, "discounted_price": None}, ("0.04", None)),
        ({"price": 0.04, "discounted_price": 0.04}, ("0.04", None)),
        ({"price": 0.04, "discounted_price": 0.05}, ("0.05", None)),
        ({"price": 0.04, "discounted_price": 0}, ("0", "0.04")),
        ({"price": "x", "discounted_price": 0.027}, ("0.027", None)),
        ({"price": "0.5"}, ("0.5", None)),
        ({"price": True}, None),
        ({"price": 1e9}, None),
        ({"price": "1e-999999999"}, ("0", None)),
        ({"price": "1e999999999"}, None),
        ({"price": 0.0123456789}, ("0.012346", None)),
        ({"price": -1}, None),
        ({}, None),
    ],
)
async def test_the_price_is_the_discounted_one_where_there_is_one(
    quote: dict[str, Any], expected: tuple[str, str | None] | None
) -> None:
    async with account_asking(http_answer(200, {"code": 200, "data": quote})) as (account, server):
        offer = await account.offer(MODEL, BODY)

    if expected is None:
        assert offer is None
    else:
        usd, listed = expected
        assert offer == Quote(usd=Decimal(usd), list_usd=None if listed is None else Decimal(listed))
    assert server.received.startswith(b"POST /api/v3/model/price ")
    assert server.body == {"model_id": MODEL, "inputs": BODY}


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(200, {"code": 400, "data": {"price": 1}}),
        http_answer(500, {"code": 200, "data": {"price": 1}}),
        http_answer(200, b"\xff"),
        Conduct.RESET,
    ],
)
async def test_a_price_that_cannot_be_learned_is_none(answer: bytes | Conduct) -> None:
    async with account_asking(answer) as (account, _):
        assert await account.offer(MODEL, BODY) is None
        assert await account.offer(MODEL, {"odd": object()}) is None
