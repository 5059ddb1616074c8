"""The audit log: an entry for each act, in the act's own statement, that nobody can change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from promptmill.contracts.access import ROLES, By
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.contracts.errors import IntakeStopped, RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import audit
from promptmill.store.audit import listing
from promptmill.store.migrations import downgrade
from sql.models import AuditEntry
from tests.fixtures.record import OWNER, Record, new_id, new_prompt_job

BY = By("key:3f9Kq2Lm", "request-7", "192.0.2.7")
KEY = IdempotencyKey(key="again", request_hash="abc")

Told = tuple[str, str | None, str | None, dict[str, Any] | None, dict[str, Any] | None]


async def entries(record: Record) -> list[AuditEntry]:
    """All entries, the oldest first."""
    return (await record.store.audit.list(AuditFilter(limit=1000)))[::-1]


async def told(record: Record, act: Callable[[], Awaitable[object]], *, repeat: bool = True) -> Told:
    """Do something, twice where that changes nothing more, and return the one entry that it leaves."""
    before = len(await entries(record))
    await act()
    if repeat:
        await act()
    [entry] = (await entries(record))[before:]
    assert (entry.actor, entry.request_id, entry.address) == (BY.actor, BY.request_id, BY.address)
    return entry.action, entry.owner, entry.target, entry.before, entry.after


async def make_key(record: Record, owner: str = OWNER) -> str:
    made = await record.store.access.create_key(owner=owner, name="ci", scopes=ROLES["viewer"], expires_at=None, by=BY)
    return made.row.id


async def open_session(record: Record, key_id: str) -> UUID:
    session_id = new_id()
    await record.store.access.open_session(session_id, key_id=key_id, token_digest=None, user_agent="Firefox", by=BY)
    return session_id


async def test_owners_keys_and_sessions(record: Record) -> None:
    access = record.store.access

    added = await told(record, lambda: access.add_owner("team-a", by=BY), repeat=False)
    created = await told(record, lambda: make_key(record, "team-a"), repeat=False)
    key_id = (await access.keys("team-a"))[0].id
    began = await told(record, lambda: open_session(record, key_id), repeat=False)
    [session] = await access.sessions([])
    ended = await told(record, lambda: access.end_session(session.id, by=BY))
    revoked = await told(record, lambda: access.revoke(key_id, by=BY))

    assert added == ("owner.add", "team-a", "owner:team-a", None, None)
    made = {"name": "ci", "scopes": ["jobs:read"], "expiresAt": None}
    assert created == ("key.create", "team-a", f"key:{key_id}", None, made)
    of_session = ("team-a", f"session:{session.id}")
    assert began == ("session.begin", *of_session, None, {"keyId": key_id, "userAgent": "Firefox"})
    assert ended[:4] == ("session.end", *of_session, {"keyId": key_id, "endedAt": None})
    assert revoked[:4] == ("key.revoke", "team-a", f"key:{key_id}", {"name": "ci", "revokedAt": None})
    assert ended[4]
    assert ended[4]["endedAt"]
    assert revoked[4]
    assert revoked[4]["revokedAt"]
    assert (await access.keys("team-a"))[0].created_by == BY.actor
    assert not [row for row in await record.hand.fetch("SELECT CAST(a AS text) AS told FROM audit_log AS a") if
                (await record.hand.fetchval("SELECT encode(digest, 'hex') FROM api_keys")) in row["told"]]  # fmt: skip


async def test_switches(record: Record) -> None:
    operations = record.store.operations

    drained = await told(record, lambda: operations.set_drain("maintenance", by=BY))
    since = (await operations.switches())["drain"].changed_at
    await operations.set_drain("maintenance")
    resumed = await told(record, lambda: operations.clear_drain("over", by=BY))
    held = await told(record, lambda: operations.hold_submissions("restored", by=BY))
    released = await told(record, lambda: operations.release_submissions("checked", at_least=7, by=BY))

    on, off = {"value": "on", "reason": "maintenance"}, {"value": "off", "reason": "over"}
    assert drained == ("switch.set", None, "switch:drain", None, on)
    assert resumed == ("switch.set", None, "switch:drain", on, off)
    assert held[2:] == ("switch:submissions_held", None, {"value": "on", "reason": "restored"})
    assert released[3:] == (held[4], {"value": "off", "reason": "checked"})
    switch = (await operations.switches())["drain"]
    assert (switch.changed_by, switch.changed_at > since) == (BY.actor, True)


async def test_what_people_do_to_jobs(record: Record) -> None:
    store = record.store
    queued, cancelled, prompt_job = await record.accept(), await record.accept(), new_prompt_job()
    await store.prompts.accept(prompt_job)
    wish = await record.unclear()
    prompting, of_job = await record.prompting()
    new = new_id()

    stopped = await told(record, lambda: store.jobs.request_cancel(queued, owner=OWNER, by=BY))
    await store.jobs.request_cancel(cancelled, owner=OWNER, by=BY)
    retried = await told(record, lambda: store.jobs.retry(cancelled, owner=OWNER, new_id=new, idempotency=KEY, by=BY))
    unwritten = await told(record, lambda: store.prompts.request_cancel(prompt_job.id, owner=OWNER, by=BY))
    with_job = await told(record, lambda: store.prompts.request_cancel(of_job, owner=OWNER, by=BY))
    abandoned = await told(
        record, lambda: store.resolution.decide(wish.job_id, OWNER, Decision.ABANDON, idempotency=_key("d"), by=BY)
    )
    forced = await told(
        record,
        lambda: store.jobs.retry(wish.job_id, owner=OWNER, new_id=new_id(), force=True, idempotency=_key("f"), by=BY),
    )

    was, now = {"status": "queued"}, {"status": "cancelled"}
    assert stopped == ("job.cancel", OWNER, f"job:{queued}", was, now)
    assert retried == ("job.retry", OWNER, f"job:{cancelled}", None, {"newJob": str(new)})
    own = ("prompt-job.cancel", OWNER)
    assert unwritten == (*own, f"prompt-job:{prompt_job.id}", was, {**now, "cancelledJob": None})
    assert with_job[:3] == (*own, f"prompt-job:{of_job}")
    assert with_job[4]
    assert with_job[4]["cancelledJob"] == str(prompting)
    decided = {"status": "failed", "decision": "abandon", "predictionId": None}
    assert abandoned == ("job.resolve", OWNER, f"job:{wish.job_id}", {"status": "submit_unknown"}, decided)
    assert forced[:3] == ("job.force-retry", OWNER, f"job:{wish.job_id}")


async def test_what_is_refused_leaves_no_entry(record: Record) -> None:
    store = record.store
    job_id = await record.accept()
    await store.operations.set_drain("maintenance")
    await store.access.add_owner("team-a")
    before = len(await entries(record))

    for refusal, act in (
        (RecordConflict, store.access.add_owner("team-a", by=BY)),
        (RecordNotFound, make_key(record, "nobody")),
        (RecordNotFound, store.access.revoke("00000000", by=BY)),
        (RecordNotFound, store.access.end_session(new_id(), by=BY)),
        (RecordNotFound, store.jobs.request_cancel(job_id, owner="team-a", by=BY)),
        (RecordNotFound, store.prompts.request_cancel(new_id(), owner=OWNER, by=BY)),
        (IntakeStopped, store.jobs.retry(job_id, owner=OWNER, new_id=new_id(), by=BY)),
        (RecordConflict, store.resolution.decide(job_id, OWNER, Decision.ABANDON, by=BY)),
    ):
        with pytest.raises(refusal):
            await act

    assert len(await entries(record)) == before


async def test_jobs_that_are_accepted_and_run_leave_no_entry(record: Record) -> None:
    await record.generating()

    assert await entries(record) == []


async def test_of_many_at_once_one_has_done_it(record: Record) -> None:
    job_id, key_id = await record.accept(), await make_key(record)
    before = len(await entries(record))

    await asyncio.gather(
        *(record.store.jobs.request_cancel(job_id, owner=OWNER, by=BY) for _ in range(4)),
        *(record.store.access.revoke(key_id, by=BY) for _ in range(4)),
    )

    assert sorted(entry.action for entry in (await entries(record))[before:]) == ["job.cancel", "key.revoke"]


async def test_a_refused_address_has_one_entry_a_minute(record: Record) -> None:
    addresses = [*["192.0.2.1"] * 5, "192.0.2.2", None, None]

    await asyncio.gather(
        *(record.store.audit.note(By("unknown", address=one), Action.SESSION_REFUSE) for one in addresses)
    )
    await record.store.audit.note(BY, Action.BRAKE_SET)
    await record.store.audit.note(BY, Action.BRAKE_SET)

    per_minute = await record.hand.fetch(
        "SELECT address, count(*) AS n FROM audit_log WHERE action = 'session.refuse' "
        "GROUP BY address, date_trunc('minute', at)"
    )
    assert {row["address"] for row in per_minute} == {"192.0.2.1", "192.0.2.2", None}
    assert {row["n"] for row in per_minute} == {1}
    assert [entry.action for entry in await entries(record)].count("brake.set") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT INTO audit_log OVERRIDING SYSTEM VALUE TABLE audit_log ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        "SELECT delete_expired_audit(400); DELETE FROM audit_log",
    ],
)
async def test_nobody_changes_an_entry_by_accident(record: Record, statement: str) -> None:
    """Not even the owner of the table, in the transaction of the retention."""
    await record.store.operations.set_drain("maintenance", by=BY)
    before = await record.hand.fetch("SELECT * FROM audit_log")

    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await record.hand.execute(statement)

    assert await record.hand.fetch("SELECT * FROM audit_log") == before


async def test_old_entries_go_and_a_way_down_needs_them_gone(record: Record) -> None:
    await record.hand.execute(
        "INSERT INTO audit_log (actor, action, at) "
        "SELECT 'x', 'y', now() - days * interval '1 day' FROM unnest($1::int[]) AS days",
        [401, 399, 0],
    )

    told = (await record.store.upkeep.expired(0, 400)).audit_entries
    kept = await record.store.audit.delete_expired(0)
    deleted = await record.store.audit.delete_expired(400)

    assert (told, kept, deleted, len(await entries(record))) == (1, 0, 1, 2)
    with pytest.raises(RecordError, match="audit log has entries"):
        await downgrade(record.url, "0011")


async def test_a_page_is_read_from_an_index_and_pages_are_whole(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record.hand.execute(
        "INSERT INTO audit_log (actor, owner, action, at) SELECT 'x', 'team-' || n % 40, 'y', "
        "timestamptz '2026-01-01Z' + n / 3 * interval '1 s' FROM generate_series(1, 20000) AS n"
    )
    await record.hand.execute("ANALYZE audit_log")
    monkeypatch.setattr(audit, "PAGE", 7)
    cursor = (await record.store.audit.list(AuditFilter(limit=3)))[-1]

    async def plan(where: AuditFilter) -> str:
        query, values = listing(where)
        rows = await record.store.audit.database.mappings(f"EXPLAIN {query}", **values)
        return "\n".join(row["QUERY PLAN"] for row in rows)

    everybody = await plan(AuditFilter(before=(cursor.at, cursor.id)))
    one_owner = await plan(AuditFilter(owner="team-7", since=cursor.at.replace(year=2025)))
    pages = [page async for page in record.store.audit.pages(AuditFilter(owner="team-7"))]

    assert "Index Scan Backward using audit_log_at_idx" in everybody
    assert "Index Scan Backward using audit_log_owner_idx" in one_owner
    assert "Sort" not in everybody + one_owner
    found = [(entry.at, entry.id) for page in pages for entry in page]
    assert len(pages) == 72
    assert len(set(found)) == 500
    assert found == sorted(found, reverse=True)


def _key(name: str) -> IdempotencyKey:
    return IdempotencyKey(key=name, request_hash="abc")


async def test_budgets(record: Record) -> None:
    budgets = record.store.budgets
    target = "budget:team-a/day"

    first = await told(record, lambda: budgets.set("team-a", BudgetPeriod.DAY, Decimal(5), by=BY))
    raised = await told(record, lambda: budgets.set("team-a", BudgetPeriod.DAY, Decimal(7), by=BY))
    everybodys = await told(record, lambda: budgets.set(INSTALLATION, BudgetPeriod.MONTH, Decimal(100), by=BY))
    removed = await told(record, lambda: budgets.remove("team-a", BudgetPeriod.DAY, by=BY))

    assert first == (Action.BUDGET_SET, "team-a", target, {"limitUsd": None}, {"limitUsd": 5})
    assert raised == (Action.BUDGET_SET, "team-a", target, {"limitUsd": 5}, {"limitUsd": 7})
    assert everybodys == (Action.BUDGET_SET, None, "budget:*/month", {"limitUsd": None}, {"limitUsd": 100})
    assert removed == (Action.BUDGET_REMOVE, "team-a", target, {"limitUsd": 7}, None)
