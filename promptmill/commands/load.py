"""`promptmill load`: creates jobs at an installation at a steady rate, follows them to their ends, and reports.

Whatever stops it, jobs of its own that have not ended are cancelled. At real providers it needs a limit in USD, which
is divided among the jobs as their `maxPriceUsd`; what Grok costs cannot be limited like that, so there it is not asked.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import cycle, islice
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from uuid_utils.compat import uuid7

from promptmill.commands.load_client import Created, LoadClient, NotAnswered, open_client, real_ones
from promptmill.commands.load_report import LoadReport
from promptmill.contracts.errors import PromptmillError

OWN, GROK = "own", "grok"
CREATES_AT_ONCE: Final = 64
CANCELS_AT_ONCE: Final = 16
LOOK_SECONDS: Final = 1.0
STOPS: Final = (signal.SIGINT, signal.SIGTERM)
MICRO: Final = Decimal("0.000001")


class LoadRefused(PromptmillError):
    """The load might cost more than was allowed."""

    code = "load_refused"


@dataclass(frozen=True)
class LoadPlan:
    """What is to be created.

    Attributes:
        jobs: How many.
        per_minute: At what rate.
        mix: How many of each kind in turn: `own` brings its prompt, `grok` has it written.
        max_cost: What all of them may cost at real providers, in USD; None: real providers are refused.
        patience: Seconds after the last create in which jobs may end.
    """

    jobs: int
    per_minute: float
    mix: Mapping[str, int]
    model: str
    max_cost: Decimal | None = None
    patience: float = 600.0

    @property
    def each(self) -> Decimal | None:
        """What one job may cost, in USD: so much that all together cost no more than is allowed."""
        return None if self.max_cost is None else (self.max_cost / self.jobs).quantize(MICRO, ROUND_DOWN)

    def bodies(self, run: str) -> Sequence[dict[str, Any]]:
        """Return the requests, in order."""
        turn = [kind for kind, count in self.mix.items() for _ in range(count)]
        limit = {} if self.each is None else {"maxPriceUsd": float(self.each)}
        return [
            {"model": self.model, "metadata": {"load": run}, **limit, **_prompt(kind, number)}
            for number, kind in enumerate(islice(cycle(turn), self.jobs), 1)
        ]


def parse_mix(text: str) -> dict[str, int]:
    """Return a mix such as `own=3,grok=1`.

    Raises:
        ValueError: It is none; the message says what is.
    """
    problem = f"{text!r} is no mix: give how many of each kind, such as {OWN}=3,{GROK}=1"
    found: dict[str, int] = {}
    for part in text.split(","):
        kind, _, count = part.strip().partition("=")
        if kind not in {OWN, GROK} or kind in found or not (count.isascii() and count.isdigit() and len(count) < 4):  # noqa: PLR2004  # digits
            raise ValueError(problem)
        found[kind] = int(count)
    if not any(found.values()):
        raise ValueError(problem)
    return found


def refusal(plan: LoadPlan, providers: Mapping[str, str]) -> str | None:
    """Return why an installation with these providers must not be loaded so, or None."""
    real = real_ones(providers)
    if real and plan.max_cost is None:
        return f"{' and '.join(real)} may be real here: say with --max-cost what the load may cost, in USD."
    if plan.each == 0:
        return f"--max-cost {plan.max_cost} is less than a millionth of a dollar for each of {plan.jobs:,} jobs."
    if "grok" in real and plan.mix.get(GROK):
        return f"grok may be real here, and a prompt's price has no limit: load with --mix {OWN}=1."
    return None


async def run_load(url: str, key: str | None, plan: LoadPlan, console: Console) -> LoadReport:
    """Load an installation and return what was found. Ctrl-C ends it early, and cancels what has not ended.

    Raises:
        LoadRefused: Nothing was created: the providers may be real, and no limit was given that holds for them.
        NotAnswered: Nothing was created: there is no response.
    """
    async with open_client(url, key, CREATES_AT_ONCE) as client:
        if problem := refusal(plan, await client.providers()):
            raise LoadRefused(f"Nothing was created: {problem}")
        return await _Load(client, plan, LoadReport(plan.jobs), console).run()


@dataclass
class _Load:
    """A load in progress."""

    client: LoadClient
    plan: LoadPlan
    report: LoadReport
    console: Console

    def __post_init__(self) -> None:
        self.stop = asyncio.Event()
        self.created = 0

    async def run(self) -> LoadReport:
        loop, began = asyncio.get_running_loop(), time.monotonic()
        for number in STOPS:
            loop.add_signal_handler(number, self._interrupt)
        try:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            with Progress(*columns, console=self.console, transient=True) as progress:
                bars = [progress.add_task(name, total=self.plan.jobs) for name in ("created", "ended")]
                async with asyncio.TaskGroup() as group:
                    creating = group.create_task(self._create(progress, bars[0]))
                    group.create_task(self._follow(creating, progress, bars[1]))
        finally:
            for number in STOPS:
                loop.remove_signal_handler(number)  # a second Ctrl-C ends the program
            self.report.seconds = time.monotonic() - began
            await self._cancel()
        return self.report

    def _interrupt(self) -> None:
        self.report.interrupted = True
        self.stop.set()

    async def _create(self, progress: Progress, bar: TaskID) -> None:
        """Send each request when it is due, whether or not earlier ones were answered."""
        run, began = uuid7().hex, time.monotonic()
        gate = asyncio.Semaphore(CREATES_AT_ONCE)

        async def send(number: int, body: Mapping[str, Any]) -> None:
            async with gate:
                if not self.stop.is_set():
                    self._note(await self.client.create(body, f"load-{run}-{number}"))
                    progress.advance(bar)

        async with asyncio.TaskGroup() as group:
            for number, body in enumerate(self.plan.bodies(run)):
                if await self._stopped_within(began + number * 60 / self.plan.per_minute - time.monotonic()):
                    return
                group.create_task(send(number, body))

    def _note(self, created: Created) -> None:
        self.report.latencies.append(created.seconds)
        if created.job is None:
            self.report.refusals[str(created.refusal)] += 1
        else:
            self.report.jobs[created.job["jobId"]] = created.job

    async def _follow(self, creating: asyncio.Task[None], progress: Progress, bar: TaskID) -> None:
        """Look at the jobs until all have ended, or the patience has."""
        give_up = float("inf")
        while not await self._stopped_within(LOOK_SECONDS):
            await self._look()
            progress.update(bar, completed=len(self.report.jobs) - len(self.report.open_jobs))
            if creating.done():
                give_up = min(give_up, time.monotonic() + self.plan.patience)
                if not self.report.open_jobs or time.monotonic() > give_up:
                    return

    async def _look(self) -> None:
        if not self.report.jobs:
            return
        first = min(datetime.fromisoformat(job["createdAt"]) for job in self.report.jobs.values())
        since = (first - timedelta(milliseconds=1)).isoformat()
        try:
            async for job in self.client.look(since, self.report.jobs):
                self.report.jobs[job["jobId"]] = job
        except NotAnswered:
            return  # it is looked at again

    async def _cancel(self) -> None:
        """Cancel what has not ended, and look once more."""
        left = self.report.open_jobs
        gate = asyncio.Semaphore(CANCELS_AT_ONCE)

        async def one(job_id: str) -> bool:
            async with gate:
                return await self.client.cancel(job_id)

        self.report.cancelled = sum(await asyncio.gather(*map(one, left)))
        if left:
            await self._look()

    async def _stopped_within(self, seconds: float) -> bool:
        """Wait, and return whether a stop was asked for."""
        try:
            await asyncio.wait_for(self.stop.wait(), max(seconds, 0))
        except TimeoutError:
            return False
        return True


def _prompt(kind: str, number: int) -> dict[str, Any]:
    if kind == GROK:
        return {"useAiPrompt": True, "instructions": f"A lighthouse in the fog, number {number}"}
    return {"prompt": f"A lighthouse in the fog, number {number}"}
