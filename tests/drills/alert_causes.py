"""What makes each alert fire, and what ends it: a cause in the product, brought about and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Final
from uuid import UUID

import httpx
from temporalio.client import WorkflowHandle

from promptmill.contracts.names import JOB_WORKFLOW, reconcile_schedule_id
from promptmill.store.operations import HIGHEST_SUBMISSION
from tests.drills.alert_scene import DEAR_MODEL, Scene
from tests.support import eventually

Bringing = Callable[[Scene], AsyncIterator[None]]


@dataclass(frozen=True)
class Cause:
    """A cause: entered, it holds; left, it is gone."""

    alerts: tuple[str, ...]
    holds: Callable[[Scene], AbstractAsyncContextManager[None]]


CAUSES: Final[dict[str, Cause]] = {}


def cause(*alerts: str) -> Callable[[Bringing], Bringing]:
    """Note what brings these alerts about."""

    def note(bringing: Bringing) -> Bringing:
        CAUSES[bringing.__name__] = Cause(alerts, asynccontextmanager(bringing))
        return bringing

    return note


# -- The proxy


@cause("CertificateEnds", "CertificateLastDays", "CertificateUnread")
async def certificates_were_not_renewed(scene: Scene) -> AsyncIterator[None]:
    scene.proxies.serve(10, 1)
    await scene.restart_api()  # which reads them at most every ten minutes
    yield
    scene.proxies.serve(90, 90, 90)
    await scene.restart_api()


# -- Switches that somebody forgot


@cause("BrakeForgotten")
async def the_brake_is_on(scene: Scene) -> AsyncIterator[None]:
    await scene.run("brake", "on", "--provider", "grok", "--reason", "a drill")
    yield
    await scene.run("brake", "off")


@cause("DrainForgotten")
async def intake_is_closed(scene: Scene) -> AsyncIterator[None]:
    await scene.run("drain", "--reason", "a drill", "--timeout", "30")
    yield
    await scene.run("resume")


@cause("AiPromptsOffForgotten")
async def ai_prompts_are_off(scene: Scene) -> AsyncIterator[None]:
    await scene.run("flag", "ai-prompts", "off", "--reason", "a drill")
    yield
    await scene.run("flag", "ai-prompts", "on")


@cause("OwnerPauseForgotten")
async def an_owner_is_paused(scene: Scene) -> AsyncIterator[None]:
    await scene.run("owners", "add", "shop")
    await scene.run("owners", "pause", "shop", "--reason", "a drill")
    yield
    await scene.run("owners", "resume", "shop")


# -- What runs by a clock


@cause("BackupTooOld", "BackupUnverified")
async def backups_are_old(scene: Scene) -> AsyncIterator[None]:
    await scene.run("backup", "note", "one-of-last-week")
    await scene.sql("UPDATE backups SET taken_at = now() - interval '9 days', verified_at = now() - interval '8 days'")
    yield
    await scene.run("backup", "create", "--dir", scene.environment["PROMPTMILL_BACKUP_DIR"])
    await scene.run("backup", "verify", "--dir", scene.environment["PROMPTMILL_BACKUP_DIR"])


@cause("OutputsAtRisk", "OutputsWait")
async def an_output_waits_for_days(scene: Scene) -> AsyncIterator[None]:
    """It stays: no worker of the scene stores any."""
    job = await scene.create()
    await scene.reach("completed", [job])
    await scene.sql(f"""
        INSERT INTO stored_outputs (job_id, index, expires_at, created_at)
        VALUES ('{job}', 0, now() + interval '1 hour', now() - interval '6 days')
    """)
    yield
    await scene.sql("DELETE FROM stored_outputs")


@cause("ReconcilerPaused", "RetentionNotRunning")
async def the_reconcilers_schedule_is_paused(scene: Scene) -> AsyncIterator[None]:
    schedule = scene.temporal.get_schedule_handle(reconcile_schedule_id(scene.task_queue))
    await schedule.pause(note="a drill")
    yield
    await schedule.unpause(note="a drill")


@cause("ReconcilerLate", "QueueWithoutWorker", "ResultsReadLate")
async def no_worker_runs_workflows(scene: Scene) -> AsyncIterator[None]:
    """The other worker goes on: somebody answers, and yet no pass ends and no result is read."""
    await scene.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    job = await scene.create()
    await scene.reach("generating", [job])
    scene.hands.freeze()
    await scene.sql("UPDATE readings SET due_at = now() - interval '5 minutes'")
    yield
    scene.hands.thaw()
    await _end_predictions(scene)
    await scene.wavespeed.set_timing(min_seconds=0, max_seconds=0)
    await scene.reach("completed", [job])


# -- Processes


@cause("WorkerGone", "PromptmillLogSilent")
async def all_workers_hang(scene: Scene) -> AsyncIterator[None]:
    for worker in (scene.hands, scene.sender):
        worker.freeze()
    yield
    for worker in (scene.hands, scene.sender):
        worker.thaw()
    await scene.reach("completed", [await scene.create()])


@cause("WorkerStarting")
async def a_worker_waits_for_postgres(scene: Scene) -> AsyncIterator[None]:
    scene.newcomers_postgres.refuse()
    scene.newcomer.begin()
    yield
    scene.newcomers_postgres.refusing = False


@cause("ApiGone")
async def the_api_has_ended(scene: Scene) -> AsyncIterator[None]:
    await scene.api.stop()
    yield
    await scene.api.start()


@cause("TemporalGone", "CallbacksWait", "WebhooksWait")
async def temporal_is_out_of_reach(scene: Scene) -> AsyncIterator[None]:
    """Out of the API's, and nobody mends what it leaves: a callback is not started, a webhook reaches no workflow."""
    await _lose_a_submission(scene, "late", seconds=10)
    schedule = scene.temporal.get_schedule_handle(reconcile_schedule_id(scene.task_queue))
    await schedule.pause(note="a drill")
    scene.temporal_relay.refuse()
    job = await scene.create(callbackUrl=f"{scene.wavespeed.url}/_simulator/health")
    assert (await scene.http.delete(f"/api/jobs/{job}")).is_success
    await scene.reach("cancelled", [job])
    async with scene.connection() as connection:
        waiting = "SELECT count(*) FROM webhook_deliveries WHERE processed_at IS NULL"
        await eventually(lambda: connection.fetchval(waiting), what="a webhook that nobody processes")
    await scene.jobs_are_older("10 minutes")
    await scene.sql("UPDATE webhook_deliveries SET received_at = received_at - interval '10 minutes'")
    yield
    scene.temporal_relay.refusing = False
    await schedule.unpause(note="a drill")
    await scene.wavespeed.clear_faults()


@cause("PostgresGone")
async def postgres_is_out_of_reach(scene: Scene) -> AsyncIterator[None]:
    scene.postgres.refuse()
    yield
    scene.postgres.refusing = False


@cause("PostgresReadOnly", "ApiErrors", "ApiErrorBudgetBurns")
async def postgres_is_a_standby(scene: Scene) -> AsyncIterator[None]:
    """It refuses writes: whoever wants a job gets an error of the server."""
    await _read_only(scene, "on")
    async with _again_and_again(scene.create):
        yield
    await _read_only(scene, "off")


async def _read_only(scene: Scene, state: str) -> None:
    async with scene.connection() as connection:
        name = await connection.fetchval("SELECT current_database()")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
        await connection.execute(others, name)


@cause("PostgresPoolFull")
async def a_transaction_holds_rows(scene: Scene) -> AsyncIterator[None]:
    """Somebody's, who went for lunch: what the worker has to report of these jobs waits for it."""
    await scene.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    await scene.wavespeed.order("webhook", "lost", times=20)  # which would wait in the API
    jobs = [await scene.create() for _ in range(20)]
    await scene.reach("generating", jobs)
    async with scene.connection() as connection, connection.transaction():
        await connection.execute("SELECT FROM jobs WHERE id = ANY ($1) FOR UPDATE", jobs)
        await _end_predictions(scene)
        yield
    await scene.wavespeed.set_timing(min_seconds=0, max_seconds=0)
    await scene.reach("completed", jobs)


@cause("PostgresSlow", "ApiSlow")
async def transactions_are_long(scene: Scene) -> AsyncIterator[None]:
    """Somebody's, a second each: whoever wants to cancel this job waits for them."""
    job = await scene.create()
    async with scene.connection() as connection:

        async def hold() -> None:
            async with connection.transaction():
                await connection.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", job)
                await asyncio.sleep(1)

        def cancel() -> Awaitable[object]:
            return scene.http.delete(f"/api/jobs/{job}")

        async with AsyncExitStack() as going_on:
            await going_on.enter_async_context(_again_and_again(hold, pause=0))
            for _ in range(4):
                await going_on.enter_async_context(_again_and_again(cancel))
            yield


async def _end_predictions(scene: Scene) -> None:
    for prediction in await scene.wavespeed.predictions():
        if prediction["status"] in {"created", "processing"}:
            await scene.wavespeed.end(prediction["id"], status="completed")


@asynccontextmanager
async def _again_and_again(ask: Callable[[], Awaitable[object]], pause: float = 0.2) -> AsyncIterator[None]:
    async def keep_asking() -> None:
        while True:
            with suppress(AssertionError, httpx.HTTPError):  # it is about the attempts
                await ask()
            await asyncio.sleep(pause)

    task = asyncio.create_task(keep_asking())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# -- The queue


@cause("NothingMoves", "JobsWaitTooLong")
async def wavespeed_does_not_answer(scene: Scene) -> AsyncIterator[None]:
    await scene.jobs_are_older("1 hour")
    await scene.wavespeed.order("submit", "hold")
    await scene.create()
    await scene.wavespeed.wait_held()
    await scene.jobs_are_older("1 hour")
    yield
    await scene.wavespeed.release()
    await scene.reach("completed", [await scene.create()])


@cause("JobsGenerateTooLong")
async def generating_takes_hours(scene: Scene) -> AsyncIterator[None]:
    await scene.wavespeed.set_timing(min_seconds=3600, max_seconds=3600)
    job = await scene.create()
    await scene.reach("generating", [job])
    await scene.jobs_are_older("5 hours")
    yield
    await _end_predictions(scene)
    await scene.wavespeed.set_timing(min_seconds=0, max_seconds=0)
    await scene.reach("completed", [job])


@cause("PromptsWaitTooLong")
async def prompts_wait(scene: Scene) -> AsyncIterator[None]:
    await scene.run("brake", "on", "--provider", "grok", "--reason", "a drill")
    await scene.create_ai(1)
    await scene.sql(
        "UPDATE prompt_generation_jobs SET enqueued_at = enqueued_at - interval '1 hour' WHERE status = 'queued'"
    )
    yield
    await scene.run("brake", "off")


@cause("PromptsWrittenTooLong")
async def grok_does_not_answer(scene: Scene) -> AsyncIterator[None]:
    await scene.grok.order("chat", "hold")
    await scene.create_ai(1)
    await scene.grok.wait_held()
    await scene.sql(
        "UPDATE prompt_generation_jobs SET started_at = started_at - interval '1 hour' WHERE status = 'processing'"
    )
    yield
    await scene.grok.release()


@cause("TooFewWorkers")
async def the_worker_is_too_slow(scene: Scene) -> AsyncIterator[None]:
    """It has a twentieth of a processor, for many jobs."""

    async def starve() -> None:
        while True:
            scene.hands.freeze()
            await asyncio.sleep(0.38)
            scene.hands.thaw()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(starve())
    try:
        for _ in range(200):
            await scene.create()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        scene.hands.thaw()


@cause("WorkflowTasksFail")
async def workflows_cannot_go_on(scene: Scene) -> AsyncIterator[None]:
    """Started with what no release can read: as after a change that should have been patched."""
    begun: list[WorkflowHandle[object, object]] = []
    places = count()

    async def begin() -> None:
        name = f"unreadable-{next(places)}"
        begun.append(await scene.temporal.start_workflow(JOB_WORKFLOW, "?", id=name, task_queue=scene.task_queue))

    async with _again_and_again(begin, pause=1):
        yield
    for handle in begun:
        await handle.terminate()


# -- Errors


@cause("JobsFail", "JobErrorBudgetBurns")
async def jobs_fail(scene: Scene) -> AsyncIterator[None]:
    await scene.wavespeed.order("submit", "ending", word="failed", times=20)
    await scene.reach("failed", [await scene.create() for _ in range(20)])
    yield
    await scene.wavespeed.clear_faults()
    await scene.jobs_are_older("1 hour")


@cause("ProviderFails", "PromptsRetried")
async def grok_fails(scene: Scene) -> AsyncIterator[None]:
    await scene.grok.order("chat", "status", status=503, probability=0.6, seed=1)
    async with _again_and_again(lambda: scene.create_ai(1), pause=1):
        yield
    await scene.grok.clear_faults()
    await scene.sql("UPDATE queue_minutes SET minute = minute - interval '2 hours'")


@cause("ProviderSlow")
async def grok_is_slow(scene: Scene) -> AsyncIterator[None]:
    await scene.grok.order("chat", "delay", seconds=40, times=1000)
    async with _again_and_again(lambda: scene.create_ai(1), pause=1):
        yield
    await scene.grok.clear_faults()


@cause("CallbacksFail")
async def callbacks_fail(scene: Scene) -> AsyncIterator[None]:
    """The receiver knows no such address."""
    async with _again_and_again(lambda: scene.create(callbackUrl=f"{scene.wavespeed.url}/_simulator/nothing"), pause=1):
        yield
    await scene.create(callbackUrl=f"{scene.wavespeed.url}/_simulator/health")


# -- Money


@cause("SubmissionUnclear")
async def a_submission_is_unclear(scene: Scene) -> AsyncIterator[None]:
    job = await _lose_a_submission(scene, "lost")
    yield
    answer = await scene.http.post(f"/api/jobs/{job}/resolve", json={"decision": "abandon"})
    assert answer.is_success, answer.text
    await scene.wavespeed.clear_faults()


async def _lose_a_submission(scene: Scene, webhook: str, **more: float) -> UUID:
    """Create a job whose submission's answer does not arrive, while the history cannot be read."""
    await scene.wavespeed.order("webhook", webhook, **more)
    await scene.wavespeed.order("submit", "cut", after=True)
    await scene.wavespeed.order("history", "status", status=500, times=1000)
    job = await scene.create()
    await scene.reach("submit_unknown", [job])
    return job


@cause("SubmissionsSlowedDown")
async def wavespeed_answers_429(scene: Scene) -> AsyncIterator[None]:
    await scene.wavespeed.order("submit", "status", status=429)
    await scene.reach("completed", [await scene.create()])
    yield
    await scene.sql("UPDATE submission_rates SET refused_at = now() - interval '2 hours'")


@cause("BalanceLow")
async def the_balance_is_low(scene: Scene) -> AsyncIterator[None]:
    await scene.wavespeed.set_credit("5")
    yield
    await scene.wavespeed.set_credit("1000")


@cause("BudgetNearlyUsed", "BudgetUsed")
async def budgets_are_used(scene: Scene) -> AsyncIterator[None]:
    await scene.reach("completed", [await scene.create()])
    async with scene.connection() as connection:
        spent = await connection.fetchval("SELECT sum(spent_usd) FROM spending")
    await scene.run("budgets", "set", "*", "month", f"{spent * 10 / 9:.6f}")
    await scene.run("budgets", "set", "*", "total", f"{spent:.6f}")
    yield
    await scene.run("budgets", "set", "*", "month", "1000")
    await scene.run("budgets", "set", "*", "total", "1000")


@cause("SpendingUnusual")
async def more_is_spent_than_usual(scene: Scene) -> AsyncIterator[None]:
    await scene.reach("completed", [await scene.create(model=DEAR_MODEL)])
    await scene.sql("UPDATE spending SET day = day - 1")
    await scene.reach("completed", [await scene.create(model=DEAR_MODEL)])
    yield
    await scene.sql("UPDATE spending SET day = day - 2")


# -- The record is older than what was paid for


@cause("SubmissionsHeld", "ErrorsLogged", "PromptmillLogError")
async def an_old_record_was_restored(scene: Scene) -> AsyncIterator[None]:
    """The reconciler finds it, and writes the first error of this worker's life to the log."""
    await scene.reach("completed", [await scene.create()])
    await asyncio.sleep(5)  # a pass tells Temporal of the highest submission
    async with scene.connection() as connection:
        await connection.execute(
            "DELETE FROM jobs WHERE id = (SELECT job_id FROM submissions ORDER BY number DESC LIMIT 1)"
        )
        await connection.execute("DELETE FROM switches WHERE name = $1", HIGHEST_SUBMISSION)
    yield
    await scene.run("restore-check", "--release")
