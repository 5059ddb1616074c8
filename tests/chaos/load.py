"""The callers: they create jobs until each is accepted, cancel some and terminate some."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

import httpx

from promptmill.contracts.names import job_workflow_id
from promptmill.local.temporal import TemporalServer
from tests.chaos.plan import Plan, PlannedJob

CALLERS = 8
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.2
ACCEPT_SECONDS = 120.0
"""How long one caller asks again and again; longer than any blow."""

AGAIN = {
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotAccepted(Exception):
    """A job was refused, or not accepted in all the time that a caller has."""


@dataclass
class Load:
    """Everything that callers do and have seen.

    Attributes:
        allowed: How many jobs may be created by now; raised while the run goes on.
        accepted: Job ids by number: answered with 202.
        repeated: How often a create was repeated with its Idempotency-Key because no answer, or a 5xx, came.
        asked, done: Cancels and terminations that were asked for, and that found their job open.
    """

    http: httpx.AsyncClient
    urls: list[str]
    plan: Plan
    temporal: Callable[[], TemporalServer]
    open_jobs: Callable[[], int]
    open_limit: int
    allowed: int = 0
    accepted: dict[int, str] = field(default_factory=dict)
    repeated: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    terminated: set[str] = field(default_factory=set)
    _actions: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Create every job of the plan, as fast as the run allows, then wait for what callers do afterwards."""
        numbers = iter(self.plan.jobs)
        async with asyncio.TaskGroup() as group:
            for caller in range(CALLERS):
                group.create_task(self._call(numbers, caller))
        await asyncio.gather(*self._actions)

    async def _call(self, jobs: object, caller: int) -> None:
        for job in jobs:  # type: ignore[attr-defined]  # one iterator, shared by all callers
            while job.number >= self.allowed or self.open_jobs() >= self.open_limit:  # noqa: ASYNC110  # looked at
                await asyncio.sleep(0.05)
            job_id = await self._create(job, caller)
            self.accepted[job.number] = job_id
            if job.action:
                task = asyncio.create_task(self._act(job, job_id))
                self._actions.add(task)

    async def _create(self, job: PlannedJob, caller: int) -> str:
        """Ask until it is accepted, always with the same Idempotency-Key: asking twice is asking once."""
        headers = {"Idempotency-Key": f"chaos-{self.plan.seed}-{job.number}"}
        give_up, turn = time.monotonic() + ACCEPT_SECONDS, caller
        while time.monotonic() < give_up:
            try:
                answer = await self.http.post(
                    f"{self.urls[turn % len(self.urls)]}/api/jobs/create", json=job.body, headers=headers
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == HTTPStatus.ACCEPTED:
                return str(answer.json()["jobId"])
            if answer is not None and answer.status_code not in AGAIN:
                raise NotAccepted(f"job {job.number}: {answer.status_code} {answer.text}")
            self.repeated += 1
            turn += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise NotAccepted(f"job {job.number} was not accepted within {ACCEPT_SECONDS:g} s")

    async def _act(self, job: PlannedJob, job_id: str) -> None:
        await asyncio.sleep(job.action_after)
        kind = "cancelled by its caller" if job.action == "cancel" else "terminated by the temporal command"
        self.asked[kind] += 1
        hit = await (self._cancel(job_id, job.number) if job.action == "cancel" else self._terminate(job_id))
        self.done[kind] += hit

    async def _cancel(self, job_id: str, turn: int) -> bool:
        """Cancel until an answer comes; say whether the job was still open."""
        give_up = time.monotonic() + ACCEPT_SECONDS
        while time.monotonic() < give_up:
            try:
                answer = await self.http.delete(f"{self.urls[turn % len(self.urls)]}/api/jobs/{job_id}")
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
                return answer.json()["status"] in {"cancelling", "cancelled"}
            turn += 1
            await asyncio.sleep(PAUSE_SECONDS)
        raise NotAccepted(f"the cancel of {job_id} was not answered within {ACCEPT_SECONDS:g} s")

    async def _terminate(self, job_id: str) -> bool:
        """Terminate as a person at a terminal does; say whether there was something to terminate."""
        workflow_id = job_workflow_id(UUID(job_id))
        for _ in range(5):
            done = await asyncio.to_thread(
                self.temporal().cli,
                "workflow", "terminate", "--workflow-id", workflow_id, "--reason", "chaos", "--command-timeout", "5s",
            )  # fmt: skip
            if done.returncode == 0:
                self.terminated.add(job_id)
                return True
            await asyncio.sleep(1)
        return False


def open_http() -> httpx.AsyncClient:
    """Return a client as callers use it."""
    return httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False)
