"""Processes that die, stall or come back: nothing is paid twice and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from promptmill.contracts.jobs import Billed
from promptmill.local.ports import free_port
from promptmill.local.processes import Child
from promptmill.store.prompts import prompt_request
from tests.fixtures.mill import Mill, new_prompt_job
from tests.fixtures.relay import open_relay
from tests.fixtures.session import StartProcess
from tests.support import eventually, open_http
from worker.build import build_activities


async def _start_worker(start: StartProcess, environment: Mapping[str, str], **changed: str) -> Child:
    """Start `python -m worker` and wait until it polls."""
    port = free_port()
    child = start(
        "worker", "-m", "worker", environment=dict(environment) | changed | {"PROMPTMILL_METRICS_PORT": str(port)}
    )
    async with open_http() as http:

        async def ready() -> bool:
            child.require_alive()
            try:
                return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready, what="the worker is ready")
    return child


async def test_a_worker_frozen_between_intent_and_post_does_not_pay_when_it_wakes(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    mill = idle_mill
    async with open_relay(mill.settings.require_database_url()) as relay:
        frozen = await _start_worker(
            start_process,
            settings_environment,
            DATABASE_URL=relay.url,
            PROMPTMILL_WORKER_QUEUES="wavespeed",
            PROMPTMILL_POST_WITHIN_SECONDS="2",
            # Busy with this one, so that it does not poll: Temporal would give the retry to the frozen worker.
            PROMPTMILL_WAVESPEED_CONCURRENCY="1",
        )
        async with mill.changed() as others, others.worker_of("workflows"):
            # The intent reaches Postgres, but the response does not come back.
            relay.hold_answer_to("A fox that stands still")
            job_id = await mill.create(prompt="A fox that stands still")
            async with asyncio.timeout(60):
                await relay.held.wait()
            await eventually(lambda: _state(mill, job_id, "intended"))
            os.kill(frozen.mark.pid, signal.SIGSTOP)
            async with mill.changed() as second, second.worker_of("wavespeed"):
                await mill.reaches(job_id, "submit_unknown")
                os.kill(frozen.mark.pid, signal.SIGCONT)
                relay.release()
                # It reports itself that nothing was sent: then, and only then, it is submitted again.
                await eventually(lambda: _state(mill, job_id, "rejected"))
                row = await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.requests("submit")) == 1
    [charge] = await mill.wavespeed.charges()
    assert row.prediction_id == charge["id"]
    assert [found.state for found in await mill.store.submissions.of_job(job_id)] == ["rejected", "accepted"]


async def test_what_a_worker_killed_during_the_post_has_paid_is_found_and_not_repeated(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    mill = idle_mill
    await mill.wavespeed.order("submit", "hold", after=True)
    first = await _start_worker(start_process, settings_environment)
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")

    first.kill()

    async with mill.worker():
        row = await mill.reaches(job_id, "completed")
        await mill.wavespeed.release()
    assert ("submit_unknown", "submit_unclear") in await mill.events(job_id)
    assert len(await mill.wavespeed.requests("submit")) == 1
    assert [charge["id"] for charge in await mill.wavespeed.charges()] == [row.prediction_id]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


async def test_a_worker_killed_while_grok_answers_is_replaced(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    mill = idle_mill
    await mill.grok.order("chat", "hold", after=True)
    first = await _start_worker(start_process, settings_environment)
    job_id = await mill.create(use_ai_prompt=True)
    await mill.grok.asked("chat")

    first.kill()

    async with mill.worker():
        row = await mill.reaches(job_id, "completed")
        await mill.grok.release()
    assert row.prompt_job_id is not None
    assert (await mill.prompt_job(row.prompt_job_id)).retry_count == 0, "a dead worker uses up no retry"
    assert len(await mill.wavespeed.charges()) == 1


@pytest.mark.parametrize("place", ["result", "history"])
async def test_a_worker_killed_while_it_reads_is_replaced_after_a_lease_or_a_heartbeat(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str], place: str
) -> None:
    mill = idle_mill
    await mill.wavespeed.order(place, "hold")
    if place == "history":
        await mill.wavespeed.order("submit", "cut", after=True)
    first = await _start_worker(start_process, settings_environment)
    job_id = await mill.create()
    await mill.wavespeed.asked(place)

    first.kill()

    async with mill.worker():
        # A claimed result is free again after 20 s; an activity is given up after 10 s without a heartbeat.
        await mill.reaches(job_id, "completed")
        await mill.wavespeed.release()
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_prompt_that_grok_finished_is_not_paid_again_by_the_next_worker(mill: Mill) -> None:
    row, _ = await mill.store.prompts.accept(new_prompt_job())
    activities = build_activities(mill.resources)

    first = await ActivityEnvironment().run(activities.prompts.write_prompt, prompt_request(row))
    # The worker died before it reported to Temporal: the activity runs again elsewhere.
    second = await ActivityEnvironment().run(activities.prompts.write_prompt, prompt_request(row))

    assert second.prompt == first.prompt
    assert len(await mill.grok.requests("chat")) == 1


async def test_sigterm_lets_a_submission_bring_its_id_home_and_exits_0(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    mill = idle_mill
    await mill.wavespeed.order("submit", "hold", after=True)
    worker = await _start_worker(start_process, settings_environment, PROMPTMILL_SHUTDOWN_SECONDS="20")
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")

    worker.process.send_signal(signal.SIGTERM)
    await eventually(lambda: b"worker_draining" in worker.log.read_bytes())
    await mill.wavespeed.release()

    assert await asyncio.to_thread(worker.process.wait, 30) == 0
    [submission] = await mill.store.submissions.of_job(job_id)
    assert submission.state == "accepted"
    async with mill.worker():
        await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.charges()) == 1


async def test_postgres_away_when_the_id_is_in_hand_loses_nothing(idle_mill: Mill) -> None:
    """The response is kept in the activity, then in the workflow, until Postgres stores it."""
    async with (
        open_relay(idle_mill.settings.require_database_url()) as relay,
        idle_mill.worker_of("workflows"),
        idle_mill.changed(database_url=relay.secret_url) as mill,
        mill.worker_of("wavespeed"),
    ):
        await idle_mill.wavespeed.order("submit", "hold", after=True)
        job_id = await idle_mill.create()
        await idle_mill.wavespeed.asked("submit")
        relay.refuse()
        await idle_mill.wavespeed.release()

        row = await idle_mill.reaches(job_id, "completed")
        assert await idle_mill.closes(idle_mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED

    assert row.prediction_id == (await idle_mill.wavespeed.charges())[0]["id"]


async def test_an_answer_whose_job_an_older_backup_does_not_hold_waits_in_the_workflow(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold", after=True)
    job_id = await mill.create()
    await mill.wavespeed.asked("submit")
    await mill.sql(f"CREATE TABLE kept AS SELECT * FROM jobs WHERE id = '{job_id}'")
    await mill.sql(f"DELETE FROM jobs WHERE id = '{job_id}'")
    await mill.wavespeed.release()

    async def answered() -> bool:
        history = await mill.handle(job_id).fetch_history()
        return any(event.HasField("activity_task_completed_event_attributes") for event in history.events)

    await eventually(answered)
    await mill.sql("INSERT INTO jobs SELECT * FROM kept")

    row = await mill.reaches(job_id, "completed")
    assert [row.prediction_id] == [charge["id"] for charge in await mill.wavespeed.charges()]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES
    assert len(await mill.wavespeed.requests("submit")) == 1


async def _state(mill: Mill, job_id: UUID, state: str) -> bool:
    return any(submission.state == state for submission in await mill.store.submissions.of_job(job_id))
