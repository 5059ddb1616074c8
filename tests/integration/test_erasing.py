"""An erased job is gone from Temporal and WaveSpeed too, whatever is unreachable at first."""

from __future__ import annotations

from uuid import UUID

from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.local.temporal import TemporalServer
from promptmill.store.jobs import job_input
from promptmill.temporal.erasing import delete_runs
from tests.fixtures.mill import PATIENCE, Mill
from tests.local_servers import reset_workflow
from tests.support import eventually

MARK = "unmistakable"


async def _runs(mill: Mill, workflow_id: str) -> int:
    """How many runs Temporal lists or describes."""
    found = [run async for run in mill.client.list_workflows(f"WorkflowId = '{workflow_id}'")]
    try:
        await mill.client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return len(found)
    return max(len(found), 1)


async def _predictions(mill: Mill) -> list[str]:
    """What the simulator still shows of this account."""
    return [prediction["id"] for prediction in (await mill.wavespeed.book())["predictions"]]


async def _erase(mill: Mill, *ids: UUID) -> None:
    """Erase jobs, as if they had been accepted a while ago: no starter can be at them any more."""
    for job_id in ids:
        await mill.store.erasures.erase_job(job_id)
    await mill.sql("UPDATE erasures SET due_at = now() - interval '1 minute'")


async def _until_nothing_is_pending(mill: Mill) -> None:
    async def empty() -> bool:
        await mill.reconcile()
        return (await mill.store.erasures.backlog()).pending == 0

    await eventually(empty, 60, what="all erasures are complete")


async def test_an_erased_job_leaves_nothing_at_temporal_and_wavespeed(
    mill: Mill, temporal_server: TemporalServer
) -> None:
    """Also the run before a reset, and the prompt job of its own that it used."""
    prompt_job_id = await mill.create_prompt(instructions=MARK)
    await mill.prompt_reaches(prompt_job_id, "completed")
    await mill.closes(mill.prompt_handle(prompt_job_id))
    job_id = await mill.create(prompt=MARK, prompt_job_id=prompt_job_id)
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))
    reset_workflow(temporal_server, job_workflow_id(job_id))
    await mill.closes(mill.handle(job_id))
    charges = await mill.wavespeed.charges()
    assert len(await _predictions(mill)) == 1

    await _erase(mill, job_id)
    await _until_nothing_is_pending(mill)

    assert await _runs(mill, job_workflow_id(job_id)) == 0
    assert await _runs(mill, prompt_workflow_id(prompt_job_id)) == 0
    assert await _predictions(mill) == []
    assert await mill.wavespeed.charges() == charges, "what was paid stays known"
    row = await mill.job(job_id)
    assert (row.status, row.prompt) == ("completed", None)
    assert row.erased_at is not None
    assert (await mill.prompt_job(prompt_job_id)).erased_at is not None


async def test_it_waits_for_wavespeed_and_says_so(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await _erase(mill, job_id)
    await mill.wavespeed.order("delete", "status", status=503, times=100)

    await mill.reconcile()

    assert "WaveSpeed" in (await mill.store.erasures.problem(job_id) or "")
    assert (await mill.job(job_id)).erased_at is None
    assert len(await _predictions(mill)) == 1

    await mill.wavespeed.clear()
    await _until_nothing_is_pending(mill)
    assert await _predictions(mill) == []


async def test_a_prediction_that_wavespeed_no_longer_has_is_done(mill: Mill) -> None:
    job_id = await mill.create()
    row = await mill.reaches(job_id, "completed")
    assert row.prediction_id is not None
    await mill.resources.wavespeed.delete(row.prediction_id)

    await _erase(mill, job_id)
    await _until_nothing_is_pending(mill)

    assert (await mill.job(job_id)).erased_at is not None


async def test_a_delete_that_wavespeed_only_claims_is_not_believed(mill: Mill) -> None:
    """A 404 of a wrong path, or a success that deleted nothing, leaves the prediction where it is."""
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await mill.wavespeed.order("delete", "status", status=404, times=100)
    await _erase(mill, job_id)

    await mill.reconcile()

    assert "still there" in (await mill.store.erasures.problem(job_id) or "")


async def test_what_another_key_made_waits_until_wavespeed_deletes_it(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await mill.sql("UPDATE submissions SET key_fingerprint = 'another'")
    await _erase(mill, job_id)

    await mill.reconcile()
    assert "another key" in (await mill.store.erasures.problem(job_id) or "")

    await mill.sql("UPDATE submissions SET outcome_at = now() - interval '8 days'")
    await _until_nothing_is_pending(mill)
    assert len(await _predictions(mill)) == 1, "it is left to WaveSpeed"


async def test_a_start_that_was_under_way_is_found_by_the_last_look(mill: Mill) -> None:
    """Cancelled before it was started, and erased; then its starter's request arrives."""
    job_id = await mill.accept(prompt=MARK)
    before = await mill.job(job_id)
    await mill.cancel_row(job_id)
    await mill.store.erasures.erase_job(job_id)
    await mill.reconcile()
    assert (await mill.job(job_id)).erased_at is None, "its starter may still be at it"
    await mill.resources.starter.start_job(job_input(before), patience=PATIENCE)
    await mill.sql("UPDATE erasures SET due_at = now() - interval '1 minute'")

    await _until_nothing_is_pending(mill)

    assert await _runs(mill, job_workflow_id(job_id)) == 0


async def test_a_running_workflow_is_deleted_too(idle_mill: Mill) -> None:
    """As where a row was closed from outside, and no worker runs."""
    job_id = await idle_mill.create()
    workflow_id = job_workflow_id(job_id)

    async def gone() -> bool:
        return await delete_runs(idle_mill.client, workflow_id)

    await eventually(gone, what="the workflow is gone")
    assert await _runs(idle_mill, workflow_id) == 0


async def test_a_broken_off_pass_is_completed_by_the_next(mill: Mill) -> None:
    """Everything of an owner: more rows than a page, and a worker that dies in between."""
    ids = [await mill.accept() for _ in range(3)]
    for job_id in ids:
        await mill.cancel_row(job_id)
    await mill.store.erasures.erase_owner("local")
    await mill.store.erasures.erase_page((await mill.store.erasures.owners())[0])
    await mill.sql("UPDATE owner_erasures SET table_name = 'jobs', reached_at = NULL, reached_id = NULL")

    await mill.reconcile()
    await mill.sql("UPDATE erasures SET due_at = now() - interval '1 minute'")
    await _until_nothing_is_pending(mill)

    assert all([(await mill.job(job_id)).erased_at for job_id in ids])
