"""`promptmill audit-record` finds each way in which the record can disagree with itself, and nothing in a right one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.consistency import Check
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.store import consistency
from promptmill.store.consistency import check_record
from tests.fixtures.record import OWNER, Record, intent, new_id, outcome

WEEK = timedelta(days=7)


async def findings(record: Record, *, keep_days: float = 0) -> dict[str, Check]:
    checks = await check_record(record.store.consistency, keep_days=keep_days, unclear_after=WEEK)
    return {check.name: check for check in checks if check.findings}


async def ended(record: Record) -> UUID:
    """Complete a job."""
    job_id = await record.generating()
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED, outputs=()))
    return job_id


async def test_a_record_that_is_right_has_no_findings(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "PAGE", 2)  # several pages of each
    await record.accept()
    await record.prompting()
    await record.generating()
    await record.unclear()
    await ended(record)
    refused = intent(await record.dispatching())
    await record.store.submissions.permit(refused)
    await record.store.submissions.settle(outcome(refused, SubmissionState.REJECTED, final=True))
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(100))

    checks = await check_record(record.store.consistency, keep_days=0, unclear_after=WEEK)

    assert {check.name for check in checks if check.findings} == set()
    compared = {check.name: check.compared for check in checks}
    assert compared["events"] == compared["statuses"] == 6
    assert compared["orphans: events"] == await record.hand.fetchval("SELECT count(*) FROM job_events")
    assert (compared["counters"], compared["spending"], compared["budgets"], compared["one open submission"]) == (
        7,
        4,
        1,
        3,
    )


BROKEN = {
    "counters": "UPDATE status_counters SET n = n + 1 WHERE status = 'completed' AND table_name = 'jobs'",
    "spending": "UPDATE spending SET spent_usd = spent_usd - 0.000001",
    "reserved for ended jobs": "UPDATE submissions SET state = 'unknown', post_before = '-infinity' WHERE $1",
    "statuses": "UPDATE jobs SET completed_at = NULL WHERE id = $2",
    "events": "UPDATE job_events SET status = 'queued' WHERE $1 AND status = 'generating'",
    "events: none": "DELETE FROM job_events WHERE $1",
    "events: gap": "DELETE FROM job_events WHERE $1 AND sequence = 2",
    "events: end": "UPDATE jobs SET status = 'failed' WHERE id = $2",
    "events: beginning": "UPDATE job_events SET status = 'dispatching' WHERE $1 AND sequence = 1",
    "orphans: events": "UPDATE job_events SET job_id = '$3' WHERE $1 AND sequence = 1",
    "orphans: submissions": "UPDATE submissions SET job_id = '$3' WHERE $1",
    "orphans: readings": "UPDATE readings SET job_id = '$3' WHERE $1",
    "orphans: prompt jobs": "UPDATE prompt_generation_jobs SET job_id = '$3'",
    "orphans: prompts": "UPDATE jobs SET prompt_job_id = '$3' WHERE id = $2",
}
"""For each check, what breaks it for a job ($1, $2), or makes it point nowhere ($3)."""


async def test_each_break_is_found_and_named(record: Record) -> None:
    broken: dict[str, str] = {}
    await record.prompting()
    for name, statement in BROKEN.items():
        job_id, nowhere = await ended(record), new_id()
        async with record.hand.transaction():
            await record.hand.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
            query = statement.replace("$1", "job_id = $2").replace("$2", f"'{job_id}'").replace("$3", str(nowhere))
            assert int((await record.hand.execute(query)).split()[-1]) >= 1, name
        broken[name] = str(nowhere if "$3" in statement else job_id if "$1" in statement or "$2" in statement else "")

    found = await findings(record)

    assert set(found) == {name.partition(": ")[0] if name.startswith("events") else name for name in broken}
    for name, about in broken.items():
        shown = found[name.partition(": ")[0] if name.startswith("events") else name].shown
        assert sum(about in each for each in shown) >= 1, (name, shown)
    for said in (
        "dispatching to queued",
        "no events",
        "events up to number",
        "its last event",
        "nothing to dispatching",
    ):
        assert any(said in each for each in found["events"].shown)


async def test_a_second_open_submission_is_found(record: Record) -> None:
    wish = await record.unclear()
    await record.hand.execute("DROP INDEX submissions_one_open_idx")
    names = await record.hand.fetchval(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
        " WHERE table_name = 'submissions' AND column_name NOT IN ('id', 'number')"
    )

    await record.hand.execute(
        f"INSERT INTO submissions (id, {names}) SELECT $1, {names} FROM submissions WHERE id = $2",
        new_id(),
        wish.submission_id,
    )

    assert (await findings(record))["one open submission"].shown == (f"{wish.job_id}: 2 submissions",)


async def test_what_is_in_flight_or_has_its_reason_is_no_finding(record: Record) -> None:
    unclear = await record.unclear()
    await record.store.jobs.advance(JobChange(job_id=unclear.job_id, status=JobStatus.TERMINATED))
    assert await findings(record) == {}

    # Later nobody looks for it any more; then it is settled as docs/objectives.md says.
    await record.hand.execute("UPDATE submissions SET post_before = post_before - interval '8 days'")
    assert str(unclear.submission_id) in (await findings(record))["reserved for ended jobs"].shown[0]
    await record.store.submissions.settle(outcome(unclear, SubmissionState.REJECTED))
    restored = await ended(record)
    await record.hand.execute(
        "UPDATE job_events SET status = 'generating', detail = $2 WHERE job_id = $1 AND sequence < 3",
        restored,
        '{"restored": true}',
    )
    # A charge above its price exceeds a budget, and so do jobs of before it was lowered.
    await record.hand.execute("INSERT INTO budgets (owner, period, limit_usd) VALUES ($1, 'month', 100)", OWNER)
    await record.hand.execute("UPDATE submissions SET media_cost_usd = 500 WHERE job_id = $1", restored)
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal("0.02"))
    assert await findings(record) == {}

    # What deleted jobs have spent stays, where jobs may be deleted.
    await record.hand.execute("UPDATE submissions SET intended_at = intended_at - interval '2 days'")
    await record.hand.execute("DELETE FROM jobs WHERE id = $1", restored)
    assert await findings(record, keep_days=1) == {}
    assert "spent" in (await findings(record))["spending"].shown[0]


async def test_permission_beyond_a_budget_is_found(record: Record) -> None:
    await ended(record)

    await record.hand.execute("INSERT INTO budgets (owner, period, limit_usd) VALUES ($1, 'day', 0.01)", OWNER)

    assert OWNER in (await findings(record))["budgets"].shown[0]
