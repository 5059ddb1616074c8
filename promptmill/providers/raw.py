"""Providers' answers as they are, for whoever compares them with what the clients rely on. Never retries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic import SecretStr

from promptmill.providers.http.answers import Answer, read_answer
from promptmill.providers.http.connections import authorization, key_problem, open_connection, plain_key
from promptmill.providers.http.guarded_sender import GuardedSender, boottime
from promptmill.providers.http.redaction import redact

LIMIT: Final = 32 * 1024 * 1024
"""Maximum bytes of an answer: WaveSpeed's list of models is several megabytes."""

POST_WITHIN_SECONDS: Final = 20.0


class NoAnswer(Exception):
    """There was no complete answer; the message says why, redacted."""


@dataclass(frozen=True)
class RawProvider:
    """One provider with one key.

    Attributes:
        base: Its base URL with the API's prefix, without a trailing slash.
    """

    base: str
    key: str
    sender: GuardedSender
    http: httpx.AsyncClient
    seconds: float

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Answer:
        """Make one request.

        Raises:
            NoAnswer: There was none, or not a whole one.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = authorization(self.key if key is None else key)
        headers |= {"Content-Type": "application/json"} if content else {}
        try:
            async with (
                asyncio.timeout(self.seconds),
                self.http.stream(method, f"{self.base}/{path}", content=content, headers=headers) as response,
            ):
                answer = await read_answer(response, LIMIT)
        except (httpx.HTTPError, OSError) as error:
            raise NoAnswer(redact(str(error), self.key) or type(error).__name__) from None
        if answer.broken is not None:
            raise NoAnswer(answer.broken)
        return answer

    async def pay(self, path: str, body: Mapping[str, Any], params: Mapping[str, str]) -> Answer:
        """Make the one paid POST, as every submission is made.

        Raises:
            NothingSent: Not a single byte was sent.
            SubmitUnclear: It may have been accepted and charged.
        """
        return await self.sender.post(
            f"{self.base}/{path}",
            content=json.dumps(body).encode(),
            headers={**authorization(self.key), "Content-Type": "application/json"},
            params=params,
            post_by=boottime() + POST_WITHIN_SECONDS,
            key=self.key,
        )


@asynccontextmanager
async def open_raw(
    base: str, prefix: str, api_key: SecretStr | None, *, seconds: float, variable: str
) -> AsyncIterator[RawProvider]:
    """Open connections to a provider and close them afterwards.

    Args:
        base: Base URL of its API.
        prefix: The path of this version of it.
        api_key: The key.
        seconds: Total timeout of one request.
        variable: What the names of its settings begin with.

    Raises:
        ConfigurationError: `base` is not a URL.
        NoAnswer: There is no key that can be sent.
    """
    key = plain_key(api_key)
    if problem := key_problem(key, f"{variable}_API_KEY"):
        raise NoAnswer(problem)
    async with (
        open_connection(base, timeout_seconds=seconds, variable=f"{variable}_API_BASE", keep_alive=False) as paid,
        open_connection(base, timeout_seconds=seconds, variable=f"{variable}_API_BASE") as free,
    ):
        yield RawProvider(f"{base.rstrip('/')}/{prefix}", key, GuardedSender(paid, seconds), free, seconds)
