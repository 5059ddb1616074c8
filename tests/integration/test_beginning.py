"""A workflow does not read the row at its start; its starter, or its first step, records that it is running."""

from __future__ import annotations

import asyncio
from uuid import UUID

from promptmill.contracts.names import job_workflow_id, wavespeed_queue
from promptmill.local.temporal import TemporalServer
from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from tests.fixtures.mill import PATIENCE, Mill, new_prompt_job
from tests.local_servers import reset_workflow
from tests.support import eventually
from workflows.beginning import _AT_ONCE


async def test_the_mark_of_the_start_tells_what_the_job_waits_for(idle_mill: Mill) -> None:
    """No worker has seen them yet."""
    given = await idle_mill.create()
    written = await idle_mill.create(use_ai_prompt=True)

    assert (await idle_mill.job(given)).status == "dispatching"
    assert (await idle_mill.job(written)).status == "prompting"
    assert [status for status, _ in await idle_mill.events(given)] == ["queued", "dispatching"]
    assert [status for status, _ in await idle_mill.events(written)] == ["queued", "prompting"]


async def test_an_ordinary_job_takes_no_first_look(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")

    # Unless its first task came late, as on a very busy machine. It reads the row at its end, too, by the same name.
    assert await _begins_with_a_look(mill, job_id) is not await _begins_at_once(mill, job_id)


async def test_a_lost_mark_is_made_up_for_by_the_first_move(mill: Mill) -> None:
    for fields in ({"use_ai_prompt": True}, {}):
        job_id = await mill.accept(**fields)
        await _start_unmarked(mill, job_id)

        row = await mill.reaches(job_id, "completed")

        assert row.workflow_started_at is not None
        seen = list(dict.fromkeys([status for status, _ in await mill.events(job_id)]))
        prompting = ["prompting"] if fields else []
        assert seen == ["queued", *prompting, "dispatching", "generating", "completed"]


async def test_a_lost_mark_of_a_prompt_job_is_made_up_for_by_its_first_attempt(mill: Mill) -> None:
    """Otherwise nobody would notice that its workflow was terminated."""
    accepted, _ = await mill.store.prompts.accept(new_prompt_job())
    await mill.resources.starter.start_prompt_job(prompt_request(accepted), patience=PATIENCE)

    row = await mill.prompt_reaches(accepted.id, "completed")

    assert row.workflow_started_at is not None


async def test_an_unclear_submission_that_was_found_is_shown_as_generating(mill: Mill) -> None:
    """Temporal's search must soon stop reporting that a person has to decide."""
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.set_timing(min_seconds=60, max_seconds=60)
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    async def shown() -> bool:
        attributes = (await mill.handle(job_id).describe()).typed_search_attributes
        return [pair.value for pair in attributes if pair.key.name == "JobStatus"] == ["generating"]

    await eventually(shown, what="JobStatus")


async def test_a_lost_mark_of_a_job_in_a_stopped_queue_is_made_up_for_by_the_reconciler(mill: Mill) -> None:
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)
    job_id = await mill.accept()
    await _start_unmarked(mill, job_id)
    run = (await mill.handle(job_id).describe()).run_id
    assert (await mill.job(job_id)).status == "queued"
    # A claim belongs to its starter for a minute.
    await mill.sql(f"UPDATE jobs SET claimed_at = now() - interval '2 minutes' WHERE id = '{job_id}'")

    await mill.reconcile()

    row = await mill.job(job_id)
    assert (row.status, row.workflow_started_at is not None) == ("dispatching", True)
    assert (await mill.handle(job_id).describe()).run_id == run
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), None)
    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_cancel_before_a_lost_mark_ends_both(mill: Mill) -> None:
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)
    job_id = await mill.accept()
    await _start_unmarked(mill, job_id)
    # Its starter did not learn that it is running, and has released the claim.
    await mill.sql(f"UPDATE jobs SET claimed_at = NULL WHERE id = '{job_id}'")

    await mill.cancel(job_id)

    await mill.reaches(job_id, "cancelled")
    await mill.closes(mill.handle(job_id))
    assert await mill.wavespeed.requests("submit") == []


async def test_a_reset_looks_at_what_the_record_has_meanwhile(mill: Mill, temporal_server: TemporalServer) -> None:
    """An unclear submission is searched for immediately, without entering the stopped queue again."""
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)
    await asyncio.sleep(5.5)  # its start then no longer counts as a new job's

    reset_workflow(temporal_server, job_workflow_id(job_id))
    await eventually(lambda: _begins_with_a_look(mill, job_id), what="a look at the record")
    await mill.wavespeed.clear()

    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 1


async def _begins_with_a_look(mill: Mill, job_id: UUID) -> bool:
    """Return whether the workflow has read the row in its first task."""
    events = (await mill.handle(job_id).fetch_history()).events
    [first, *_] = [
        event.event_id for event in events if event.HasField("workflow_task_completed_event_attributes")
    ] or [0]
    markers = [event.marker_recorded_event_attributes for event in events]
    return any(
        b"begin_job" in payload.data
        for marker in markers
        if marker.workflow_task_completed_event_id == first
        for payloads in marker.details.values()
        for payload in payloads.payloads
    )


async def _begins_at_once(mill: Mill, job_id: UUID) -> bool:
    """Return whether the first task that was done began soon after the start."""
    events = (await mill.handle(job_id).fetch_history()).events
    done = next(event for event in events if event.HasField("workflow_task_completed_event_attributes"))
    begun = events[done.workflow_task_completed_event_attributes.started_event_id - 1]
    return begun.event_time.ToDatetime() - events[0].event_time.ToDatetime() < _AT_ONCE


async def _start_unmarked(mill: Mill, job_id: UUID) -> None:
    """Start a workflow as a starter that dies before it marks the row."""
    await mill.resources.starter.start_job(job_input(await mill.job(job_id)), patience=PATIENCE)
