"""The table at the end: what was measured, what was wanted, and whether it was reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.cpu import THIS_CLIENT
from tests.bench.load import PER_SECOND, STORED, Latencies
from tests.bench.page import JOBS, Visit, Visits
from tests.bench.rounds import IN_FLIGHT, Round
from tests.bench.streams import STREAMS, StreamCost

THROUGHPUT_RATIO = 0.65
IDLE_RATIO = 1.5
CREATE_P99_MS = 100.0
READ_P99_MS = 30.0
STREAMS_MIB = 150.0
USEFUL_MS = 1000.0
FIRST_VIEW_BYTES = 60 * 1024
PARTS = ("worker", "bare worker", "API", "Temporal", "Postgres", "simulators", THIS_CLIENT)


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


def comparison_lines(bare: Sequence[Round], ours: Sequence[Round]) -> list[Line]:
    """Return throughput and idle overhead. Ratios are taken within each pair of rounds, then the median of them."""
    throughput = [b.jobs_per_second for b in bare], [o.jobs_per_second for o in ours]
    idle = [b.own_ms for b in bare], [o.own_ms for o in ours]
    faster = median(o / b for b, o in zip(*throughput, strict=True))
    slower = median(o / b for b, o in zip(*idle, strict=True))
    return [
        Line(f"bare workflow, {IN_FLIGHT} in flight", _spread(throughput[0], "jobs/s")),
        Line(f"Promptmill, {IN_FLIGHT} in flight", _spread(throughput[1], "jobs/s")),
        Line("throughput, Promptmill : bare", f"{faster:.2f}", f"≥ {THROUGHPUT_RATIO}", faster >= THROUGHPUT_RATIO),
        Line("bare workflow, idle overhead per job", _spread(idle[0], "ms")),
        Line("Promptmill, idle overhead per job", _spread(idle[1], "ms")),
        Line("idle overhead, Promptmill : bare", f"{slower:.2f}", f"≤ {IDLE_RATIO}", slower <= IDLE_RATIO),
    ]


def cpu_lines(bare: Sequence[Round], ours: Sequence[Round]) -> list[Line]:
    """Return the CPU time per job of each part, at load."""
    lines = []
    for part in PARTS:
        used = [f"{_cpu(rounds, part):.1f}" if part in rounds[0].cpu_ms else "-" for rounds in (ours, bare)]
        lines.append(Line(f"CPU of {part}, per job", f"{used[0]} ms (bare: {used[1]} ms)"))
    whole = [median(sum(each.cpu_ms.values()) for each in rounds) for rounds in (ours, bare)]
    return [*lines, Line("CPU of all, per job", f"{whole[0]:.1f} ms (bare: {whole[1]:.1f} ms)")]


def late_line(late: int) -> Line:
    """Return how many jobs Temporal was too slow for: each waited up to ten seconds for the reconciler."""
    return Line("jobs that the API left to the reconciler to start", str(late))


def load_lines(creates: Latencies, reads: Latencies) -> list[Line]:
    """Return the API's latencies."""
    stored = f"{PER_SECOND}/s, worker held, {STORED:,} stored"
    return [
        _latency(f"POST /api/jobs/create, {stored}", creates, CREATE_P99_MS),
        _latency(f"GET /api/jobs/{{id}}, {stored}", reads, READ_P99_MS),
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
