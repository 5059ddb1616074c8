"""`promptmill load`: what it creates, what it refuses to pay for, and how it reports."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from promptmill.commands.load import LoadPlan, parse_mix, refusal
from promptmill.commands.load_report import LoadReport, report_json, report_lines

SIMULATED = {"grok": "simulated", "wavespeed": "simulated"}


def plan(max_cost: str | None = None, jobs: int = 3, **mix: int) -> LoadPlan:
    return LoadPlan(
        jobs=jobs, per_minute=60, mix=mix or {"own": 1}, model="a/b", max_cost=Decimal(max_cost) if max_cost else None
    )


@pytest.mark.parametrize(
    ("providers", "wanted", "refused"),
    [
        (SIMULATED, plan(own=1, grok=1), None),
        (SIMULATED | {"wavespeed": "real"}, plan(), "wavespeed may be real"),
        (SIMULATED | {"wavespeed": "missing key"}, plan(), "wavespeed may be real"),
        ({}, plan(), "grok and wavespeed may be real"),
        (SIMULATED | {"wavespeed": "real"}, plan("1", own=1, grok=1), None),
        (SIMULATED | {"grok": "real"}, plan("1", own=1, grok=1), "load with --mix own=1"),
        (SIMULATED | {"grok": "real"}, plan("1", own=1, grok=0), None),
        (SIMULATED, plan("0.000002"), "less than a millionth"),
    ],
)
def test_real_providers_need_a_limit_that_holds(
    providers: dict[str, str], wanted: LoadPlan, refused: str | None
) -> None:
    found = refusal(wanted, providers)

    assert (found is None) is (refused is None)
    assert (refused or "") in (found or "")


@pytest.mark.parametrize("max_cost", ["1", "0.05", "0.000007", "999999"])
def test_all_jobs_together_cost_no_more_than_allowed(max_cost: str) -> None:
    bodies = plan(max_cost, jobs=7).bodies("run")

    assert len(bodies) == 7
    assert 0 < sum(Decimal(str(body["maxPriceUsd"])) for body in bodies) <= Decimal(max_cost)


def test_kinds_come_in_turn_and_without_a_limit_have_none() -> None:
    bodies = plan(jobs=5, own=2, grok=1).bodies("run")

    assert [bool(body.get("useAiPrompt")) for body in bodies] == [False, False, True, False, False]
    assert not any("maxPriceUsd" in body for body in bodies)
    assert {body["metadata"]["load"] for body in bodies} == {"run"}


@pytest.mark.parametrize("text", ["", "own", "own=0", "own=-1", "own=1,own=2", "video=1", "own=1000", "own=²"])
def test_a_wrong_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as own=3,grok=1"):
        parse_mix(text)


def test_the_report_counts_ends_waits_and_costs() -> None:
    def job(status: str, waited: int | None, took: int | None, **more: Any) -> dict[str, Any]:
        def at(seconds: int | None) -> str | None:
            return seconds if seconds is None else f"2026-01-01T00:00:{seconds:02}Z"

        return {"status": status, "createdAt": at(0), "dispatchedAt": at(waited), "completedAt": at(took), **more}

    report = LoadReport(planned=4, latencies=[0.01, 0.02, 0.03, 0.2], seconds=31)
    report.jobs = {
        "1": job("completed", 10, 20, mediaCostUsd=0.012, promptCostUsd=0.001),
        "2": job("completed", 20, 30, mediaCostUsd=0.012),
        "3": job("failed", None, 30, error={"reasonCode": "price_above_max"}),
    }
    report.refusals["queue_full"] += 1
    shown = json.loads(report_json(report))

    assert (shown["ok"], shown["ends"], shown["refusals"]) == (False, {"completed": 2, "failed": 1}, {"queue_full": 1})
    assert shown["createSeconds"] == {"p50": 0.02, "p95": 0.2, "p99": 0.2}
    assert shown["waitSeconds"]["p50"] == 10
    assert shown["totalSeconds"]["p99"] == 30
    assert (shown["jobsPerMinute"], shown["usd"]) == (4, 0.025)
    text = "\n".join(report_lines(report))
    assert "price_above_max" in text
    assert "1 queue_full" in text
    assert "p95 200 ms" in text
