"""WaveSpeed's list of models and its quotes, as the client reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import BODY_LIMIT
from promptmill.providers.wavespeed.account import MODELS_BYTES, WaveSpeedAccount, open_wavespeed_account
from tests.raw_server import Conduct, RawServer, http_answer, open_raw_server

KEY = "wsk_very-secret-key-0123456789"
ENTRY: dict[str, Any] = {"model_id": "vendor/model", "name": "Model", "base_price": 0.03, "sort_order": 1}


@asynccontextmanager
async def account_asking(
    answer: bytes | Conduct, key: str | None = KEY
) -> AsyncIterator[tuple[WaveSpeedAccount, RawServer]]:
    secret = None if key is None else SecretStr(key)
    async with open_raw_server(answer) as server, open_wavespeed_account(server.url, secret) as account:
        yield account, server


async def test_the_list_is_asked_for_with_the_key() -> None:
    async with account_asking(http_answer(200, {"code": 200, "data": [ENTRY, "odd"]})) as (account, server):
        [model] = await account.models()

    assert (model.model, model.name, model.base_price) == ("vendor/model", "Model", Decimal("0.03"))
    assert server.received.startswith(b"GET /api/v3/models HTTP/1.1")
    assert f"authorization: bearer {KEY}".encode() in server.received.lower()


async def test_a_list_of_many_megabytes_is_read() -> None:
    """A thousand models with long descriptions exceed the limit of all other responses."""
    many = [ENTRY | {"model_id": f"vendor/m{number}", "description": "x" * 10_000} for number in range(1000)]
    answer = http_answer(200, {"code": 200, "data": many})
    async with account_asking(answer) as (account, _):
        found = await account.models()

    assert len(answer) > BODY_LIMIT
    assert len(found) == 1000


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        pytest.param(http_answer(401, {"code": 401, "message": "bad"}), ProviderRefused, "WAVESPEED_API_KEY", id="401"),
        pytest.param(http_answer(200, {"code": 403, "data": [ENTRY]}), ProviderRefused, "WAVESPEED_API_KEY", id="403"),
        pytest.param(http_answer(500, {"code": 200, "data": [ENTRY]}), ProviderUnavailable, "500", id="500"),
        pytest.param(http_answer(200, {"code": 200, "data": []}), ProviderUnavailable, "no models", id="empty"),
        pytest.param(http_answer(200, {"code": 200, "data": {"a": 1}}), ProviderUnavailable, "no models", id="object"),
        pytest.param(http_answer(200, b"\xff"), ProviderUnavailable, "no models", id="no JSON"),
        pytest.param(Conduct.RESET, ProviderUnavailable, "is unreachable", id="reset"),
        pytest.param(
            http_answer(200, b'{"code": 200, "data": [' + b" " * MODELS_BYTES + b"]}"),
            ProviderUnavailable,
            "more than",
            id="a flood",
        ),
    ],
)
async def test_a_list_that_cannot_be_read_says_why(
    answer: bytes | Conduct, expected: type[ProviderError], words: str
) -> None:
    async with account_asking(answer) as (account, _):
        with pytest.raises(ProviderError) as raised:
            await account.models()

    assert type(raised.value) is expected
    assert words in str(raised.value)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (http_answer(404, {"code": 404}), ProviderRefused, ReasonCode.WAVESPEED_UNKNOWN_MODEL),
        (http_answer(200, {"code": 400, "message": "no"}), ProviderRefused, ReasonCode.WAVESPEED_BAD_INPUT),
        (http_answer(401, {"code": 401}), ProviderRefused, ReasonCode.WAVESPEED_BAD_KEY),
        (http_answer(429), ProviderUnavailable, ReasonCode.WAVESPEED_RATE_LIMITED),
        (http_answer(502), ProviderUnavailable, ReasonCode.WAVESPEED_UNREACHABLE),
        (http_answer(200, {"code": 200, "data": {"price": -1}}), ProviderUnavailable, ReasonCode.WAVESPEED_UNREACHABLE),
        (Conduct.CLOSE, ProviderUnavailable, ReasonCode.WAVESPEED_UNREACHABLE),
    ],
)
async def test_a_quote_that_is_not_given_says_why(
    answer: bytes | Conduct, expected: type[ProviderError], code: ReasonCode
) -> None:
    async with account_asking(answer) as (account, _):
        with pytest.raises(expected) as raised:
            await account.quote("vendor/model", {"prompt": "a fox"})

    assert raised.value.reason_code == code


@pytest.mark.parametrize(("key", "has_key"), [(None, False), ("", False), (" \n", False), ("k", True)])
async def test_whether_there_is_a_key_to_ask_with(key: str | None, has_key: bool) -> None:  # noqa: FBT001  # a row
    async with account_asking(Conduct.SILENCE, key) as (account, server):
        assert account.has_key is has_key
        if not has_key:
            with pytest.raises(ProviderRefused, match="WAVESPEED_API_KEY is not set"):
                await account.models()

    assert server.requests == 0
