"""The REST API as `promptmill load` uses it: on connections that are kept, so that it times no handshakes.

It calls the user's own installation and no provider, hence the one exception to the rule of who may use httpx.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx

from promptmill.contracts.errors import PromptmillError
from promptmill.contracts.jobs import ProviderMode

TIMEOUT_SECONDS: Final = 30.0
PAGE: Final = 200
FIELDS: Final = (
    "jobId",
    "status",
    "createdAt",
    "dispatchedAt",
    "completedAt",
    "mediaCostUsd",
    "promptCostUsd",
    "error",
)
"""What is looked at of each job."""

AGAIN: Final = 2
"""How often a request without a response is repeated, with the same Idempotency-Key: it may have been accepted."""


class NotAnswered(PromptmillError):
    """The installation gave no response, or an error."""

    code = "not_answered"


@dataclass(frozen=True)
class Created:
    """What came of one `POST /api/jobs/create`.

    Attributes:
        seconds: How long its (first) response took, or how long none was waited for.
        job: The job as accepted; None if it was refused.
        refusal: The problem's code, or the HTTP status; None if it was accepted.
    """

    seconds: float
    job: Mapping[str, Any] | None
    refusal: str | None


@dataclass(frozen=True)
class LoadClient:
    """One installation, as one caller."""

    http: httpx.AsyncClient

    async def providers(self) -> Mapping[str, str]:
        """Return whether each provider is real or simulated; nothing if this caller may not know.

        Raises:
            NotAnswered: There is no response, or none of a Promptmill.
        """
        try:
            found: Mapping[str, str] = (await self.http.get("/api/init")).json().get("providers", {})
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
            raise NotAnswered(f"There is no Promptmill at {self.http.base_url} ({type(error).__name__}).") from None
        return found

    async def create(self, body: Mapping[str, Any], key: str) -> Created:
        """Create a job."""
        began = time.monotonic()
        first = None
        for _ in range(1 + AGAIN):
            try:
                answer = await self.http.post("/api/jobs/create", json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError as error:
                first = first or Created(time.monotonic() - began, None, type(error).__name__)
                continue
            seconds = first.seconds if first else time.monotonic() - began
            if answer.status_code == HTTPStatus.ACCEPTED:
                return Created(seconds, answer.json(), None)
            return Created(seconds, None, _code(answer))
        assert first is not None  # each attempt either returns or fails
        return first

    async def look(self, since: str, known: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the jobs that were accepted since a time, newest first, of those that are known.

        Raises:
            NotAnswered: There is no response, or an error.
        """
        cursor: str | None = None
        while True:
            query: dict[str, Any] = {"createdAfter": since, "limit": PAGE, "fields": FIELDS}
            try:
                answer = await self.http.get("/api/jobs", params=query | ({"cursor": cursor} if cursor else {}))
                page = answer.raise_for_status().json()
            except (httpx.HTTPError, ValueError) as error:
                raise NotAnswered(f"The jobs cannot be listed ({error}).") from error
            for job in page["items"]:
                if job["jobId"] in known:
                    yield job
            cursor = page["nextCursor"]
            if cursor is None:
                return

    async def cancel(self, job_id: str) -> bool:
        """Ask for a job to be cancelled; return whether that was accepted."""
        try:
            return (await self.http.delete(f"/api/jobs/{job_id}")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def open_client(url: str, key: str | None, at_once: int) -> AsyncIterator[LoadClient]:
    """Open a client of an installation with up to so many connections."""
    async with httpx.AsyncClient(
        base_url=url.rstrip("/"),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
    ) as http:
        yield LoadClient(http)


def real_ones(providers: Mapping[str, str]) -> Sequence[str]:
    """Return the providers that are, or may be, real: what is not known counts as real."""
    return [name for name in ("grok", "wavespeed") if providers.get(name) != ProviderMode.SIMULATED]


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
