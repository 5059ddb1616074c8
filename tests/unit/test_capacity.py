"""docs/capacity.md: what follows from other numbers does follow from them."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path

from promptmill.config.settings import Settings
from tests.markdown import MarkdownPage

DOCS = Path(__file__).parents[2] / "docs"
PAGE = MarkdownPage.of(DOCS / "capacity.md")
RATES = (1, 10, 83)
RATE_COLUMNS = ("1 a second", "10 a second", "83 a second")
BUSY_AT_MOST = 0.7
GIB = 2**30


def cpu_per_job() -> dict[str, int]:
    rows = PAGE.rows("component", "CPU per job", *RATE_COLUMNS)
    return {row[0].text: int(row[1].text.removesuffix(" ms")) for row in rows}


def test_processors_follow_from_the_cpu_of_a_job() -> None:
    measured = cpu_per_job()
    rows = {
        row[0].text: [cell.text for cell in row[2:]] for row in PAGE.rows("component", "CPU per job", *RATE_COLUMNS)
    }

    assert measured.pop("all") == sum(measured.values())
    for component, told in rows.items():
        cost = measured.get(component, sum(measured.values()))
        assert told == [f"{rate * cost / 1000:.2f}" for rate in RATES], component


def test_cpu_of_a_job_is_the_published_one() -> None:
    [line] = re.findall(r"CPU milliseconds per job .*", (DOCS / "benchmarks.md").read_text())
    for component, cost in cpu_per_job().items():
        if component != "all":
            assert f"{component} {cost} (" in line


def test_processes_and_connections_follow_from_the_processors() -> None:
    cost = cpu_per_job()
    workers, apis = (
        [ceil(rate * cost[component] / 1000 / BUSY_AT_MOST) for rate in RATES] for component in ("worker", "API")
    )
    pool = Settings.model_fields["database_pool_size"].default
    rows = [[int(cell.text) for cell in row[1:]] for row in PAGE.rows("process", *RATE_COLUMNS)]

    assert rows == [
        workers,
        apis,
        [worker * (pool + 2) + api * (pool + 1) for worker, api in zip(workers, apis, strict=True)],
    ]


def test_disk_follows_from_the_bytes_of_a_job() -> None:
    [size] = [int(found.replace(",", "")) for found in re.findall(r"\*\*([\d,]+) bytes\*\*", PAGE.text)]
    jobs, gigabytes = [[cell.text for cell in row[1:]] for row in PAGE.rows("", *RATE_COLUMNS)]

    assert f"{size * 1e6 / GIB:.1f} GiB per million" in PAGE.text
    assert jobs == [f"{rate * 86_400:,}" for rate in RATES]
    assert gigabytes == [f"{rate * 86_400 * size / GIB:.1f}" for rate in RATES]
