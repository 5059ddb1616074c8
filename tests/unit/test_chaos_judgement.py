"""The audit of `make chaos` finds each broken promise, and nothing where all were kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from promptmill.contracts.consistency import Check
from promptmill.contracts.reconciliation import RunState
from tests.chaos.__main__ import foreign_base
from tests.chaos.evidence import Charge, Event, Evidence, JobEvidence, Submission, readable
from tests.chaos.judgement import (
    CHARGED_TWICE,
    CHARGED_UNKNOWN,
    DISAGREE,
    DOUBLED,
    GONE,
    INCONSISTENT,
    LOST_ROW,
    MISCOUNTED,
    NOT_FINAL,
    OVERSPENT,
    READABLE,
    ROW_TWICE,
    SLOW,
    STILL_RESERVED,
    STOLEN,
    TWO_OPEN,
    WRONG_COST,
    Violation,
    judge,
    judge_audit,
    judge_recovery,
)
from tests.chaos.money import overspent
from tests.chaos.plan import SUBJECTS, make_plan
from tests.chaos.run import Outcome
from tests.chaos.sabotage import (
    account_without_unclear,
    bills_without_refunds,
    permission_without_batch_lock,
    permission_without_budget_lock,
    permission_without_intent,
)
from tests.chaos.table import judged

USD = Decimal("0.012")
PAID = Submission("job", "accepted", "p1", (), None, USD)
JOB = JobEvidence(
    job_id="job",
    tag="00001",
    retry_of=None,
    status="completed",
    reason_code=None,
    prediction_id="p1",
    prompt_job_status=None,
    run=RunState.COMPLETED,
    left="completed",
    events=(),
    submissions=(PAID,),
)


def event(status: str, reason_code: str | None = None, **detail: Any) -> Event:
    return Event(1, datetime(2026, 1, 1, tzinfo=UTC), status, reason_code, detail)


def evidence(*jobs: JobEvidence, charges: tuple[Charge, ...] = (Charge("p1", "job", USD),), **more: Any) -> Evidence:
    found = {"accepted": ("job",), "terminated": ()} | more
    return Evidence({job.job_id: job for job in jobs}, charges, **found)


def rules(found: Evidence) -> set[str]:
    return {violation.rule for violation in judge(found)}


def test_where_all_promises_were_kept_nothing_is_found() -> None:
    assert judge(evidence(JOB)) == []


def test_second_charge_of_one_decision_is_found() -> None:
    late = replace(PAID, state="superseded", prediction_id="p2")
    charges = Charge("p1", "job", USD), Charge("p2", "job", USD)

    assert rules(evidence(replace(JOB, submissions=(PAID, late)), charges=charges)) == {CHARGED_TWICE}


def test_a_persons_decision_allows_one_more_charge_and_no_other() -> None:
    late = tuple(replace(PAID, state="superseded", prediction_id=name) for name in ("p2", "p3"))
    job = replace(JOB, submissions=(PAID, *late), events=(event("submit_unknown", decision="resubmit"),))
    three = Charge("p1", "job", USD), Charge("p2", "job", USD), Charge("p3", "job", USD)

    assert rules(evidence(job, charges=three[:2])) == set()
    assert rules(evidence(job, charges=three)) == {CHARGED_TWICE}


def test_charge_that_no_job_knows_is_found_and_a_candidate_is_known() -> None:
    charges = Charge("p1", "job", USD), Charge("p2", None)
    candidate = Submission("job", "rejected", None, ("p2",), None)

    assert rules(evidence(JOB, charges=charges)) == {CHARGED_UNKNOWN}
    assert rules(evidence(replace(JOB, submissions=(PAID, candidate)), charges=charges)) == set()


@pytest.mark.parametrize("status", ["queued", "prompting", "dispatching", "generating", "cancelling"])
def test_open_job_is_found(status: str) -> None:
    assert rules(evidence(replace(JOB, status=status, run=RunState.RUNNING, left=None))) == {NOT_FINAL}


def test_unclear_job_needs_an_event_that_says_why() -> None:
    unclear = replace(JOB, status="submit_unknown", run=RunState.RUNNING, left=None)

    assert rules(evidence(replace(unclear, events=(event("submit_unknown"),)))) == {NOT_FINAL}
    assert rules(evidence(replace(unclear, events=(event("submit_unknown", "submit_unclear"),)))) == set()


def test_open_prompt_job_of_an_ended_job_is_found() -> None:
    assert rules(evidence(replace(JOB, prompt_job_status="processing"))) == {NOT_FINAL}


@pytest.mark.parametrize(
    ("status", "run", "left"),
    [
        ("completed", RunState.RUNNING, None),
        ("completed", RunState.TERMINATED, None),
        ("completed", RunState.COMPLETED, "cancelled"),
        ("failed", RunState.FAILED, "expired"),
        ("failed", RunState.CANCELED, None),
        ("terminated", RunState.COMPLETED, "completed"),
        ("cancelled", RunState.RUNNING, None),
        ("submit_unknown", RunState.FAILED, "failed"),
    ],
)
def test_row_and_workflow_that_disagree_are_found(status: str, run: RunState, left: str | None) -> None:
    job = replace(JOB, status=status, run=run, left=left, events=(event("submit_unknown", "submit_unclear"),))

    assert rules(evidence(job)) == {DISAGREE}


def test_a_workflow_terminated_after_its_row_had_ended_is_no_disagreement() -> None:
    job = replace(JOB, run=RunState.TERMINATED, left=None)

    assert rules(evidence(job, terminated=("job",))) == set()


def test_accepted_job_without_a_row_is_found() -> None:
    assert rules(evidence(JOB, accepted=("job", "another"))) == {GONE}


def test_two_jobs_of_one_key_are_found_and_a_retry_is_none() -> None:
    other = replace(JOB, job_id="another", submissions=(), prediction_id=None)

    assert rules(evidence(JOB, other)) == {DOUBLED}
    assert rules(evidence(JOB, replace(other, retry_of="job"))) == set()


def test_prediction_of_another_job_is_found() -> None:
    other = replace(JOB, job_id="another", tag="00002", submissions=(), prediction_id=None)

    assert rules(evidence(JOB, other, charges=(Charge("p1", "another", USD),))) == {STOLEN}


def test_what_the_audit_of_the_record_finds_breaks_a_promise() -> None:
    names = {"one open submission": TWO_OPEN, "reserved for ended jobs": STILL_RESERVED, "spending": MISCOUNTED}
    job_id = "01a21f06-3cac-7161-ba48-f83ae986ae53"

    for name, rule in {**names, "events": INCONSISTENT}.items():
        check = Check(
            name=name, compares="", compared=2, findings=1, shown=(f"{job_id}: no events",), advice="", seconds=0
        )
        assert judge_audit([check]) == [Violation(rule, f"{name}: {job_id}: no events", job_id)]


def test_words_that_can_be_read_at_temporal_are_found(tmp_path: Path) -> None:
    file = tmp_path / "temporal.db"
    file.write_bytes(b"\0" + SUBJECTS[0].encode() + b"\0")

    assert rules(evidence(JOB, readable=readable([file]))) == {READABLE}


def test_another_cost_than_what_the_ledger_has_in_the_end_is_found() -> None:
    wrong = replace(PAID, usd=Decimal("0.011"))

    assert rules(evidence(replace(JOB, submissions=(wrong,)))) == {WRONG_COST}
    assert rules(evidence(JOB, charges=(Charge("p1", "job", Decimal(0)),))) == {WRONG_COST}, "it was refunded"


@pytest.mark.parametrize(("limit", "broken"), [("0.30", []), (None, []), ("0.29", [OVERSPENT])])
def test_a_moment_beyond_the_budget_is_found(limit: str | None, broken: list[str]) -> None:
    seen = {"used": Decimal("0.3"), "limit_usd": limit and Decimal(limit)}

    assert [each.rule for each in overspent(seen)] == broken


def test_slow_recovery_is_found_and_a_blow_without_open_jobs_is_none() -> None:
    assert judge_recovery([("worker killed", 14.9), ("worker killed", None)]) == []
    assert judge_recovery([("API killed", 15.0)]) == [Violation(SLOW, "API killed: 15.0 s")]


def test_a_fault_that_never_struck_fails_the_run() -> None:
    plan = make_plan(10, 1, "short")
    outcome = Outcome(plan, evidence(JOB), [], [], Counter({"429": 3}), Counter(), 0, 1.0, 1.0, settled=True)

    assert outcome.never_hit == ["429"]
    assert not outcome.passed
    assert replace(outcome, hits=Counter({"429": 1})).passed


def test_the_same_seed_plans_the_same_run() -> None:
    assert make_plan(200, 7) == make_plan(200, 7)
    assert make_plan(200, 7).jobs != make_plan(200, 8).jobs


def test_even_a_short_plan_holds_every_kind_of_fault() -> None:
    whole, short = make_plan(1000, 7), make_plan(60, 7, "short")

    def kinds(plan: Any) -> set[str]:
        return {order.kind for job in plan.jobs for order in (*job.wavespeed, *job.grok)}

    assert kinds(short) == kinds(whole)


def test_the_sabotaged_permission_writes_no_intent() -> None:
    text = permission_without_intent()

    assert "INSERT INTO submissions" not in text
    assert "CREATE OR REPLACE FUNCTION permit_submission" in text


def test_the_sabotaged_budgets_lack_their_safeguard() -> None:
    assert "FROM budgets" not in permission_without_budget_lock()
    assert "FOR NO KEY UPDATE" not in permission_without_batch_lock()
    assert "'unknown'" not in account_without_unclear()


def test_the_sabotaged_bill_has_no_refund() -> None:
    assert "p_refunded_usd := 0;" in bills_without_refunds()


def test_a_provider_that_is_not_simulated_is_refused() -> None:
    assert foreign_base({"XAI_API_BASE": "http://127.0.0.1:3900"}) is None
    told = foreign_base({"WAVESPEED_API_BASE": "https://api.wavespeed.ai"})
    assert told is not None
    assert "WAVESPEED_API_BASE is https://api.wavespeed.ai, which is not a loopback address" in told


def test_each_row_of_a_batch_has_one_job() -> None:
    rows = [{"key": f"r{jobs}", "state": "submitted", "jobs": jobs} for jobs in (1, 0, 2)]
    assert [violation.rule for violation in judged(rows, 4)] == [LOST_ROW, LOST_ROW, ROW_TWICE]
    assert list(judged(rows[:1], 1)) == []
