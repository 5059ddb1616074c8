"""Throughput and idle overhead of all sides, alternating, so that noise of the machine affects them equally."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.cpu import cpu_between, cpu_seconds
from tests.bench.parts import Parts
from tests.bench.progress import Progress
from tests.bench.sides import Side

PAUSE_SECONDS = 0.05
"""Pause between two jobs of an idle round, so that the first has fully finished when the next begins."""

ROUND_SECONDS = 120.0
"""Timeout of a round: one that takes longer has lost a job, and the measurement is invalid."""


@dataclass(frozen=True)
class Mode:
    """How long the media takes, and how many jobs are in flight at load: enough to keep the machine busy.

    Attributes:
        idle_share: The share of `Effort.idle_jobs` that is run one after the other: slow ones take their time.
    """

    generation_seconds: float
    in_flight: int
    idle_share: float = 1

    @property
    def name(self) -> str:
        """Its name in the figures."""
        return f"generation {self.generation_seconds:g} s" if self.generation_seconds else "instant"


INSTANT = Mode(generation_seconds=0, in_flight=20)
TWO_SECONDS = Mode(generation_seconds=2, in_flight=40, idle_share=0.25)


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: Turns of each side.
        busy_jobs: Jobs of a turn with `Mode.in_flight` at once.
        idle_jobs: Jobs of a turn one after the other.
        load_seconds: Duration of the load on each of the API's routes.
        visits: How often the page is opened with an empty cache, and then again with a warm one.
    """

    rounds: int
    busy_jobs: int
    idle_jobs: int
    load_seconds: int
    visits: int


@dataclass(frozen=True)
class Round:
    """One turn of one side.

    Attributes:
        jobs_per_second: With `Mode.in_flight` jobs in flight.
        cpu_ms: CPU milliseconds per job by part, at that load.
        idle_ms: From request to end, one job at a time (median).
        simulators_ms: The simulators' share of that: the generation, and their CPU time.
    """

    jobs_per_second: float
    cpu_ms: Mapping[str, float]
    idle_ms: float
    simulators_ms: float

    @property
    def own_ms(self) -> float:
        """Own overhead per job in milliseconds, when idle."""
        return self.idle_ms - self.simulators_ms


async def warm_up(sides: Sequence[Side], mode: Mode) -> None:
    """Let caches fill, pollers come up and connections be made."""
    async with asyncio.timeout(ROUND_SECONDS):
        for side in sides:
            await run_in_flight(side, 2 * mode.in_flight, mode.in_flight)
            await _one_by_one(side, 3)


async def alternate(
    sides: Sequence[Side], mode: Mode, parts: Parts, effort: Effort, progress: Progress
) -> dict[str, list[Round]]:
    """Return the rounds of each side by its name: A B C A B C …, and backwards every second time."""
    found: dict[str, list[Round]] = {side.name: [] for side in sides}
    for number in range(effort.rounds):
        for side in sides if number % 2 == 0 else sides[::-1]:
            async with asyncio.timeout(ROUND_SECONDS):
                turn = await _round(side, mode, parts, effort)
            parts.require_alive()
            found[side.name].append(turn)
            progress.say(
                f"  round {number + 1} of {effort.rounds}, {side.name:<10} {turn.jobs_per_second:5.1f} jobs/s, "
                f"idle {turn.own_ms:5.0f} ms of its own"
            )
    return found


async def run_in_flight(side: Side, jobs: int, at_once: int) -> None:
    """Run jobs, always that many at once until none is left to start."""
    waiting = iter(range(jobs))

    async def take() -> None:
        for _ in waiting:
            await side.run_job()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(take())


async def _round(side: Side, mode: Mode, parts: Parts, effort: Effort) -> Round:
    before, begun = cpu_seconds(parts.pids), time.monotonic()
    await run_in_flight(side, effort.busy_jobs, mode.in_flight)
    took = time.monotonic() - begun
    cpu = cpu_between(before, cpu_seconds(parts.pids))
    before, idle_jobs = cpu_seconds(parts.pids), max(1, round(effort.idle_jobs * mode.idle_share))
    idle = await _one_by_one(side, idle_jobs)
    simulators = cpu_between(before, cpu_seconds(parts.pids))["simulators"]
    return Round(
        jobs_per_second=effort.busy_jobs / took,
        cpu_ms={name: seconds * 1000 / effort.busy_jobs for name, seconds in cpu.items()},
        idle_ms=median(idle) * 1000,
        simulators_ms=(mode.generation_seconds + simulators / idle_jobs) * 1000,
    )


async def _one_by_one(side: Side, jobs: int) -> list[float]:
    """Run one job after the other and return the seconds that each took."""
    took = []
    for _ in range(jobs):
        await asyncio.sleep(PAUSE_SECONDS)
        begun = time.monotonic()
        await side.run_job()
        took.append(time.monotonic() - begun)
    return took
