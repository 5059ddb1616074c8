"""Each objective passes, fails and says that there is not enough data where docs/objectives.md says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from promptmill.commands.slo import api_times
from promptmill.contracts.consistency import Check
from promptmill.contracts.objectives import (
    CALLERS_OWN,
    ApiTimes,
    Ended,
    Measures,
    Share,
    Throughput,
    Uptime,
    Verdict,
    judge,
)
from tests.fixtures.session import ROOT
from tests.markdown import MarkdownPage

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
DAY = 86400.0


def ended(status: str, jobs: int, reason: str | None = None, wait: float = 30) -> Ended:
    return Ended(status=status, reason_code=reason, jobs=jobs, waited_seconds=jobs * wait)


def check(findings: int = 0, lost: int = 0) -> Check:
    return Check(name="counters", compares="", compared=9, findings=findings, shown=(), advice="", seconds=0, lost=lost)


GOOD = Measures(
    throughput=Throughput(best=11, best_waiting=0, waiting_minutes=0),
    ended=[ended("completed", 96), ended("failed", 4, "generation_failed"), ended("cancelled", 50, wait=9999)],
    waiting=ended("waiting", 0),
    api=ApiTimes([(0.1, 90), (0.25, 96), (0.5, 99), (1.0, 100)], 100),
    api_problem="",
    ratings=Share(good=19, all=20),
    uptime=Uptime(since=datetime(2026, 1, 1, tzinfo=UTC), seconds=30 * DAY, up_seconds=30 * DAY * 0.9991),
    retries=Share(good=17, all=20),
    checks=[check()],
    backups_restored=0,
)


def verdict(line: str, **changed: Any) -> Verdict:
    return {each.line: each for each in judge(GOOD._replace(**changed))}[line].verdict


def test_every_target_is_met() -> None:
    found = judge(GOOD)

    assert [each.line for each in found] == [
        *("18.1", "18.2", "18.3", "18.4", "18.5"),
        *("19.1", "19.2", "19.3", "19.4", "19.5"),
    ]
    assert {each.verdict for each in found} == {PASS}


@pytest.mark.parametrize(
    ("line", "changed", "expected"),
    [
        ("18.1", {"throughput": Throughput(best=10, best_waiting=9, waiting_minutes=5)}, FAIL),
        ("18.1", {"throughput": Throughput(best=10, best_waiting=9, waiting_minutes=4)}, UNKNOWN),
        ("18.2", {"ended": [ended("completed", 20, wait=120)]}, FAIL),
        ("18.2", {"waiting": ended("waiting", 1, wait=100_000)}, FAIL),
        ("18.2", {"ended": [ended("completed", 19)]}, UNKNOWN),
        ("18.3", {"ended": [ended("completed", 95), ended("failed", 5, "generation_failed")]}, FAIL),
        ("18.3", {"ended": [ended("completed", 95), ended("expired", 5, "deadline_passed")]}, FAIL),
        ("18.3", {"ended": [ended("completed", 90), ended("failed", 10, "generation_moderated")]}, PASS),
        ("18.3", {"ended": [ended("completed", 19)]}, UNKNOWN),
        ("18.4", {"api": ApiTimes([(0.1, 90), (0.5, 94), (1.0, 100)], 100)}, FAIL),
        ("18.4", {"api": ApiTimes([(0.3, 90), (1.0, 100)], 100)}, UNKNOWN),
        ("18.4", {"api": ApiTimes([(0.3, 19), (1.0, 19)], 19)}, UNKNOWN),
        ("18.4", {"api": None, "api_problem": "no response"}, UNKNOWN),
        ("18.5", {"ratings": Share(good=18, all=20)}, FAIL),
        ("18.5", {"ratings": Share(good=19, all=19)}, UNKNOWN),
        ("19.1", {"uptime": GOOD.uptime.model_copy(update={"up_seconds": 30 * DAY * 0.999})}, FAIL),  # type: ignore[union-attr]
        ("19.1", {"uptime": GOOD.uptime.model_copy(update={"seconds": 3599, "up_seconds": 0})}, UNKNOWN),  # type: ignore[union-attr]
        ("19.1", {"uptime": None}, UNKNOWN),
        ("19.2", {"ended": [ended("completed", 95), ended("failed", 5, "generation_moderated")]}, FAIL),
        ("19.2", {"ended": [ended("completed", 19)]}, UNKNOWN),
        ("19.3", {"retries": Share(good=16, all=20)}, FAIL),
        ("19.3", {"retries": Share(good=0, all=19)}, UNKNOWN),
        ("19.4", {"checks": [check(findings=1)]}, FAIL),
        ("19.5", {"checks": [check(findings=1, lost=1)]}, FAIL),
        ("19.5", {"backups_restored": 1}, FAIL),
    ],
)
def test_each_target_can_be_missed(line: str, changed: dict[str, Any], expected: Verdict) -> None:
    assert verdict(line, **changed) is expected


def test_the_times_of_the_api_leave_out_streams_and_pages_and_wrong_keys() -> None:
    def bucket(route: str, le: str, count: int) -> str:
        status = "401" if route == "/api/session" else "200"
        labels = f'method="GET",route="{route}",status="{status}",le="{le}"'
        return f"promptmill_http_request_seconds_bucket{{{labels}}} {count}.0\n"

    text = "# TYPE promptmill_http_request_seconds histogram\n" + "".join(
        bucket(route, le, count)
        for route in (
            "/api/jobs",
            "/api/jobs/{job_id}",
            "/api/jobs/events",
            "/api/jobs/{job_id}/events",
            "/",
            "/api/session",
        )
        for le, count in (("0.1", 3), ("0.5", 4), ("+Inf", 5))
    )

    assert api_times(text) == ApiTimes([(0.1, 6), (0.5, 8)], 10)


def test_the_page_names_each_objective_and_the_reasons_that_are_no_errors() -> None:
    page = MarkdownPage.of(ROOT / "docs" / "objectives.md")
    rows = page.rows("line", "objective", "target", "measured as")
    told = {each.line: each for each in judge(GOOD)}

    assert {line.text: (name.text, target.text) for line, name, target, _ in rows} == {
        line: (each.name, each.target) for line, each in told.items()
    }
    assert set(page.code) >= CALLERS_OWN
