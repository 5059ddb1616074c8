"""The table at the end: what was measured, what was wanted, and whether it was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from promptmill.contracts.batches import MOST_ROWS
from tests.bench.cpu import THIS_CLIENT
from tests.bench.flight import Flight
from tests.bench.gallery import TILES, Scrolling
from tests.bench.growth import SIZES
from tests.bench.load import BOUNDED, STORED, Latencies
from tests.bench.page import JOBS, Visit, Visits
from tests.bench.rounds import Mode, Round
from tests.bench.streams import STREAMS, StreamCost
from tests.bench.tables import Tables

THROUGHPUT_RATIO = 0.75
IDLE_RATIO = 1.3
CPU_RATIO = 1.3
DBOS_RATIO = 1.0
P99_MS = {
    "GET /api/jobs/{id}": 50.0,
    "GET /api/jobs, 50 of them": 200.0,
    "POST /api/jobs/create": 100.0,
    BOUNDED: 100.0,
}
CPU_MS = {"POST /api/jobs/create": 4.0, BOUNDED: 4.0}
SEARCH_MS = 50.0
FLIGHT_MIB = 600.0
FOUND_SECONDS = 10.0, 60.0
STREAMS_MIB = 150.0
TABLE_SECONDS = 10.0
USEFUL_MS = 1000.0
FIRST_VIEW_BYTES = 60 * 1024
FRAMES_PER_SECOND = 50.0
ELEMENTS = 2_500
PARTS = ("worker", "bare worker", "DBOS", "API", "Temporal", "Postgres", "simulators", THIS_CLIENT)


@dataclass(frozen=True)
class Line:
    """One measured number with its goal.

    Attributes:
        met: Whether the goal was reached; None if there is no goal.
    """

    what: str
    figure: str
    goal: str = ""
    met: bool | None = None


def comparison_lines(mode: Mode, bare: Sequence[Round], ours: Sequence[Round], dbos: Sequence[Round]) -> list[Line]:
    """Return throughput and idle overhead. Ratios are taken within each turn of all sides, then the median of them."""
    sides = {"bare workflow": bare, "DBOS": dbos, "Promptmill": ours}
    throughput = {name: [each.jobs_per_second for each in rounds] for name, rounds in sides.items()}
    idle = {name: [each.own_ms for each in rounds] for name, rounds in sides.items()}
    cpu = {name: [sum(each.cpu_ms.values()) for each in rounds] for name, rounds in sides.items()}
    how = f"{mode.name}, {mode.in_flight} in flight"
    alone = f"{mode.name}, one at a time"
    return [
        *(Line(f"{name}, {how}", _spread(found, "jobs/s")) for name, found in throughput.items()),
        *_ratios(f"throughput, {how}", throughput, THROUGHPUT_RATIO, DBOS_RATIO, more=True),
        *(Line(f"{name}, {alone}: overhead per job", _spread(found, "ms")) for name, found in idle.items()),
        *_ratios(f"overhead, {alone}", idle, IDLE_RATIO, None, more=False),
        *(Line(f"{name}, {how}: CPU per job", _spread(found, "ms")) for name, found in cpu.items()),
        *_ratios(f"CPU per job, {how}", cpu, CPU_RATIO, None, more=False),
        *_cpu_lines(how, bare, ours, dbos),
    ]


def _ratios(
    what: str, found: Mapping[str, Sequence[float]], bare_goal: float, dbos_goal: float | None, *, more: bool
) -> list[Line]:
    """Compare ours with both others; `more` is better, or less."""
    lines = []
    for other, goal in (("bare workflow", bare_goal), ("DBOS", dbos_goal)):
        ratio = median(ours / its for its, ours in zip(found[other], found["Promptmill"], strict=True))
        met = None if goal is None else (ratio >= goal if more else ratio <= goal)
        sign = "≥" if more else "≤"
        lines.append(Line(f"{what}, Promptmill : {other}", f"{ratio:.2f}", f"{sign} {goal:g}" if goal else "", met))
    return lines


def _cpu_lines(how: str, bare: Sequence[Round], ours: Sequence[Round], dbos: Sequence[Round]) -> list[Line]:
    """Return the CPU time per job of each part, at load."""
    lines = []
    for part in PARTS:
        used = [f"{_cpu(rounds, part):.1f}" if part in rounds[0].cpu_ms else "-" for rounds in (ours, bare, dbos)]
        lines.append(Line(f"{how}: CPU of {part}, per job", f"{used[0]} ms (bare: {used[1]}, DBOS: {used[2]})"))
    return lines


def late_line(late: int) -> Line:
    """Return how many jobs Temporal was too slow for: each waited up to ten seconds for the reconciler."""
    return Line("jobs that the API left to the reconciler to start", str(late))


def load_lines(found: Mapping[str, Latencies]) -> list[Line]:
    """Return the API's latencies under load, and what a request costs it."""
    lines = []
    for what, latencies in found.items():
        how = f"{what}, {latencies.per_second}/s, worker held, {STORED:,} stored"
        goal = CPU_MS.get(what)
        lines += [
            _latency(how, latencies, P99_MS[what]),
            Line(
                f"{how}: CPU of the API",
                f"{latencies.cpu_ms:.1f} ms per request",
                f"≤ {goal:g} ms" if goal else "",
                latencies.cpu_ms <= goal if goal else None,
            ),
        ]
    return lines


def growth_lines(found: Mapping[str, Mapping[int, float]]) -> list[Line]:
    """Return how long each request takes as the record grows."""
    lines = []
    for what, by_size in found.items():
        figure = ", ".join(f"{size:,}: {by_size[size]:.0f} ms" for size in SIZES)
        goal = SEARCH_MS if what == "search without hits" else None
        met = None if goal is None else by_size[SIZES[-1]] <= goal
        lines.append(Line(f"{what}, by stored jobs", figure, f"≤ {goal:.0f} ms" if goal else "", met))
    return lines


def table_lines(found: Tables) -> list[Line]:
    """Return how long the largest table takes."""
    return [
        Line(
            f"a table of {MOST_ROWS:,} rows is {what}",
            f"{one.seconds:.1f} s, {one.cpu_seconds:.1f} s of it the API's CPU; "
            f"its memory {found.before_mib:.0f} to {one.most_mib:.0f} MiB",
            f"≤ {TABLE_SECONDS:.0f} s",
            one.seconds <= TABLE_SECONDS,
        )
        for what, one in (("planned", found.plan), ("accepted", found.acceptance))
    ]


def flight_lines(found: Flight) -> list[Line]:
    """Return what many predictions in flight cost, and how late their results are found."""
    what = f"{found.most:,} predictions in flight, one worker, no webhooks"
    middle, late = found.percentile(0.5), found.percentile(0.95)
    return [
        Line(
            f"{what}: memory of the worker",
            f"{found.memory_mib:.0f} MiB",
            f"≤ {FLIGHT_MIB:.0f} MiB",
            found.memory_mib <= FLIGHT_MIB,
        ),
        Line(
            f"{what}: a result is found after it is ready, median",
            f"{middle:.1f} s",
            f"≤ {FOUND_SECONDS[0]:.0f} s",
            middle <= FOUND_SECONDS[0],
        ),
        Line(f"{what}: the same, p95", f"{late:.1f} s", f"≤ {FOUND_SECONDS[1]:.0f} s", late <= FOUND_SECONDS[1]),
        Line(f"{what}: reads", f"{found.reads:,} for {len(found.late):,} results in {found.seconds:.0f} s"),
    ]


def stream_lines(found: StreamCost) -> list[Line]:
    """Return what open streams cost the API."""
    each = (found.open_mib - found.before_mib) * 1024 / STREAMS
    what = f"{STREAMS:,} open streams"
    return [
        Line(
            f"{what}, memory of the API process",
            f"{found.open_mib:.0f} MiB ({each:.0f} KiB each)",
            f"< {STREAMS_MIB:.0f} MiB",
            found.open_mib < STREAMS_MIB,
        ),
        Line(
            f"{what}, transactions in Postgres meanwhile",
            f"{found.transactions} of all processes",
            f"< {STREAMS:,}",
            found.transactions < STREAMS,
        ),
        Line(f"{what}, until the last is told of a change", f"{found.change_seconds * 1000:.0f} ms"),
    ]


def page_lines(found: Visits) -> list[Line]:
    """Return how soon the page is usable. The median counts: outliers come from other load on the machine."""
    return [*_visit_lines("cold", found.cold), *_visit_lines("warm", found.warm)]


def gallery_lines(found: Scrolling) -> list[Line]:
    """Return how the gallery scrolls."""
    what = f"gallery with {TILES:,} tiles"
    return [
        Line(
            f"{what}, scrolled without a pause",
            f"{found.frames_per_second:.1f} frames/s, 99 % within {found.worst_ms:.0f} ms, "
            f"{found.work_ms:.1f} ms of work each",
            f"at least {FRAMES_PER_SECOND:.0f} frames/s",
            found.frames_per_second >= FRAMES_PER_SECOND,
        ),
        Line(f"{what}, elements in the document", f"{found.elements:,}", f"< {ELEMENTS:,}", found.elements < ELEMENTS),
        Line(f"{what}, JavaScript's memory", f"{found.heap_mib:.0f} MiB, with 200 jobs {found.first_heap_mib:.0f} MiB"),
    ]


def first_view_line(received: int) -> Line:
    """Compare the size of the first view with its budget."""
    budget = f"at most {FIRST_VIEW_BYTES / 1024:.0f} KiB"
    what = "page, own files of the first view, compressed"
    return Line(what, f"{received / 1024:.1f} KiB", budget, received <= FIRST_VIEW_BYTES)


def no_page_line() -> Line:
    """Return the line shown instead of the page's if there is no browser."""
    return Line(f"page with {JOBS} jobs, form and list usable", "not measured: no browser", f"< {USEFUL_MS:.0f} ms")


def show(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Write the table."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in ("", "measured", "goal", "verdict"):
        table.add_column(name)
    for line in lines:
        verdict = {None: "", True: "[green]reached[/]", False: "[bold red]missed[/]"}[line.met]
        table.add_row(line.what, line.figure, line.goal, verdict)
    console.print(table)


def _visit_lines(how: str, visits: Sequence[Visit]) -> list[Line]:
    what = f"page with {JOBS} jobs, {how}"
    useful = [visit.useful_ms for visit in visits]
    reached = median(useful) < USEFUL_MS
    requests, received = (median(getattr(visit, name) for visit in visits) for name in ("requests", "received"))
    return [
        Line(f"{what}, first contentful paint", _worst([visit.painted_ms for visit in visits])),
        Line(f"{what}, form and list usable", _worst(useful), f"< {USEFUL_MS:.0f} ms", reached),
        Line(f"{what}, requests and bytes", f"{requests:.0f}, {received / 1024:.0f} KiB"),
    ]


def _worst(values: Sequence[float]) -> str:
    return f"{median(values):.0f} ms, worst of {len(values)}: {max(values):.0f} ms"


def _cpu(rounds: Sequence[Round], part: str) -> float:
    return median(each.cpu_ms[part] for each in rounds)


def _latency(what: str, found: Latencies, goal: float) -> Line:
    p99 = found.percentile(0.99)
    failed = f", {found.failed} failed" if found.failed else ""
    figure = f"p50 {found.percentile(0.5):.0f} ms, p99 {p99:.0f} ms of {len(found.seconds)}{failed}"
    return Line(what, figure, f"p99 < {goal:.0f} ms", p99 < goal)


def _spread(values: Sequence[float], unit: str) -> str:
    return f"{median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f})"
