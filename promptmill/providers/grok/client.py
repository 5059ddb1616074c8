"""The client of Grok (xAI). It never retries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from pydantic import SecretStr

from promptmill.calls import provider_call
from promptmill.contracts.errors import ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.grok.completions import GrokAnswer, GrokQuestion, compose_completion, read_completion
from promptmill.providers.grok.errors import read_failure
from promptmill.providers.http.answers import Answer, read_answer
from promptmill.providers.http.connections import authorization, key_problem, open_connection, plain_key
from promptmill.providers.http.redaction import redact

__all__ = ["GrokAnswer", "GrokClient", "GrokKey", "GrokQuestion", "open_grok"]

KEY_VARIABLE: Final = "XAI_API_KEY"
BASE_VARIABLE: Final = "XAI_API_BASE"

CHECK_SECONDS: Final = 15.0
"""Timeout of an unpaid request (key, models)."""

_FLAGS: Final = {
    "team_blocked": f"The xAI team of this key is blocked: set {KEY_VARIABLE} to another team's key.",
    "api_key_blocked": f"xAI has blocked this key: set {KEY_VARIABLE} to another one.",
    "api_key_disabled": f"This key is disabled at xAI: enable it there, or set {KEY_VARIABLE} to another one.",
}
"""Problems that xAI reports about a key in an otherwise successful response."""


class GrokKey(Message):
    """Whether xAI would accept requests with this key; `problem` says in one sentence what to change."""

    ok: bool
    problem: str | None = None


class GrokClient:
    """Requests prompts from Grok, and the state of the key from xAI."""

    def __init__(
        self, http: httpx.AsyncClient, base: str, api_key: SecretStr | None, *, timeout_seconds: float
    ) -> None:
        """Take a client, the base URL, the key, and the total timeout of one request."""
        self._http = http
        self._base = base.rstrip("/")
        self._key = plain_key(api_key)
        self._timeout_seconds = timeout_seconds

    async def write(self, question: GrokQuestion) -> GrokAnswer:
        """Request one prompt from one model. Costs money; safe to repeat.

        Raises:
            ProviderRefused: Permanently: bad key, no credit, refused for safety, a bad image, too long, a bad request,
                or xAI forbids a retry.
            ProviderModelUnavailable: Another model may work.
            ProviderRateLimited: A later attempt may succeed.
            ProviderUnavailable: xAI is down, slow or unreachable.
            ProviderAnswerUnusable: The response is empty, truncated or malformed.
        """
        with provider_call("grok", "write", question.model) as call:
            answer = await self._ask("POST", "chat/completions", self._timeout_seconds, compose_completion(question))
            written = call.usage = read_completion(answer, question, self._key)
        return written

    async def check_key(self) -> GrokKey:
        """Return whether the key works, at no cost. Never raises because of xAI or the network."""
        try:
            with provider_call("grok", "check_key"):
                answer = await self._ask("GET", "api-key", CHECK_SECONDS)
                if not answer.ok or not answer.object:
                    raise read_failure(answer, self._key)
        except ProviderError as error:
            return GrokKey(ok=False, problem=_advice(error))
        for flag, problem in _FLAGS.items():
            if answer.object.get(flag) is True:
                return GrokKey(ok=False, problem=problem)
        return GrokKey(ok=True)

    async def models(self) -> list[str]:
        """Return the names of the models available to this key, each followed by its aliases.

        Raises:
            ProviderError: As in `write`.
        """
        with provider_call("grok", "models"):
            answer = await self._ask("GET", "models", CHECK_SECONDS)
            listed = answer.object.get("data")
            if not answer.ok or not isinstance(listed, list):
                raise read_failure(answer, self._key)
        names: list[str] = []
        for model in listed:
            match model:
                case {"id": str() as name, "aliases": [*aliases]}:
                    names += [name, *(alias for alias in aliases if isinstance(alias, str))]
                case {"id": str() as name}:
                    names.append(name)
        return names

    async def _ask(self, method: str, path: str, seconds: float, body: Mapping[str, Any] | None = None) -> Answer:
        """Send one request and return the whole response."""
        problem = key_problem(self._key, KEY_VARIABLE)
        if problem:
            raise ProviderRefused(ReasonCode.GROK_BAD_KEY, problem)
        content = None if body is None else json.dumps(body).encode()
        headers = authorization(self._key) | ({"Content-Type": "application/json"} if content else {})
        address = f"{self._base}/v1/{path}"
        try:
            async with (
                asyncio.timeout(seconds),
                self._http.stream(method, address, content=content, headers=headers) as response,
            ):
                answer = await read_answer(response)
        except TimeoutError:
            raise ProviderUnavailable(
                ReasonCode.GROK_UNAVAILABLE, f"xAI did not respond within {seconds:g} s."
            ) from None
        except (httpx.HTTPError, OSError) as error:
            words = redact(str(error), self._key).rstrip(".") or type(error).__name__
            raise ProviderUnavailable(ReasonCode.GROK_UNAVAILABLE, f"xAI is unreachable ({words}).") from None
        if answer.broken is not None:
            raise ProviderUnavailable(ReasonCode.GROK_UNAVAILABLE, f"xAI sent {answer.broken}.")
        return answer


def _advice(error: ProviderError) -> str:
    """Return the error's message with the setting to change."""
    if error.reason_code is ReasonCode.GROK_BAD_KEY:
        return f"{error} Set {KEY_VARIABLE} to a valid key."
    if error.reason_code is ReasonCode.GROK_NO_CREDIT:
        return f"{error} Add credit or raise the limit in the xAI console."
    return f"{error} Check the network and {BASE_VARIABLE}."


@asynccontextmanager
async def open_grok(base: str, api_key: SecretStr | None, *, timeout_seconds: float) -> AsyncIterator[GrokClient]:
    """Open a client and close its connections afterwards. Opens without a key; calls then report that it is missing.

    Args:
        base: Base URL of xAI's API, without `/v1`.
        api_key: The key, or None.
        timeout_seconds: Total timeout of one request.

    Raises:
        ConfigurationError: `base` is not a URL.
    """
    async with open_connection(base, timeout_seconds=timeout_seconds, variable=BASE_VARIABLE) as http:
        yield GrokClient(http, base, api_key, timeout_seconds=timeout_seconds)
