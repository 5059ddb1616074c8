"""`python -m tests.bench`: measures jobs against a bare Temporal workflow, and the API and the page by themselves.

A measurement, not a test: exit code 0 even if a goal is missed, 1 if something failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal

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
from tests.environment import scrub
from tests.fixtures.browser import MISSING, find_chromium
from tests.fixtures.session import open_session

WHOLE = Effort(rounds=7, busy_jobs=200, idle_jobs=20, load_seconds=60, visits=7)
QUICK = Effort(rounds=3, busy_jobs=80, idle_jobs=10, load_seconds=10, visits=3)
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
        limits = {"PROMPTMILL_POLLS_PER_SECOND": "20"} if asked.only == "flight" else NO_BRAKE
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
    effort = QUICK if asked.quick else WHOLE
    lines: list[Line] = []
    client = await connect(parts.settings)
    # Every connection is kept: by default all but 20 are closed after each request.
    limits = httpx.Limits(max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=parts.api_url, timeout=30, trust_env=False, limits=limits) as http:
        try:
            # The page first: its own jobs must be in the list. The load last: it stops the worker.
            if asked.only in {None, "page"}:
                lines += await _page(parts, http, Promptmill(client, http), effort, progress)
            if asked.only in {None, "jobs"}:
                for mode in (INSTANT, TWO_SECONDS):
                    lines += await _compare(mode, parts, client, http, effort, progress)
            if asked.only in {None, "growth"}:
                lines += growth_lines(await measure_growth(parts, http, Promptmill(client, http), progress))
            if asked.only == "flight":
                lines += flight_lines(await measure_flight(parts, http, progress, JOBS))
            if asked.only in {None, "api"}:
                lines += await _load(parts, http, effort.load_seconds, progress)
        except Exception:
            # A component that has exited explains it better than the request that failed.
            parts.require_alive()
            raise
    return lines


async def _page(
    parts: Parts, http: httpx.AsyncClient, ours: Promptmill, effort: Effort, progress: Progress
) -> list[Line]:
    weight = first_view_line(await weigh_first_view(http))
    chromium = await asyncio.to_thread(find_chromium)
    if chromium is None:
        progress.say(f"  - {MISSING}")
        return [weight, no_page_line()]
    with progress.step("Making the jobs that the page lists"):
        await fill_list(ours)
    with progress.step("Opening the page"):
        lines = [weight, *page_lines(await visit_page(chromium, parts.api_url, effort.visits))]
    with progress.step("Scrolling the gallery"):
        return [*lines, *gallery_lines(await scroll_gallery(chromium, parts.api_url, http))]


async def _compare(
    mode: Mode, parts: Parts, client: Client, http: httpx.AsyncClient, effort: Effort, progress: Progress
) -> list[Line]:
    parts.set_generation(mode.generation_seconds)
    async with httpx.AsyncClient(base_url=parts.dbos_url, timeout=60, trust_env=False) as to_dbos:
        bare = Bare(client, parts.settings.grok_models[0], instant=not mode.generation_seconds)
        ours, dbos = Promptmill(client, http), Dbos(to_dbos)
        with progress.step(f"Warm-up, {mode.name}"):
            await warm_up((bare, ours, dbos), mode)
        found = await alternate((bare, ours, dbos), mode, parts, effort, progress)
    lines = comparison_lines(mode, found[bare.name], found[ours.name], found[dbos.name])
    return [*lines, late_line(ours.late_starts)]


async def _load(parts: Parts, http: httpx.AsyncClient, seconds: int, progress: Progress) -> list[Line]:
    for name in ("worker", "bare worker", "DBOS"):
        parts.stop(name)
    with progress.step("Worker held; opening streams"):
        streams = await open_streams(parts, http)
    with progress.step("Storing jobs"):
        ids = await store_jobs(parts)
    found = await load_api(parts, ids, seconds, progress)
    parts.require_alive()
    return [*load_lines(found), *stream_lines(streams)]


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first: jobs run in groups, and the others were only cancelled."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes instead of eleven; figures are rough")
    parser.add_argument(
        "--only", choices=("page", "jobs", "growth", "api", "flight"), help="one part; flight is no part of the whole"
    )
    return parser.parse_args()


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    hard_exit(main())
