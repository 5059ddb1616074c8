"""One run from the first job to the verdict."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from temporalio.client import Client

from promptmill.config.settings import load_settings
from promptmill.contracts.names import BATCH_WORKFLOW, JOB_WORKFLOW
from promptmill.store import open_store
from promptmill.store.consistency import check_record
from promptmill.temporal import connect
from tests.chaos.asking import Asker, open_http
from tests.chaos.blows import Blows, Struck
from tests.chaos.evidence import Evidence, collect, readable
from tests.chaos.installation import Installation
from tests.chaos.judgement import Violation, judge, judge_audit, judge_recovery
from tests.chaos.load import Load
from tests.chaos.money import Purse
from tests.chaos.people import People
from tests.chaos.plan import Plan
from tests.chaos.provider import Simulator
from tests.chaos.record import Record, open_record
from tests.chaos.table import Table, judge_rows

OPEN_LIMIT = 60
LOOK_EVERY_SECONDS = 0.25
SAY_EVERY_SECONDS = 5.0
DUE_WITHIN_SECONDS = 120.0
TRICKLE_EVERY_SECONDS = 0.25
OVERTIME_JOBS_PER_SECOND = 0.5
LAST_FAULTS_WITHIN_SECONDS = 30.0
LET_PASS_EVERY_SECONDS = 3.0
CHARGED_SHARE = 0.85
"""WaveSpeed charges less than it quotes: more would exceed budgets, which no permission could have prevented."""

AT_ONCE = timedelta(hours=-1)
"""By now nothing looks any more for what became of a submission."""

NO_ROOM = "no room in the budget"
NO_ROOM_IN_BATCH = "no room in the batch's budget"
RUNNING = f"WorkflowType IN ('{JOB_WORKFLOW}', '{BATCH_WORKFLOW}') AND ExecutionStatus = 'Running'"


@dataclass
class Outcome:
    """What a run found.

    Attributes:
        ordered, hits: Faults of each kind that were injected, and that struck.
        load_seconds: From the first job to the last one's acceptance.
    """

    plan: Plan
    evidence: Evidence
    violations: list[Violation]
    struck: list[Struck]
    ordered: Counter[str]
    hits: Counter[str]
    repeated: int
    seconds: float
    load_seconds: float
    settled: bool

    @property
    def never_hit(self) -> list[str]:
        """The kinds of fault that were injected and never struck."""
        return sorted(kind for kind in self.ordered if not self.hits[kind])

    @property
    def passed(self) -> bool:
        """Whether every promise was kept, and everything planned was attempted."""
        return not self.violations and not self.never_hit


@dataclass
class Run:
    """A run in progress."""

    plan: Plan
    installation: Installation
    say: Callable[[str], None]
    settle_seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    async def play(self) -> Outcome:
        """Create the jobs while the blows fall, let everything settle, and audit."""
        environment = self.installation.environment
        url = self.installation.database_url
        async with open_http() as http, open_record(url) as record, open_store(url, pool_size=1) as store:
            grok = Simulator(http, environment["XAI_API_BASE"], self.installation.account)
            wavespeed = Simulator(http, environment["WAVESPEED_API_BASE"], self.installation.account)
            await self._prepare(grok, wavespeed)
            load, blows = self._load(http), Blows(self.installation, record, wavespeed)
            purse = Purse(url, store, load.api)
            await purse.begin()
            table = Table(load.api, self.plan)
            watching, paying = asyncio.create_task(self._watch()), asyncio.create_task(purse.run())
            filling = asyncio.create_task(table.run())
            try:
                await self._strike_while_loading(load, blows)
                load_seconds = time.monotonic() - self.begun
                await wavespeed.release()
                # Faults for single jobs strike when those make their requests.
                await until(lambda: self.open_jobs == 0, LAST_FAULTS_WITHIN_SECONDS)
                for simulator in (grok, wavespeed):
                    await simulator.forget_faults()
                await stopped(paying)
                await purse.end()
                table.wide.set()
                self.say(f"{self._clock()} no more faults: everything settles")
                client = await connect(load_settings(environment))
                settled = await self._settle(record, client)
            finally:
                watching.cancel()
                paying.cancel()
                await stopped(filling)
            await purse.end()
            self.say(f"{self._clock()} the audit reads rows, workflows and ledger")
            accepted = [*load.accepted, *load.people.retries]
            left = readable(self.installation.temporal_files) if self.installation.encrypted else ()
            evidence = await collect(record, client, wavespeed, accepted, load.people.terminated, left)
            audited = await check_record(store.consistency, keep_days=0, unclear_after=AT_ONCE)
            found = [*blows.violations, *purse.wrong.values(), *judge(evidence), *judge_audit(audited)]
            found += await judge_rows(record, table.rows)
            held = purse.held, table.raised
            return self._outcome(load, blows, held, evidence, (grok, wavespeed), load_seconds, found, settled=settled)

    async def _prepare(self, grok: Simulator, wavespeed: Simulator) -> None:
        await grok.set_timing(min_seconds=0.05, max_seconds=0.4)
        await wavespeed.set_timing(min_seconds=0.2, max_seconds=1.5, webhook_backoff_seconds=0.5)
        await wavespeed.set_timing(charged_share=CHARGED_SHARE, refund_seconds=1, billing_seconds=1)
        await grok.order([order for job in self.plan.jobs for order in job.grok])
        await wavespeed.order([order for job in self.plan.jobs for order in job.wavespeed])
        await wavespeed.order(self.plan.background)

    def _load(self, http: httpx.AsyncClient) -> Load:
        api = Asker(http, self.installation.api_urls)
        people = People(api, temporal=lambda: self.installation.temporal)
        return Load(api, people, self.plan, open_jobs=lambda: self.open_jobs, open_limit=OPEN_LIMIT)

    @property
    def open_jobs(self) -> int:
        """Open jobs at the last check, except those that wait for their submission to be resolved."""
        return sum(self.counts[status] for status in ("queued", "prompting", "dispatching", "generating", "cancelling"))

    async def _strike_while_loading(self, load: Load, blows: Blows) -> None:
        async with asyncio.TaskGroup() as group:
            loading = group.create_task(load.run())
            for number, blow in enumerate(self.plan.blows):
                due = self.plan.due(number)
                load.allowed = max(due, len(load.accepted))
                await until(lambda due=due: len(load.accepted) >= due, DUE_WITHIN_SECONDS)  # type: ignore[misc]
                trickling = group.create_task(self._trickle(load, self.plan.due(number + 1)))
                struck = await blows.strike(blow)
                trickling.cancel()
                for note in blows.notes:
                    self.say(f"{self._clock()} {note}")
                blows.notes.clear()
                self._tell(number, struck)
            load.allowed = len(self.plan.jobs)
            await loading

    async def _trickle(self, load: Load, until_number: int) -> None:
        """Admit jobs evenly during a blow, and very few if it lasts longer than it should."""
        while True:
            await asyncio.sleep(TRICKLE_EVERY_SECONDS)
            pace = self.plan.jobs_per_second if load.allowed < until_number else OVERTIME_JOBS_PER_SECOND
            load.allowed += pace * TRICKLE_EVERY_SECONDS

    async def _watch(self) -> None:
        """Poll the record and show progress in the terminal."""
        async with open_record(self.installation.database_url) as record:
            said = 0.0
            while True:
                self.counts = await record.counts()
                if time.monotonic() - said > SAY_EVERY_SECONDS:
                    said = time.monotonic()
                    self.say(f"{self._clock()} {_line(self.counts)}")
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _settle(self, record: Record, client: Client) -> bool:
        """Wait until nothing can continue; return whether that was reached."""
        await record.begin_settling()
        give_up, let_pass = time.monotonic() + self.settle_seconds, 0.0
        while time.monotonic() < give_up:
            # Workflows close a moment after their rows.
            if await record.unsettled() == 0 and (await client.count_workflows(RUNNING)).count == 0:
                return True
            if time.monotonic() > let_pass:
                let_pass = time.monotonic() + LET_PASS_EVERY_SECONDS
                await record.let_hours_pass()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return False

    def _outcome(
        self,
        load: Load,
        blows: Blows,
        held: tuple[int, int],
        evidence: Evidence,
        simulators: tuple[Simulator, ...],
        load_seconds: float,
        found: list[Violation],
        *,
        settled: bool,
    ) -> Outcome:
        ordered, hits = Counter(load.people.asked), Counter(load.people.done)
        for simulator in simulators:
            ordered += simulator.ordered
            hits += simulator.hits
        ordered.update(struck.blow.kind for struck in blows.struck)
        hits.update(struck.blow.kind for struck in blows.struck if struck.hit)
        for kind, times in zip((NO_ROOM, NO_ROOM_IN_BATCH), held, strict=True):
            ordered[kind] += 1
            hits[kind] += times
        slow = judge_recovery([(struck.blow.kind, struck.moved_after) for struck in blows.struck])
        seconds = time.monotonic() - self.begun
        return Outcome(
            self.plan,
            evidence,
            [*found, *slow],
            blows.struck,
            ordered,
            hits,
            load.api.repeated,
            seconds,
            load_seconds,
            settled,
        )

    def _tell(self, number: int, struck: Struck) -> None:
        moved = "nothing was open" if struck.moved_after is None else f"moves again after {struck.moved_after:.1f} s"
        hit = "" if struck.hit else ", but it hit nothing"
        self.say(f"{self._clock()} blow {number + 1}/{len(self.plan.blows)}: {struck.blow.kind}{hit}; {moved}")

    def _clock(self) -> str:
        return f"{time.monotonic() - self.begun:5.0f} s"


async def stopped(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end.

    Raises:
        Exception: What it failed with before.
    """
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(condition: Callable[[], bool], within: float) -> None:
    """Wait until a condition holds, at most this many seconds."""
    give_up = time.monotonic() + within
    while not condition() and time.monotonic() < give_up:  # noqa: ASYNC110  # polled: there is no event
        await asyncio.sleep(0.05)


def _line(counts: Counter[str]) -> str:
    return " ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no jobs yet"
