"""`python -m tests.bench`: measures jobs against a bare Temporal workflow, and the API and the page by themselves.

A measurement, not a test: exit code 0 even if a goal is missed, 1 if something failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
from dataclasses import dataclass

import httpx
import psutil
from rich.console import Console
from temporalio.client import Client

from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit
from promptmill.temporal import connect
from tests.bench.figures import (
    Line,
    comparison_lines,
    first_view_line,
    flight_lines,
    gallery_lines,
    growth_lines,
    late_line,
    load_lines,
    no_page_line,
    page_lines,
    show,
    stream_lines,
    table_lines,
)
from tests.bench.flight import JOBS, measure_flight
from tests.bench.gallery import scroll_gallery
from tests.bench.growth import measure_growth
from tests.bench.load import load_api, store_jobs
from tests.bench.page import fill_list, visit_page, weigh_first_view
from tests.bench.parts import NO_BRAKE, Parts, open_parts
from tests.bench.progress import Progress
from tests.bench.rounds import INSTANT, TWO_SECONDS, Effort, Mode, alternate, warm_up
from tests.bench.sides import Bare, Dbos, Promptmill
from tests.bench.streams import open_streams, raise_file_limit
from tests.bench.tables import measure_tables
from tests.environment import scrub
from tests.fixtures.browser import MISSING, find_chromium
from tests.fixtures.session import open_session

WHOLE = Effort(rounds=7, busy_jobs=200, idle_jobs=20, load_seconds=60, visits=7)
QUICK = Effort(rounds=3, busy_jobs=80, idle_jobs=10, load_seconds=10, visits=3)
# The page first: its own jobs must be in the list. The API last: it stops the worker.
PARTS = ("page", "jobs", "growth", "tables", "flight", "api")
ALONE = "flight"
"""No part of the whole: it needs limits of its own."""

INTERRUPTED = 130


def main() -> int:
    """Measure, print the table and return the exit code."""
    asked = _arguments()
    scrub(os.environ)
    raise_file_limit()
    # SIGTERM is handled like Ctrl-C; everything is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console = Console(highlight=False, soft_wrap=True)
    try:
        limits = {"PROMPTMILL_POLLS_PER_SECOND": "20"} if asked.only == ALONE else NO_BRAKE
        with open_session() as session, open_parts(session, Progress(console), limits) as parts:
            lines = asyncio.run(_measure(parts, Progress(console), asked))
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        return INTERRUPTED
    except (PromptmillError, ExceptionGroup) as error:
        console.print(f"bench: {_first(error)}", style="bold red")
        return 1
    show(console, f"{_machine()}", lines)
    return 0


async def _measure(parts: Parts, progress: Progress, asked: argparse.Namespace) -> list[Line]:
    client = await connect(parts.settings)
    # Every connection is kept: by default all but 20 are closed after each request.
    limits = httpx.Limits(max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=parts.api_url, timeout=30, trust_env=False, limits=limits) as http:
        bench = Bench(parts, client, http, QUICK if asked.quick else WHOLE, progress)
        lines: list[Line] = []
        try:
            for part in [asked.only] if asked.only else [each for each in PARTS if each != ALONE]:
                lines += await getattr(bench, part)()
        except Exception:
            # A component that has exited explains it better than the request that failed.
            parts.require_alive()
            raise
    return lines


@dataclass(frozen=True)
class Bench:
    """Measures one part by the method of its name."""

    running: Parts
    client: Client
    http: httpx.AsyncClient
    effort: Effort
    progress: Progress

    async def page(self) -> list[Line]:
        """Open the page."""
        weight = first_view_line(await weigh_first_view(self.http))
        chromium = await asyncio.to_thread(find_chromium)
        if chromium is None:
            self.progress.say(f"  - {MISSING}")
            return [weight, no_page_line()]
        with self.progress.step("Making the jobs that the page lists"):
            await fill_list(Promptmill(self.client, self.http))
        with self.progress.step("Opening the page"):
            lines = [weight, *page_lines(await visit_page(chromium, self.running.api_url, self.effort.visits))]
        with self.progress.step("Scrolling the gallery"):
            found = await self.http.get("/api/jobs", params={"limit": 1, "status": "completed"})
            [job] = found.raise_for_status().json()["items"]
            self.running.sql("TRUNCATE jobs CASCADE")  # newer than the copies, they would come first
            return [*lines, *gallery_lines(await scroll_gallery(chromium, self.running.api_url, job))]

    async def jobs(self) -> list[Line]:
        """Compare jobs with those of others, in both modes."""
        return [line for mode in (INSTANT, TWO_SECONDS) for line in await self._compare(mode)]

    async def growth(self) -> list[Line]:
        """Ask as the record grows."""
        ours = Promptmill(self.client, self.http)
        return growth_lines(await measure_growth(self.running, self.http, ours, self.progress))

    async def tables(self) -> list[Line]:
        """Send the largest table."""
        return table_lines(await measure_tables(self.running, self.http, self.progress))

    async def flight(self) -> list[Line]:
        """Have many predictions in flight."""
        return flight_lines(await measure_flight(self.running, self.http, self.progress, JOBS))

    async def api(self) -> list[Line]:
        """Load the API, without a worker."""
        for name in ("worker", "bare worker", "DBOS"):
            self.running.stop(name)
        with self.progress.step("Worker held; opening streams"):
            streams = await open_streams(self.running, self.http)
        with self.progress.step("Storing jobs"):
            ids = await store_jobs(self.running)
        found = await load_api(self.running, ids, self.effort.load_seconds, self.progress)
        self.running.require_alive()
        return [*load_lines(found), *stream_lines(streams)]

    async def _compare(self, mode: Mode) -> list[Line]:
        self.running.set_generation(mode.generation_seconds)
        async with httpx.AsyncClient(base_url=self.running.dbos_url, timeout=60, trust_env=False) as to_dbos:
            bare = Bare(self.client, self.running.settings.grok_models[0], instant=not mode.generation_seconds)
            ours, dbos = Promptmill(self.client, self.http), Dbos(to_dbos)
            with self.progress.step(f"Warm-up, {mode.name}"):
                await warm_up((bare, ours, dbos), mode)
            found = await alternate((bare, ours, dbos), mode, self.running, self.effort, self.progress)
        lines = comparison_lines(mode, found[bare.name], found[ours.name], found[dbos.name])
        return [*lines, late_line(ours.late_starts)]


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first: jobs run in groups, and the others were only cancelled."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes instead of eleven; figures are rough")
    parser.add_argument("--only", choices=PARTS, help=f"one part; {ALONE} is no part of the whole")
    return parser.parse_args()


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    hard_exit(main())
