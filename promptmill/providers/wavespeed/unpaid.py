"""One unpaid request to WaveSpeed: free, so a failure is simply raised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import BODY_LIMIT, Answer, read_answer
from promptmill.providers.http.connections import authorization
from promptmill.providers.http.redaction import redact

KEY_VARIABLE: Final = "WAVESPEED_API_KEY"
BASE_VARIABLE: Final = "WAVESPEED_API_BASE"


async def ask_unpaid(
    http: httpx.AsyncClient,
    method: str,
    address: str,
    *,
    key: str,
    seconds: float,
    body: Mapping[str, Any] | None = None,
    limit: int = BODY_LIMIT,
) -> Answer:
    """Make one request and return the response, at most `limit` bytes, whatever its status.

    Raises:
        ProviderUnavailable: No complete response within `seconds`, or a larger one.
        TypeError, ValueError: The body cannot be serialised as JSON.
    """
    content = None if body is None else json.dumps(body, allow_nan=False).encode()
    headers = authorization(key) | ({"Content-Type": "application/json"} if content else {})
    try:
        async with asyncio.timeout(seconds), http.stream(method, address, content=content, headers=headers) as response:
            answer = await read_answer(response, limit)
    except (httpx.HTTPError, OSError) as error:
        words = redact(str(error), key).rstrip(".") or type(error).__name__
        raise ProviderUnavailable(
            ReasonCode.WAVESPEED_UNREACHABLE,
            f"WaveSpeed is unreachable ({words}): check the network and {BASE_VARIABLE}.",
        ) from None
    if answer.broken is not None:
        raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"WaveSpeed sent {answer.broken}.")
    return answer
