"""The rate of paid submissions follows WaveSpeed's responses: one for all workers, kept in the record."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import httpx
import pytest
from temporalio.worker import Worker

from promptmill.config.tiers import SubmissionPace, WaveSpeedTier
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.jobs import SubmissionState
from promptmill.contracts.names import wavespeed_queue
from promptmill.contracts.store import Permission, SubmissionIntent
from promptmill.store.rates import RateInForce
from tests.fixtures.mill import Mill
from tests.fixtures.record import Record, accepted, intent, new_id, outcome
from tests.support import eventually
from worker.build import build_parts

PACE = SubmissionPace(per_second=10, slowest=2 / 60, concurrency=8)
NO_PAUSE = timedelta()
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def wish_of(job_id: UUID, **fields: object) -> SubmissionIntent:
    return intent(job_id, slowest=PACE.slowest, per_second=PACE.per_second, **fields)


async def permitted(record: Record, **fields: object) -> SubmissionIntent:
    """Return a wish whose POST was permitted before any of this test's refusals."""
    wish = intent(await record.dispatching(), **fields)
    assert (await record.store.submissions.permit(wish)).permission is Permission.POST
    return wish


async def refused(record: Record, wish: SubmissionIntent, pause: timedelta = NO_PAUSE) -> None:
    await record.store.submissions.settle(outcome(wish, SubmissionState.REJECTED, reason_code="wavespeed_rate_limited"))
    await record.store.rates.note_rate_limit(wish.submission_id, PACE, pause=pause)


async def in_force(record: Record) -> RateInForce:
    wish = intent(new_id())
    return await record.store.rates.in_force(wish.provider_base, wish.key_fingerprint, PACE)


async def passes(record: Record, time: timedelta) -> None:
    """Make time pass: age what the rate remembers by this much."""
    await record.hand.execute(
        "UPDATE submission_rates SET lowered_at = lowered_at - $1::interval, changed_at = changed_at - $1::interval,"
        " refused_at = refused_at - $1::interval, next_at = next_at - $1::interval",
        time,
    )


@pytest.mark.parametrize(
    ("lowered_to", "quiet", "rate"),
    [
        (None, MINUTE, 10),
        (4.0, timedelta(), 4),
        (4.0, timedelta(seconds=59), 4),
        (4.0, MINUTE, 5),
        (4.0, 2 * MINUTE, 6.25),
        (4.0, 5 * MINUTE, 10),
        (0.001, timedelta(), 2 / 60),
        (400.0, timedelta(), 10),
        (2 / 60, timedelta(days=3000), 10),
        (4.0, -MINUTE, 4),  # Postgres moved to a machine whose clock is behind
    ],
)
async def test_the_rate_rises_with_time_between_floor_and_ceiling(
    record: Record, lowered_to: float | None, quiet: timedelta, rate: float
) -> None:
    found = await record.hand.fetchval(
        "SELECT submission_rate($1, $2, $3, $4, $5)", lowered_to, NOON, PACE.slowest, PACE.per_second, NOON + quiet
    )

    assert found == pytest.approx(rate)


async def test_one_burst_of_two_workers_lowers_once(record: Record) -> None:
    burst = [await permitted(record) for _ in range(8)]

    await asyncio.gather(*(refused(record, wish) for wish in burst))

    found = await in_force(record)
    assert found.per_second == 5
    assert found.lowered_at is not None
    assert found.refused_at is not None
    assert found.refused_at >= found.lowered_at


async def test_a_post_that_was_permitted_at_the_lower_rate_lowers_it_again_but_never_below_the_floor(
    record: Record,
) -> None:
    await refused(record, await permitted(record))
    since = (await in_force(record)).lowered_at
    rates = []
    for _ in range(12):
        await refused(record, await permitted(record))
        rates.append((await in_force(record)).per_second)

    assert rates[:3] == [2.5, 1.25, 0.625]
    assert rates[-1] == pytest.approx(PACE.slowest)
    assert (await in_force(record)).lowered_at == since, "it is the same slow time"


async def test_what_wavespeed_accepted_in_the_last_minute_is_allowed(record: Record) -> None:
    """500 a minute at ten a second: the right rate is known, and half of ten would be too low."""
    for _ in range(3):
        wish = await permitted(record)
        await record.store.submissions.settle(accepted(wish.job_id, wish.submission_id))
    for _ in range(12):
        await refused(record, await permitted(record))

    assert (await in_force(record)).per_second == pytest.approx(3 / 60)


async def test_while_no_429_comes_it_rises_to_the_ceiling_and_a_late_answer_of_the_burst_only_keeps_it(
    record: Record,
) -> None:
    first, late = await permitted(record), await permitted(record)
    await refused(record, first)
    await passes(record, 2 * MINUTE)
    risen = (await in_force(record)).per_second
    # Permitted before the rate was lowered, answered long after it.
    await record.hand.execute(
        "UPDATE submissions SET intended_at = intended_at - interval '5 min' WHERE id = $1", late.submission_id
    )
    await refused(record, late)
    kept = (await in_force(record)).per_second
    await passes(record, 2 * MINUTE)

    assert risen == kept == pytest.approx(7.8125)
    assert await in_force(record) == RateInForce(PACE.per_second)


async def test_another_key_keeps_its_own_rate(record: Record) -> None:
    await refused(record, await permitted(record))
    other = wish_of(await record.dispatching(), key_fingerprint="another-key0")

    assert (await record.store.submissions.permit(other)).permission is Permission.POST
    assert await record.store.rates.in_force(other.provider_base, other.key_fingerprint, PACE) == RateInForce(10)


async def test_all_workers_take_turns_and_who_waits_has_written_nothing(record: Record) -> None:
    for _ in range(6):
        await refused(record, await permitted(record))
    await passes(record, timedelta(seconds=1))  # the refused ones are ahead in the queue, and let it pass
    wishes = [wish_of(await record.dispatching()) for _ in range(8)]

    permits = await asyncio.gather(*(record.store.submissions.permit(wish) for wish in wishes))

    assert sorted(permit.permission for permit in permits) == ["post"] + ["wait"] * 7
    waiting = [(w, p) for w, p in zip(wishes, permits, strict=True) if p.permission is Permission.WAIT]
    for wish, _ in waiting:
        assert await record.store.submissions.of_job(wish.job_id) == []
    rate = (await in_force(record)).per_second
    waits = sorted(permit.wait_seconds or 0 for _, permit in waiting)
    assert all(b - a > 0.5 / rate for a, b in pairwise(waits)), "each is told a turn of its own"
    await passes(record, timedelta(seconds=max(waits)))
    assert (await record.store.submissions.permit(waiting[0][0])).permission is Permission.POST


async def test_of_those_that_wait_the_more_urgent_is_told_an_earlier_turn(record: Record) -> None:
    for _ in range(9):
        await refused(record, await permitted(record), pause=timedelta(seconds=30))
    usual, urgent = wish_of(await record.dispatching()), wish_of(await record.dispatching(priority=9))

    told = [(await record.store.submissions.permit(wish)).wait_seconds or 0 for wish in (usual, urgent)]

    assert told[1] < told[0]


async def test_a_turn_that_comes_is_first_for_the_more_urgent_whoever_asks_first(record: Record) -> None:
    """Both were given the same time: the normal one before the urgent one arrived."""
    for _ in range(9):
        await refused(record, await permitted(record))
    usual, urgent = wish_of(await record.dispatching()), wish_of(await record.dispatching(priority=9))
    await record.hand.execute("UPDATE submission_rates SET next_at = clock_timestamp()")

    yielded = await record.store.submissions.permit(usual)
    taken = await record.store.submissions.permit(urgent)
    await record.hand.execute("UPDATE submission_rates SET next_at = clock_timestamp() - interval '1 second'")
    late = await record.store.submissions.permit(usual)

    assert (yielded.permission, taken.permission) == (Permission.WAIT, Permission.POST)
    assert (yielded.wait_seconds or 0) <= 0.5
    assert late.permission is Permission.POST, "the first one may be held up: no turn is lost"


async def test_moments_of_a_clock_that_was_ahead_hold_nobody_up(record: Record) -> None:
    """Postgres's machine had the wrong year, or the new primary's clock is behind the old one's."""
    for _ in range(9):
        await refused(record, await permitted(record), pause=timedelta(seconds=30))
    await passes(record, timedelta(days=-365))

    first = await record.store.submissions.permit(wish_of(await record.dispatching()))
    second = await record.store.submissions.permit(wish_of(await record.dispatching(priority=9)))
    await passes(record, timedelta(minutes=5))

    assert first.permission is Permission.POST
    assert second.permission is Permission.WAIT, "the rate holds"
    assert (second.wait_seconds or 0) < 31
    assert (await in_force(record)).per_second == pytest.approx(PACE.slowest * 1.25**5), "it rises again"
    await refused(record, await permitted(record))
    assert (await in_force(record)).per_second == pytest.approx(PACE.slowest * 1.25**5 / 2), "and is lowered again"


async def test_after_a_429_the_next_turn_waits_for_the_pause_a_minute_at_most(record: Record) -> None:
    await refused(record, await permitted(record), pause=timedelta(hours=1))

    permit = await record.store.submissions.permit(wish_of(await record.dispatching(priority=10)))

    assert permit.permission is Permission.WAIT
    assert 50 < (permit.wait_seconds or 0) < 62


async def test_a_job_that_was_submitted_learns_of_it_whatever_the_rate_is(record: Record) -> None:
    sent = await permitted(record)
    await record.store.submissions.settle(accepted(sent.job_id, sent.submission_id, "p-1"))
    for _ in range(9):
        await refused(record, await permitted(record), pause=timedelta(seconds=60))

    permit = await record.store.submissions.permit(wish_of(sent.job_id))

    assert (permit.permission, permit.prediction_id) == (Permission.ACCEPTED, "p-1")


async def test_a_fixed_rate_is_not_lowered(record: Record) -> None:
    for _ in range(9):
        await refused(record, await permitted(record), pause=timedelta(seconds=60))
    fixed = intent(await record.dispatching(), slowest=8, per_second=8)

    assert (await record.store.submissions.permit(fixed)).permission is Permission.POST


async def test_a_tiers_numbers_are_the_workers(idle_mill: Mill) -> None:
    async with idle_mill.changed(wavespeed_tier=WaveSpeedTier.SILVER) as mill:
        paid = wavespeed_queue(mill.settings.task_queue)
        workers = [part for part in build_parts(mill.resources) if isinstance(part, Worker)]
        [config] = [worker.config() for worker in workers if worker.task_queue == paid]

    assert config.get("max_concurrent_activities") == 300
    assert config.get("max_task_queue_activities_per_second") == pytest.approx(500 / 60)


async def test_an_account_of_two_a_second_is_found_and_no_job_fails(mill: Mill, api_client: httpx.AsyncClient) -> None:
    await mill.wavespeed.set_timing(min_seconds=0, max_seconds=0, per_minute=2, minute_seconds=1)
    normal = (await api_client.get("/api/init")).json()
    jobs = [await mill.create() for _ in range(16)]
    for job_id in jobs:
        await mill.reaches(job_id, "completed", within=90)

    report = (await api_client.get("/api/init")).json()
    assert len(await mill.wavespeed.charges()) == 16
    assert normal["submissions"] == {
        "tier": "auto",
        "perSecond": 10,
        "maxPerSecond": 10,
        "concurrency": 8,
        "lowered": False,
        "since": None,
        "reason": None,
    }
    found = report["submissions"]
    assert (found["tier"], found["lowered"]) == ("auto", True)
    assert found["perSecond"] < 10
    assert found["since"]
    assert found["reason"].startswith("WaveSpeed answered 429, most recently at ")
    assert "Submissions are slowed down." in [notice["title"] for notice in report["notices"]]
    assert report["ok"] == normal["ok"], "it is no problem that somebody must mend"
    metrics = (await api_client.get("/metrics")).text
    [share] = re.findall(r'^promptmill_submission_rate_ratio\{provider="wavespeed"\} (\S+)$', metrics, re.MULTILINE)
    assert 0 < float(share) < 1


async def test_many_429s_use_up_no_tries(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=429, times=10)
    # Only the number matters here: at the resulting rate, ten would take minutes.
    job_id = await mill.create()

    async def hurried() -> bool:
        await mill.sql("UPDATE submission_rates SET lowered_to = 10, next_at = now()")
        return (await mill.job(job_id)).status == "completed"

    await eventually(hurried, what="it is completed after ten refusals")

    [submission] = await mill.store.submissions.of_job(job_id)
    assert (submission.state, submission.repeats) == ("accepted", 10)
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_turn_that_ends_without_a_submission_is_the_next_jobs(record: Record) -> None:
    await refused(record, await permitted(record))
    held, other = [wish_of(await record.dispatching(owner=owner)) for owner in ("broke", "with-money")]
    await record.store.budgets.set("broke", BudgetPeriod.TOTAL, Decimal(0))
    next_turn = "SELECT next_at FROM submission_rates"

    permits = [(await record.store.submissions.permit(wish)).permission for wish in (held, held)]
    left = await record.hand.fetchval(next_turn)
    permits.append((await record.store.submissions.permit(other)).permission)

    assert permits == [Permission.HOLD, Permission.HOLD, Permission.POST]
    assert await record.hand.fetchval(next_turn) > left, "this one keeps it"
