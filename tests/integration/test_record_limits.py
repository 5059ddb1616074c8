"""Limits and pauses of owners at record level: exact whatever happens at once, and nothing is paid inside a pause."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest

from promptmill.commands.access import owner_line
from promptmill.contracts.access import By
from promptmill.contracts.audit import AuditFilter
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.errors import OwnerPaused, PromptmillError, QueueFull, RecordError, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.store import IdempotencyKey, Permission
from promptmill.store import Store, open_store
from promptmill.store.limits import own_limits
from promptmill.store.migrations import downgrade
from tests.fixtures.record import OWNER, Record, intent, new_id, new_job, new_prompt_job
from tests.support import eventually

ANNA = By("key:anna1234", "r-1", "10.0.0.7")
KEY = IdempotencyKey(key="once", request_hash="a")


@pytest.fixture
async def two_stores(record: Record) -> AsyncIterator[tuple[Store, Store]]:
    """As two processes of the API have them."""
    async with AsyncExitStack() as opened:
        yield (
            await opened.enter_async_context(open_store(record.url, pool_size=8)),
            await opened.enter_async_context(open_store(record.url, pool_size=8)),
        )


async def outcomes(*calls: Awaitable[Any]) -> Counter[str]:
    """How often calls that run at once succeed (`accepted`), and how often each error is raised."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    return Counter(result.code if isinstance(result, PromptmillError) else "accepted" for result in results)


async def end(record: Record, job_id: Any) -> None:
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED))


async def test_the_last_places_are_taken_exactly_once(record: Record, two_stores: tuple[Store, Store]) -> None:
    await record.store.limits.set(OWNER, {"open_jobs": 7})
    for _ in range(2):
        await record.accept()

    found = await outcomes(*(two_stores[n % 2].jobs.accept(new_job()) for n in range(40)))

    assert found == {"accepted": 5, "queue_full": 35}
    assert await record.hand.fetchval("SELECT open_rows($1, 'jobs')", OWNER) == 7


async def test_far_from_the_limit_none_waits_for_another(record: Record) -> None:
    most = 10 + int(await record.hand.fetchval("SHOW max_connections"))
    await record.store.limits.set(OWNER, {"open_jobs": most})
    async with record.hand.transaction():
        assert await record.hand.fetchval("SELECT take_place($1, 'jobs', NULL)", OWNER) is None
        await record.accept()  # while the other transaction has its place and has not committed

    await record.hand.execute("UPDATE owners SET open_jobs = 9")
    async with record.hand.transaction():
        assert await record.hand.fetchval("SELECT take_place($1, 'jobs', NULL)", OWNER) is None
        last = asyncio.create_task(record.accept())
        await eventually(lambda: waiting(record), what="near the limit it waits for the other")
    await last


async def waiting(record: Record, number: int = 1) -> bool:
    """Whether so many transactions wait for a lock."""
    found: int = await record.hand.fetchval("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    return found >= number


async def test_a_place_that_is_near_the_limit_under_the_lock_is_taken_alone(record: Record) -> None:
    near = 2 + int(await record.hand.fetchval("SHOW max_connections"))
    await record.store.limits.set(OWNER, {"open_jobs": near})
    async with record.hand.transaction():
        await record.hand.execute("SELECT pg_advisory_xact_lock(1886219375, hashtext($1))", OWNER)
        wishes = [asyncio.create_task(record.accept()) for _ in range(4)]
        await eventually(lambda: waiting(record))

    assert await outcomes(*wishes) == {"accepted": 4}, "two of them gave a shared lock back and took the other"


async def test_an_ended_job_frees_its_place_also_for_its_retry_and_a_lowered_limit_keeps_what_is_open(
    record: Record,
) -> None:
    await record.store.limits.set(OWNER, {"open_jobs": 1})
    ended = await record.accept()
    await end(record, ended)
    first = await record.accept()
    with pytest.raises(QueueFull, match=r"^local has 1 open jobs, of at most 1\.$"):
        await record.accept()
    with pytest.raises(QueueFull):
        await record.store.jobs.retry(ended, owner=OWNER, new_id=new_id())

    await end(record, first)
    retried, _ = await record.store.jobs.retry(ended, owner=OWNER, new_id=new_id())
    second = retried.id
    await record.store.limits.set(OWNER, {"open_jobs": 0})

    assert await record.status(second) == "queued"
    with pytest.raises(QueueFull):
        await record.accept()


async def test_the_installations_number_holds_for_owners_without_their_own(record: Record) -> None:
    await record.accept()

    with pytest.raises(QueueFull):
        await record.store.jobs.accept(new_job(), most=1)
    await record.store.limits.set(OWNER, {"open_jobs": 2})
    await record.store.jobs.accept(new_job(), most=1)
    await record.store.access.add_owner("team-b")
    await record.store.jobs.accept(new_job(owner="team-b"), most=1)


async def test_prompt_jobs_have_as_many_places_of_their_own(record: Record) -> None:
    await record.store.limits.set(OWNER, {"open_jobs": 2})
    await record.prompting()
    await record.store.prompts.accept(new_prompt_job())

    with pytest.raises(QueueFull, match="2 open prompt jobs"):
        await record.store.prompts.accept(new_prompt_job())
    await record.accept()


async def test_a_repeated_request_gets_its_job_though_all_places_are_taken(
    record: Record, two_stores: tuple[Store, Store]
) -> None:
    await record.store.limits.set(OWNER, {"open_jobs": 1})

    at_once = await asyncio.gather(*(store.jobs.accept(new_job(), KEY) for store in two_stores * 5))
    job, replayed = await record.store.jobs.accept(new_job(), KEY)

    assert {each.id for each, _ in at_once} == {job.id}
    assert sorted(replay for _, replay in at_once) == [False] + [True] * 9
    assert replayed
    with pytest.raises(QueueFull):
        await record.store.jobs.accept(new_job(), IdempotencyKey(key="once", request_hash="another"))


async def test_a_paused_owner_gets_nothing_new(record: Record) -> None:
    kept, _ = await record.store.jobs.accept(new_job(), KEY)
    ended = await record.accept()
    await end(record, ended)
    await record.store.limits.pause(OWNER, "Costs are looked into.", by=ANNA)

    for refused in (
        record.store.jobs.accept(new_job()),
        record.store.jobs.retry(ended, owner=OWNER, new_id=new_id()),
        record.store.prompts.accept(new_prompt_job()),
    ):
        with pytest.raises(OwnerPaused, match=r"^Local is paused by key:anna1234: Costs are looked into\.$"):
            await refused
    again, replayed = await record.store.jobs.accept(new_job(), KEY)
    assert (again.id, replayed) == (kept.id, True)

    await record.store.limits.resume(OWNER)
    await record.accept()


async def test_no_submission_is_permitted_inside_a_pause(record: Record) -> None:
    wish, before = intent(await record.dispatching()), intent(await record.dispatching(), request_hash="before")
    assert (await record.store.submissions.permit(before)).permission is Permission.POST
    await record.store.limits.pause(OWNER, "incident 12", by=ANNA)

    held = [await record.store.submissions.permit(wish) for _ in range(3)]
    repeated = await record.store.submissions.permit(before)

    said = "local is paused by key:anna1234: incident 12"
    assert {(permit.permission, permit.reason_code, permit.error) for permit in held} == {
        (Permission.HOLD, ReasonCode.OWNER_PAUSED, said)
    }
    assert all(permit.wait_seconds for permit in held)
    assert repeated.permission is Permission.POST, "what was permitted before may still be used"
    assert await record.submissions(wish.job_id) == []
    events = [
        event.detail for event in await record.store.jobs.events(wish.job_id) if event.reason_code == "owner_paused"
    ]
    assert events == [{"pause": said}], "however often it asks"
    pause = await record.store.limits.pause_of_job(wish.job_id)
    assert pause is not None
    assert (pause.said, pause.own) == (said, False)
    assert await record.store.limits.pause_of_job(before.job_id) is None

    await record.store.limits.resume(OWNER)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST


async def test_a_pause_holds_only_its_owner_and_budgets_still_count(record: Record) -> None:
    await record.store.access.add_owner("team-b")
    await record.store.limits.pause("team-b", "incident 12")
    theirs, ours = intent(await paused_job(record)), intent(await record.dispatching(), request_hash="ours")
    assert (await record.store.submissions.permit(ours)).permission is Permission.POST
    assert (await record.store.submissions.permit(theirs)).reason_code is ReasonCode.OWNER_PAUSED

    await record.store.budgets.set("team-b", BudgetPeriod.DAY, Decimal(0))
    await record.store.limits.resume("team-b")

    assert (await record.store.submissions.permit(theirs)).reason_code is ReasonCode.BUDGET_EXHAUSTED


async def paused_job(record: Record) -> Any:
    """A job of team-b that was accepted before its pause, as the record has it."""
    job_id = await record.dispatching()
    await record.hand.execute("UPDATE jobs SET owner = 'team-b' WHERE id = $1", job_id)
    return job_id


async def test_a_pause_waits_for_permissions_under_way_and_those_after_it_see_it(record: Record) -> None:
    early, late = intent(await record.dispatching()), intent(await record.dispatching(), request_hash="late")
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(100))
    async with open_store(record.url) as store:
        async with record.hand.transaction():
            await record.hand.execute("SELECT FROM budgets FOR UPDATE")  # as a permission does, before it looks
            given = asyncio.create_task(store.submissions.permit(early))
            await eventually(lambda: waiting(record))
            pause = asyncio.create_task(store.limits.pause(OWNER, "incident 12"))
            await eventually(lambda: waiting(record, 2))
        permit, _ = await asyncio.gather(given, pause)
        assert permit.permission in (Permission.POST, Permission.HOLD)
        assert (await store.submissions.permit(late)).permission is Permission.HOLD
        state = await record.submissions(early.job_id)
        assert bool(state) == (permit.permission is Permission.POST)


@pytest.mark.parametrize("whose", ["own", "admin's"])
async def test_a_pause_that_waits_holds_up_no_other_owners_submission(record: Record, whose: str) -> None:
    under_way, theirs = intent(await record.dispatching()), intent(await record.dispatching(owner="team-b"))
    await record.store.budgets.set(OWNER, BudgetPeriod.DAY, Decimal(100))
    async with open_store(record.url) as store:
        async with record.hand.transaction():
            await record.hand.execute("SELECT FROM budgets FOR UPDATE")
            given = asyncio.create_task(store.submissions.permit(under_way))
            await eventually(lambda: waiting(record))
            asked = store.limits.pause_queue(OWNER) if whose == "own" else store.limits.pause(OWNER, "incident 12")
            pause = asyncio.create_task(asked)
            await eventually(lambda: waiting(record, 2))
            permit = await asyncio.wait_for(store.submissions.permit(theirs), timeout=30)
        await asyncio.gather(given, pause)
    assert permit.permission is Permission.POST


async def test_an_owners_own_pause_holds_what_waits_and_still_takes_new_jobs(record: Record) -> None:
    wish, before = intent(await record.dispatching()), intent(await record.dispatching(), request_hash="before")
    assert (await record.store.submissions.permit(before)).permission is Permission.POST
    paused = await record.store.limits.pause_queue(OWNER, by=ANNA)

    held = await record.store.submissions.permit(wish)
    repeated = await record.store.submissions.permit(before)
    added, _ = await record.store.jobs.accept(new_job())
    pause = await record.store.limits.pause_of_job(wish.job_id)

    said = "the queue of local is paused by key:anna1234"
    assert (held.permission, held.reason_code, held.error) == (Permission.HOLD, ReasonCode.OWNER_PAUSED, said)
    assert held.wait_seconds
    assert repeated.permission is Permission.POST, "what was permitted before may still be used"
    assert (added.status, await record.submissions(wish.job_id)) == (JobStatus.QUEUED, [])
    assert pause == (said, paused.queue_paused_at, True)

    await record.store.limits.resume_queue(OWNER, by=ANNA)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST


async def test_two_pauses_hold_until_both_are_lifted_each_by_its_own(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.limits.pause_queue(OWNER, by=ANNA)
    await record.store.limits.pause(OWNER, "incident 12", by=By("key:root0001"))

    told = [await record.store.limits.pause_of_job(wish.job_id)]
    await record.store.limits.resume_queue(OWNER, by=ANNA)
    told.append(await record.store.limits.pause_of_job(wish.job_id))
    assert [pause and (pause.said, pause.own) for pause in told] == [
        ("local is paused by key:root0001: incident 12", False)
    ] * 2
    assert (await record.store.submissions.permit(wish)).permission is Permission.HOLD, "the admin's stays"
    with pytest.raises(OwnerPaused):
        await record.store.jobs.accept(new_job())

    await record.store.limits.pause_queue(OWNER, by=ANNA)
    await record.store.limits.resume(OWNER)
    assert (await record.store.submissions.permit(wish)).permission is Permission.HOLD, "the owner's stays"
    await record.store.limits.resume_queue(OWNER, by=ANNA)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST


async def test_after_an_owners_own_pause_has_returned_nothing_is_permitted(record: Record) -> None:
    early = [intent(await record.dispatching(), request_hash=f"early {n}") for n in range(6)]
    late = intent(await record.dispatching(), request_hash="late")
    async with open_store(record.url) as store:
        async with record.hand.transaction():
            await record.hand.execute("LOCK TABLE budgets IN EXCLUSIVE MODE")  # nobody gets past it yet
            given = [asyncio.create_task(store.submissions.permit(one)) for one in early]
            await eventually(lambda: waiting(record, len(early)))
            pause = asyncio.create_task(store.limits.pause_queue(OWNER, by=ANNA))
            await eventually(lambda: waiting(record, len(early) + 1))
        permits = await asyncio.gather(*given)
        await pause
        assert (await store.submissions.permit(late)).permission is Permission.HOLD
    for one, permit in zip(early, permits, strict=True):
        assert permit.permission in (Permission.POST, Permission.HOLD)
        assert bool(await record.submissions(one.job_id)) == (permit.permission is Permission.POST)


async def test_a_job_in_a_paused_queue_still_has_its_deadline(record: Record) -> None:
    wish = intent(await record.dispatching())
    await record.store.limits.pause_queue(OWNER, by=ANNA)
    await record.hand.execute("UPDATE jobs SET deadline_at = now() WHERE id = $1", wish.job_id)

    permit = await record.store.submissions.permit(wish)

    assert (permit.permission, permit.reason_code) == (Permission.STOP, ReasonCode.DEADLINE_PASSED)


async def test_what_waits_in_a_paused_queue_is_no_operators_worry(record: Record) -> None:
    job_id = await record.dispatching()
    await record.hand.execute("UPDATE jobs SET created_at = now() - interval '1 hour' WHERE id = $1", job_id)
    before = (await record.store.monitoring.figures(())).oldest_job_seconds["dispatching"]

    await record.store.limits.pause_queue(OWNER, by=ANNA)

    after = (await record.store.monitoring.figures(())).oldest_job_seconds
    left = await record.store.operations.what_goes_on()
    assert (before > 3000, after.get("dispatching")) == (True, None)
    assert [work.id for work in left.waiting] == [job_id], "and a drain does not wait for it"


async def test_an_owners_own_pause_is_told_once_and_waits_for_nobody_again(record: Record) -> None:
    first = await record.store.limits.pause_queue(OWNER, by=ANNA)
    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM budgets FOR UPDATE")  # as a permission under way
        again = await asyncio.wait_for(record.store.limits.pause_queue(OWNER), timeout=30)
    assert re.fullmatch(r"local  its queue paused since \S+ \S+.*: by key:anna1234", owner_line(again))
    with pytest.raises(RecordError, match="Owners have paused their queues"):
        await downgrade(record.url, "0021")
    await record.store.limits.resume_queue(OWNER, by=ANNA)
    await record.store.limits.resume_queue(OWNER, by=ANNA)

    entries = list(reversed(await record.store.audit.list(AuditFilter(target=f"owner:{OWNER}"))))
    assert (again.queue_paused_at, again.queue_paused_by) == (first.queue_paused_at, "key:anna1234")
    assert [(entry.action, entry.actor, entry.owner) for entry in entries] == [
        ("queue.pause", "key:anna1234", OWNER),
        ("queue.resume", "key:anna1234", OWNER),
    ]
    with pytest.raises(RecordNotFound):
        await record.store.limits.pause_queue("nobody")


async def test_what_was_changed_is_told_once_with_before_and_after(record: Record) -> None:
    await record.store.limits.set(OWNER, {"open_jobs": 5, "models": ["bytedance/*"]}, by=ANNA)
    changed = await record.store.limits.set(OWNER, {"open_jobs": None, "streams": 3}, by=ANNA)
    await record.store.limits.set(OWNER, {"streams": 3}, by=ANNA)
    first = await record.store.limits.pause(OWNER, "incident 12", by=ANNA)
    again = await record.store.limits.pause(OWNER, "incident 12")
    await record.store.limits.resume(OWNER, by=ANNA)
    await record.store.limits.resume(OWNER, by=ANNA)

    entries = list(reversed(await record.store.audit.list(AuditFilter(target=f"owner:{OWNER}"))))
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("owner.limit", "key:anna1234"),
        ("owner.limit", "key:anna1234"),
        ("owner.pause", "key:anna1234"),
        ("owner.resume", "key:anna1234"),
    ]
    assert (entries[0].before, entries[0].after) == ({}, {"openJobs": 5, "models": ["bytedance/*"]})
    assert entries[1].after == {"models": ["bytedance/*"], "streams": 3}
    assert entries[2].after is not None
    assert (entries[2].after["reason"], entries[2].after["pausedBy"]) == ("incident 12", "key:anna1234")
    assert entries[3].before == entries[2].after
    assert own_limits(changed).model_dump(exclude_none=True) == {"models": ("bytedance/*",), "streams": 3}
    assert (again.paused_at, again.paused_by) == (first.paused_at, "key:anna1234")


async def test_a_limit_needs_an_owner_and_going_down_drops_none(record: Record) -> None:
    await record.store.limits.set(OWNER, {"streams": 3})

    with pytest.raises(RecordNotFound):
        await record.store.limits.set("nobody", {"streams": 3})
    with pytest.raises(RecordError, match="Owners are paused or have limits"):
        await downgrade(record.url, "0012")
