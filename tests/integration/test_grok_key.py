"""What xAI says of the key and its models, asked without paying."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ProviderRefused
from promptmill.providers.grok.client import GrokClient, open_grok
from tests.raw_server import Conduct, RawServer, http_answer, open_raw_server

KEY = "xai-very-secret-key-0123456789"
BAD_KEY = {"code": "invalid-argument", "error": "Incorrect API key provided: xa***89."}
NO_CREDIT = {"code": "exhausted", "error": "Your team 7 has either used all available credits or reached its limit."}


@asynccontextmanager
async def asking(answer: bytes | Conduct) -> AsyncIterator[tuple[GrokClient, RawServer]]:
    async with (
        open_raw_server(answer) as server,
        open_grok(server.url, SecretStr(KEY), timeout_seconds=5) as grok,
    ):
        yield grok, server


GOOD = {"redacted_api_key": "xai-…89", "team_blocked": False, "api_key_blocked": False, "api_key_disabled": False}


async def test_a_good_key_is_good() -> None:
    async with asking(http_answer(200, GOOD)) as (grok, server):
        checked = await grok.check_key()

    assert server.received.startswith(b"GET /v1/api-key ")
    assert checked.ok
    assert checked.problem is None


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        pytest.param(http_answer(200, GOOD | {"team_blocked": True}), "XAI_API_KEY", id="team blocked"),
        pytest.param(http_answer(200, GOOD | {"api_key_blocked": True}), "XAI_API_KEY", id="key blocked"),
        pytest.param(http_answer(200, GOOD | {"api_key_disabled": True}), "XAI_API_KEY", id="key off"),
        pytest.param(http_answer(400, BAD_KEY), "XAI_API_KEY", id="wrong key"),
        pytest.param(http_answer(429, NO_CREDIT), "credit", id="no credit"),
        pytest.param(http_answer(502, "<html>"), "XAI_API_BASE", id="away"),
        pytest.param(http_answer(200, "<html>"), "XAI_API_BASE", id="another server"),
        pytest.param(Conduct.CLOSE, "XAI_API_BASE", id="cut"),
    ],
)
async def test_a_key_that_does_not_work_says_what_to_change(answer: bytes | Conduct, named: str) -> None:
    async with asking(answer) as (grok, _):
        checked = await grok.check_key()

    assert not checked.ok
    assert named in (checked.problem or "")
    assert KEY not in (checked.problem or "")


async def test_models_are_listed_with_their_aliases() -> None:
    listed = {"data": [{"id": "grok-4.3", "aliases": ["grok-latest"]}, {"id": "grok-4.7"}, {"object": "model"}, 7]}

    async with asking(http_answer(200, listed)) as (grok, server):
        assert await grok.models() == ["grok-4.3", "grok-latest", "grok-4.7"]

    assert server.received.startswith(b"GET /v1/models ")


async def test_models_that_cannot_be_listed_say_why() -> None:
    async with asking(http_answer(400, BAD_KEY)) as (grok, _):
        with pytest.raises(ProviderRefused, match="Incorrect API key"):
            await grok.models()


async def test_without_a_key_the_check_names_the_setting() -> None:
    async with open_grok("http://127.0.0.1:1", None, timeout_seconds=5) as grok:
        checked = await grok.check_key()

    assert not checked.ok
    assert checked.problem == "XAI_API_KEY is not set. Set XAI_API_KEY to a valid key."
