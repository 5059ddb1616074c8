"""Stored outputs at record level: each is planned once, whoever records it, and no file is ever forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.errors import RecordError, RecordNotFound
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.outputs import Placed, Placement, Rendering
from promptmill.store.migrations import downgrade
from promptmill.store.outputs import CLAIM
from tests.fixtures.plans import plan_of
from tests.fixtures.record import OWNER, Record

PATH = "2026-03-01/m/a-0.png"


def output(index: int, url: str | None = "https://cdn.example/a.png", **more: Any) -> dict[str, Any]:
    return {"index": index, "kind": "image" if url else "text", "url": url, "text": None if url else "words", **more}


async def completed(record: Record, *outputs: dict[str, Any]) -> UUID:
    """A completed job with these outputs."""
    job_id = await record.generating()
    change = {"job_id": job_id, "status": JobStatus.COMPLETED, "outputs": outputs or (output(0),)}
    assert (await record.store.jobs.advance(JobChange.model_validate(change))).status is JobStatus.COMPLETED
    return job_id


async def states(record: Record, job_id: UUID) -> dict[int, str]:
    found = await record.store.outputs.of_jobs([job_id])
    return {each.index: each.state for each in found[job_id]}


def placement(job_id: UUID, path: str = PATH, **more: Any) -> Placement:
    usual = {"index": 0, "renderings": (Rendering.THUMBNAIL,), "content_type": "image/png", "sha256": "0" * 64}
    return Placement.model_validate({"job_id": job_id, "path": path, **usual, "bytes": 90, "total_bytes": 100} | more)


async def put(record: Record, job_id: UUID, path: str = PATH, most: int | None = None) -> Placed:
    placed = await record.store.outputs.place(placement(job_id, path), most_bytes=most)
    if placed is Placed.PLACED:
        assert await record.store.outputs.stored(job_id, 0, path)
    return placed


async def removals(record: Record) -> list[str]:
    return sorted(row["path"] for row in await record.hand.fetch("SELECT path FROM output_removals"))


@pytest.fixture
async def on(record: Record) -> Record:
    """A record whose outputs are stored."""
    await record.store.outputs.plan(stored=True)
    return record


async def test_nothing_is_planned_where_outputs_are_not_stored(record: Record) -> None:
    job_id = await completed(record)

    assert await states(record, job_id) == {}
    assert not (await record.store.jobs.begin(job_id)).stores_outputs


async def test_each_output_with_an_address_waits_from_the_moment_it_is_recorded(on: Record) -> None:
    late = datetime.now(UTC) - timedelta(minutes=1)  # noqa: TID251  # not in a workflow
    job_id = await completed(on, output(0), output(1, None), output(2), output(3, expires_at=late.isoformat()))

    assert await states(on, job_id) == {0: "waiting", 2: "waiting"}
    assert (await on.store.jobs.begin(job_id)).stores_outputs
    # Its own workflow stores them; the reconciler looks after a minute.
    assert await on.store.outputs.claim(10) == []
    await on.hand.execute("UPDATE stored_outputs SET due_at = now()")
    assert await on.store.outputs.claim(10) == [job_id]
    assert await on.store.outputs.claim(10) == []


async def test_another_output_in_its_place_is_stored_anew_and_the_file_goes(on: Record) -> None:
    job_id = await completed(on, output(0), output(1, "https://cdn.example/b.png"))
    assert await put(on, job_id) is Placed.PLACED
    other = """'[{"index": 0, "kind": "image", "url": "https://cdn.example/c.png"}]'"""

    await on.hand.execute(f"UPDATE jobs SET outputs = {other} WHERE id = $1", job_id)

    assert await states(on, job_id) == {0: "waiting"}
    assert await removals(on) == [PATH]
    assert await put(on, job_id) is Placed.TAKEN  # until that file is deleted
    await on.store.outputs.end_removals(await on.store.outputs.take_removals(10))
    assert await put(on, job_id) is Placed.PLACED


@pytest.mark.parametrize("way", ["deleted", "expired", "erased"])
async def test_files_go_with_their_job_whoever_deletes_it(on: Record, way: str) -> None:
    job_id = await completed(on)
    await put(on, job_id)
    if way == "deleted":
        await on.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)
    elif way == "expired":
        await on.hand.execute("UPDATE jobs SET completed_at = now() - interval '3 days'")
        await on.store.upkeep.delete_expired(2)
    else:
        await on.store.erasures.erase_job(job_id, owner=OWNER)
        await on.hand.execute("UPDATE erasures SET due_at = now()")

    assert await states(on, job_id) == {}
    assert await removals(on) == [PATH]
    if way == "erased":
        (pending,) = await on.store.erasures.take(10)
        await on.store.erasures.done(pending)
        assert (await on.store.erasures.backlog()).pending == 1
    await on.store.outputs.end_removals([PATH], "The bucket is closed.")
    assert await on.store.outputs.removal_pending(job_id) == (True, "The bucket is closed.")
    await on.store.outputs.end_removals([PATH])
    if way == "erased":
        await on.store.erasures.done(pending)
        assert (await on.store.jobs.get(job_id)).erased_at is not None
    assert await removals(on) == []


async def test_file_that_is_being_put_while_its_job_goes_is_deleted_again(on: Record) -> None:
    job_id = await completed(on)
    assert await on.store.outputs.place(placement(job_id), most_bytes=None) is Placed.PLACED
    await on.hand.execute("DELETE FROM jobs WHERE id = $1", job_id)

    await on.store.outputs.end_removals(await on.store.outputs.take_removals(10))
    assert not await on.store.outputs.stored(job_id, 0, PATH)
    assert await removals(on) == [PATH]
    await on.hand.execute("UPDATE output_removals SET due_at = now()")
    await on.store.outputs.end_removals([PATH])
    assert await removals(on) == []
    assert await on.store.outputs.place(placement(job_id), most_bytes=None) is Placed.GONE


async def test_two_outputs_never_have_one_path(on: Record) -> None:
    first, second = await completed(on), await completed(on)

    assert await put(on, first) is Placed.PLACED
    assert await put(on, second) is Placed.TAKEN
    assert await put(on, second, "2026-03-01/m/b-0.png") is Placed.PLACED


async def test_repeating_changes_nothing(on: Record) -> None:
    job_id = await completed(on)
    for _ in range(2):
        assert await on.store.outputs.place(placement(job_id), most_bytes=None) is Placed.PLACED
    assert await on.store.outputs.stored(job_id, 0, PATH)
    before = await on.store.outputs.get(job_id, 0, owner=OWNER)

    assert not await on.store.outputs.stored(job_id, 0, PATH)
    await on.store.outputs.not_stored(job_id, 0, "late", for_good=True)
    assert await on.store.outputs.begin(job_id) == []
    assert await on.store.outputs.get(job_id, 0, owner=OWNER) == before
    with pytest.raises(RecordNotFound):
        await on.store.outputs.get(job_id, 0, owner="another")


async def test_the_oldest_that_nobody_likes_make_room(on: Record) -> None:
    jobs = [await completed(on) for _ in range(5)]
    for place, job_id in enumerate(jobs[:3]):
        assert await put(on, job_id, f"{place}", most=300) is Placed.PLACED
    await on.store.ratings.rate_result(jobs[0], owner=OWNER, kept=True)

    assert await put(on, jobs[3], "3", most=300) is Placed.PLACED

    assert [await states(on, job_id) for job_id in jobs[:4]] == [
        {0: "stored"},
        {0: "removed"},
        {0: "stored"},
        {0: "stored"},
    ]
    assert await removals(on) == ["1"]
    gone = (await on.store.outputs.of_jobs([jobs[1]]))[jobs[1]][0]
    assert (gone.path, gone.problem is not None) == (None, True)
    assert (await on.store.outputs.stock(limited=True)).stored_bytes == 300


async def test_what_people_like_is_never_given_up(on: Record) -> None:
    kept, second = await completed(on), await completed(on)
    await put(on, kept, "kept", most=150)
    await on.store.ratings.rate_result(kept, owner=OWNER, kept=True)

    assert await put(on, second, "second", most=150) is Placed.FULL
    assert (await states(on, kept), await states(on, second)) == ({0: "stored"}, {0: "waiting"})
    assert await removals(on) == []


async def test_what_waits_for_too_long_is_told_once(on: Record) -> None:
    job_id = await completed(on)
    await on.store.outputs.not_stored(job_id, 0, "the server answered 503", for_good=False)
    assert await on.store.outputs.warn() == []
    await on.hand.execute("UPDATE stored_outputs SET expires_at = now() + interval '23 hours'")

    (told,) = await on.store.outputs.warn()
    assert (told.job_id, told.problem) == (job_id, "the server answered 503")
    assert await on.store.outputs.warn() == []
    assert (await on.store.outputs.stock(limited=False)).at_risk == 1


async def test_what_was_made_before_is_planned_on_demand(record: Record) -> None:
    young, old = await completed(record, output(0), output(1, None)), await completed(record)
    await record.hand.execute("UPDATE jobs SET completed_at = now() - interval '8 days' WHERE id = $1", old)

    assert await record.store.outputs.keep(100) == (1, 0)
    assert await record.store.outputs.claim(10) == [young]
    await record.store.outputs.not_stored(young, 0, "too large", for_good=True)
    assert await record.store.outputs.keep(100) == (0, 1)
    assert await record.store.outputs.claim(10) == [young]
    assert await states(record, old) == {}


async def test_claiming_reads_what_waits_alone(on: Record) -> None:
    await on.hand.execute("SET enable_seqscan = off")
    body = """
        SELECT w.job_id, w.index FROM stored_outputs AS w
        WHERE w.state = 'waiting' AND w.due_at <= clock_timestamp() ORDER BY w.due_at LIMIT 10 FOR UPDATE SKIP LOCKED
    """
    assert " ".join(body.split())[:60] in " ".join((await _source(on, "claim_outputs")).split())
    plan = await plan_of(on.hand, body)
    assert "stored_outputs_due_at_idx" in plan
    assert "Sort" not in plan
    assert "claim_outputs" in CLAIM


async def test_a_downgrade_is_refused_while_something_is_stored(on: Record) -> None:
    job_id = await completed(on)
    await put(on, job_id)

    with pytest.raises(RecordError, match="There are stored outputs"):
        await downgrade(on.url, "0019")


async def _source(record: Record, function: str) -> str:
    return str(await record.hand.fetchval("SELECT prosrc FROM pg_proc WHERE proname = $1", function))
