"""The blows against processes and servers, one at a time, and how long it then takes until some job progresses."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import psutil
from uuid_utils.compat import uuid7

from promptmill.local.errors import PartFailed
from tests.chaos.faults import Order
from tests.chaos.installation import APIS, WORKERS, Installation
from tests.chaos.judgement import TWO_OPEN, Violation
from tests.chaos.plan import Blow
from tests.chaos.provider import Simulator
from tests.chaos.record import Record
from tests.chaos.stepping import step_until_read, unread_bytes
from tests.fixtures.relay import Relay, open_relay

FREEZE_SECONDS = 14.0
"""Longer than the heartbeat timeout (10 s) and the time in which a POST may be sent (2 s)."""

MOVES_WITHIN_SECONDS = 60.0
"""How long a run waits for a job to progress before it continues anyway."""

EXTRA = "worker 3"
SLOWEST = 19
ATTEMPTS = 3


@dataclass(frozen=True)
class Struck:
    """One executed blow.

    Attributes:
        hit: Whether it really hit something.
        moved_after: Seconds from its end until some job progressed; None if no open job could.
    """

    blow: Blow
    hit: bool
    moved_after: float | None


@dataclass
class Blows:
    """Executes blows.

    Attributes:
        violations: Broken promises that a blow itself detected.
        notes: What did not go as planned.
    """

    installation: Installation
    record: Record
    wavespeed: Simulator
    struck: list[Struck] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def strike(self, blow: Blow) -> Struck:
        """Execute one blow and wait until some job progresses again."""
        hit, ended_at = await self._kinds[blow.kind](blow)
        movable = await self.record.open_jobs()
        moved_after = await self._first_move(ended_at) if movable else None
        struck = Struck(blow, hit, moved_after)
        self.struck.append(struck)
        return struck

    @property
    def _kinds(self) -> dict[str, Callable[[Blow], Awaitable[tuple[bool, datetime]]]]:
        return {
            "worker killed": self._kill_workers,
            "worker killed during a POST": self._kill_during_post,
            "worker frozen": self._freeze_workers,
            "worker frozen between intent and POST": self._freeze_before_post,
            "API killed": self._kill_apis,
            "Postgres restarted (immediate)": self._restart_postgres,
            "Temporal restarted": self._restart_temporal,
            "second open submission written by hand": self._write_second_submission,
        }

    async def _first_move(self, ended_at: datetime) -> float:
        give_up = time.monotonic() + MOVES_WITHIN_SECONDS
        while time.monotonic() < give_up:
            moved_at = await self.record.first_move(ended_at)
            if moved_at is not None:
                return float((moved_at - ended_at).total_seconds())
            await asyncio.sleep(0.1)
        return MOVES_WITHIN_SECONDS

    async def _kill_workers(self, blow: Blow) -> tuple[bool, datetime]:
        return await self._kill(_chosen(WORKERS, blow))

    async def _kill_apis(self, blow: Blow) -> tuple[bool, datetime]:
        return await self._kill(_chosen(APIS, blow))

    async def _kill(self, names: Sequence[str]) -> tuple[bool, datetime]:
        """Kill processes, keep them down for a moment, and restart them. The blow ends once they are started."""
        hit = all([await asyncio.to_thread(self.installation.kill, name) for name in names])
        await asyncio.sleep(0.5)
        for name in names:
            self.installation.start(name)
        ended_at = await self.record.now()
        for name in names:
            await asyncio.to_thread(self.installation.wait, name)
        return hit, ended_at

    async def _kill_during_post(self, _: Blow) -> tuple[bool, datetime]:
        """Kill all workers while WaveSpeed has created a prediction and its response is still in flight."""
        kind = "answer held until the worker was dead"
        before = await self.wavespeed.struck(kind)
        await self.wavespeed.order([Order(kind, {"where": "submit", "kind": "hold", "after": True})])

        async def held() -> bool:
            return await self.wavespeed.struck(kind) > before

        hit = await _within(20, held)
        killed, ended_at = await self._kill(WORKERS)
        await self.wavespeed.release()
        return hit and killed, ended_at

    async def _freeze_workers(self, blow: Blow) -> tuple[bool, datetime]:
        names = _chosen(WORKERS, blow)
        for name in names:
            self.installation.send(name, signal.SIGSTOP)
        await asyncio.sleep(FREEZE_SECONDS)
        hit = all(self._stands_still(name) for name in names)
        for name in names:
            self.installation.send(name, signal.SIGCONT)
        return hit, await self.record.now()

    async def _freeze_before_post(self, _: Blow) -> tuple[bool, datetime]:
        """Freeze a worker that has permission to send until another one has submitted the job; then wake it."""
        for _attempt in range(ATTEMPTS):
            async with self._extra_worker() as relay:
                missed = await self._catch(relay) or await self._pass_over(relay)
                if missed is None:
                    return True, await self.record.now()
                self.notes.append(f"worker frozen between intent and POST, once more: {missed}")
        return False, await self.record.now()

    @asynccontextmanager
    async def _extra_worker(self) -> AsyncIterator[Relay]:
        """Run a worker for paid submissions only, one at a time, whose Postgres is behind a relay."""
        async with open_relay(self.installation.database_url) as relay:
            try:
                await asyncio.to_thread(
                    lambda: self.installation.start_extra_worker(
                        EXTRA,
                        DATABASE_URL=relay.url,
                        PROMPTMILL_WORKER_QUEUES="wavespeed",
                        PROMPTMILL_WAVESPEED_CONCURRENCY="1",
                        # The default: a short one would end the POST on its own when the worker wakes.
                        PROMPTMILL_SUBMIT_TIMEOUT_SECONDS="60",
                    )
                )
                yield relay
            finally:
                await asyncio.to_thread(self.installation.kill, EXTRA)

    async def _catch(self, relay: Relay) -> str | None:
        """Stop the extra worker once it has read its permission to send; return why that failed, or None."""
        pid = self.installation.children[EXTRA].mark.pid
        # Only the request for permission contains it.
        relay.hold_answer_to(hashlib.sha256(self.installation.account.encode()).hexdigest()[:12])
        if not await _within(20, _now(relay.held.is_set)):
            return "no submission reached it"
        os.kill(pid, signal.SIGSTOP)
        # The stepping process must be faster than the worker.
        psutil.Process(pid).nice(SLOWEST)
        relay.release()
        if not await _within(5, _now(lambda: unread_bytes(relay.held_port) > 0)):
            return "the answer did not reach its socket"
        return None if await asyncio.to_thread(step_until_read, pid, relay.held_port) else "it did not read the answer"

    async def _pass_over(self, relay: Relay) -> str | None:
        """Wake the frozen worker once its submission was abandoned and its job continued without it.

        Return once it has settled that submission, whether or not it made the POST that must not be made; or return why
        that failed, for instance because the POST was sent before the worker stopped.
        """
        intended = await self.record.rows("SELECT id, job_id::text FROM submissions WHERE state = 'intended'")
        named = {row["job_id"]: (row["id"].bytes, str(row["id"]).encode()) for row in intended}
        mine = [job_id for job_id, forms in named.items() if any(form in relay.held_request for form in forms)]
        if not mine:
            return "it had no permission"
        await asyncio.sleep(2)
        if await self.wavespeed.made_for(mine[0]):
            return "the POST had left already"

        async def outcome() -> str | None:
            return await self.record.value(  # type: ignore[no-any-return]  # asyncpg has no types
                "SELECT CASE WHEN EXISTS (SELECT FROM submissions AS o WHERE o.job_id = j.id AND o.state = 'accepted')"
                " THEN 'submitted' WHEN j.completed_at IS NOT NULL THEN 'ended' END"
                " FROM jobs AS j WHERE j.id = CAST($1 AS text)::uuid",
                mine[0],
            )

        if not await _within(60, outcome):
            return "nobody submitted in its place in time"
        if await outcome() != "submitted":
            return "its job ended before"
        settled = relay.notice(*named[mine[0]])
        self.installation.send(EXTRA, signal.SIGCONT)
        return None if await _within(60, _now(settled.is_set)) else "it did not settle its submission in time"

    async def _restart_postgres(self, _: Blow) -> tuple[bool, datetime]:
        hit = await asyncio.to_thread(self.installation.restart_postgres)
        return hit, await self.record.now()

    async def _restart_temporal(self, blow: Blow) -> tuple[bool, datetime]:
        hit = await asyncio.to_thread(lambda: self.installation.stop_temporal(hard=blow.hard))
        await asyncio.sleep(1 + blow.which)
        await asyncio.to_thread(self.installation.start_temporal)
        return hit, await self.record.now()

    async def _write_second_submission(self, _: Blow) -> tuple[bool, datetime]:
        """Insert directly a second submission beside a possibly paid one: the index must refuse."""
        for _attempt in range(50):
            try:
                written = await self.record.rows(
                    "INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,"
                    " key_fingerprint, post_before)"
                    " SELECT $1, job_id, 'intended', 'by hand', request, '', provider_base, key_fingerprint, now()"
                    " FROM submissions WHERE state IN ('intended', 'unknown', 'accepted') ORDER BY number DESC LIMIT 1"
                    " RETURNING job_id",
                    uuid7(),
                )
            except asyncpg.UniqueViolationError:
                return True, await self.record.now()
            if written:
                what = "a second one was written beside one that may be paid, and nothing refused it"
                self.violations.append(Violation(TWO_OPEN, what, str(written[0]["job_id"])))
                return True, await self.record.now()
            await asyncio.sleep(0.2)
        return False, await self.record.now()

    def _stands_still(self, name: str) -> bool:
        try:
            return bool(psutil.Process(self.installation.children[name].mark.pid).status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess as error:
            raise PartFailed(f"{name} has ended by itself while it was frozen.") from error


def _chosen(names: Sequence[str], blow: Blow) -> Sequence[str]:
    return names if blow.both else [names[blow.which]]


def _now(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return condition()

    return asked


async def _within(seconds: float, condition: Callable[[], Awaitable[Any]]) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if await condition():
            return True
        await asyncio.sleep(0.05)
    return False
