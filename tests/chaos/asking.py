"""A caller's patience: every request is repeated until it is answered, by whichever of the API's processes answers."""

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
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotAnswered(Exception):
    """The API gave no answer, or a wrong one, in all the time that a caller has."""


@dataclass
class Asker:
    """Asks the API.

    Attributes:
        repeated: How often a request was repeated because no answer, or none to go by, came.
    """

    http: httpx.AsyncClient
    urls: list[str]
    repeated: int = 0

    async def ask(
        self, method: str, path: str, *, turn: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask until there is an answer to go by, always with the same headers and body.

        Args:
            method: HTTP's.
            path: From the root.
            turn: Which of the processes is asked first.
            body: JSON.
            headers: Beside the usual ones.

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
        """Look at a job until a condition holds or the time is up; return it as it was seen last."""
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
    """Return whether the same request is to be sent once more: also while its first sending is still at work."""
    busy = answer.status_code == HTTPStatus.CONFLICT and "retry-after" in answer.headers
    return busy or answer.status_code in AGAIN
