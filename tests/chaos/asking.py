"""A persistent caller: every request is retried until any of the API's processes responds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.2
GIVE_UP_SECONDS = 120.0
"""Longer than any blow."""

AGAIN = {
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotAnswered(Exception):
    """The API gave no response, or a wrong one, within a caller's total timeout."""


@dataclass
class Asker:
    """Sends requests to the API.

    Attributes:
        repeated: How often a request was retried because there was no conclusive response.
    """

    http: httpx.AsyncClient
    urls: list[str]
    repeated: int = 0

    async def ask(
        self, method: str, path: str, *, turn: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Retry until there is a conclusive response, always with the same headers and body.

        Args:
            method: HTTP method.
            path: Absolute path.
            turn: Which of the processes is tried first.
            body: JSON body.
            headers: Additional headers.

        Raises:
            NotAnswered: There was none in time.
        """
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < give_up:
            url = f"{self.urls[turn % len(self.urls)]}{path}"
            try:
                answer = await self.http.request(method, url, json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and not _asks_to_come_again(answer):
                return answer
            self.repeated += 1
            turn += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise NotAnswered(f"{method} {path} was not answered within {GIVE_UP_SECONDS:g} s")

    async def job_when(self, job_id: str, reached: Callable[[dict[str, Any]], bool], within: float) -> dict[str, Any]:
        """Poll a job until a condition holds or the time is up; return its last state."""
        give_up = time.monotonic() + within
        while True:
            job: dict[str, Any] = (await self.ask("GET", f"/api/jobs/{job_id}", turn=len(job_id))).json()
            if reached(job) or time.monotonic() > give_up:
                return job
            await asyncio.sleep(0.4)


def open_http() -> httpx.AsyncClient:
    """Return a client as callers use it."""
    return httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False)


def _asks_to_come_again(answer: httpx.Response) -> bool:
    """Return whether to retry the same request, for instance because the first one is still in progress."""
    busy = answer.status_code == HTTPStatus.CONFLICT and "retry-after" in answer.headers
    return busy or answer.status_code in AGAIN
