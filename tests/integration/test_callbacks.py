"""`callbackUrl` is told once when the job has ended, whatever the end and whatever the receiver does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from uuid_utils.compat import uuid7

from promptmill.commands.callback_secret import read_callback_secret
from promptmill.contracts.callbacks import CallbackInput, CallbackResult
from promptmill.contracts.names import CALLBACK_WORKFLOW, callback_workflow_id, job_workflow_id
from promptmill.local.temporal import TemporalServer
from promptmill.temporal import TemporalGate
from tests.callback_receiver import SECRET, deliveries, signed_by
from tests.fixtures.mill import PATIENCE, Mill
from tests.fixtures.session import StartProcess
from tests.raw_server import LOOPBACK, Conduct, closed_port, http_answer, open_raw_server
from tests.support import eventually

OK = http_answer(200, {"ok": True})


def callback(mill: Mill, job_id: UUID) -> WorkflowHandle[Any, Any]:
    return mill.client.get_workflow_handle(callback_workflow_id(job_id))


async def told(mill: Mill, job_id: UUID, within: float = 20) -> dict[str, Any]:
    """Wait until the callback has ended and return its result."""

    async def ended() -> bool:
        return (await mill.job(job_id)).callback_ended_at is not None

    await eventually(ended, within, what="the callback ends")
    result = await callback(mill, job_id).result()
    assert isinstance(result, dict)
    return result


async def timeline(mill: Mill, job_id: UUID) -> list[dict[str, Any]]:
    """Return what the job's events tell of its callback."""
    return [event.detail for event in await mill.store.jobs.events(job_id) if "callback" in event.detail]


async def reconcile(mill: Mill) -> int:
    gate = TemporalGate(
        client=mill.client,
        starter=mill.resources.starter,
        task_queue=mill.settings.task_queue,
        patience_seconds=2,
        breaker_seconds=0,
    )
    return (await gate.run_reconciler_now()).callbacks_started


@asynccontextmanager
async def working(idle_mill: Mill, **settings: Any) -> AsyncIterator[Mill]:
    """Run a worker with settings of its own."""
    async with idle_mill.changed(**settings) as changed, changed.worker():
        yield changed


async def test_receiver_is_told_once_with_a_signature_it_can_check(idle_mill: Mill) -> None:
    async with open_raw_server(OK) as server, working(idle_mill, callback_secret=SecretStr(SECRET)) as mill:
        job_id = await mill.create(callback_url=f"{server.url}/done", metadata={"order": "7"})
        await mill.reaches(job_id, "completed")
        result = await told(mill, job_id)
        assert await reconcile(mill) == 0

    (got,) = deliveries(server)
    assert got.request_line == "POST /done HTTP/1.1"
    assert got.headers["webhook-id"] == f"callback-{job_id}"
    assert signed_by(got, SECRET)
    assert Webhook(SECRET).verify(got.content, got.headers) == got.body
    assert got.body["type"] == "job.completed"
    assert got.body["data"]["jobId"] == str(job_id)
    assert got.body["data"]["outputs"][0]["kind"] == "image"
    assert got.body["data"]["metadata"] == {"order": "7"}
    assert (result["delivered"], result["attempts"], result["status_code"]) == (True, 1, 200)
    assert await timeline(mill, job_id) == [{"callback": "delivered", "attempts": 1, "statusCode": 200}]


async def test_what_is_told_has_the_forms_of_the_api(mill: Mill, api_client: httpx.AsyncClient) -> None:
    async with open_raw_server(OK) as server:
        good = await mill.create(callback_url=server.url, use_ai_prompt=True)
        await mill.reaches(good, "completed")
        await told(mill, good)
        await mill.wavespeed.order("submit", "status", status=400)
        bad = await mill.create(callback_url=server.url)
        await mill.reaches(bad, "failed")
        await told(mill, bad)

    for job_id, got in zip((good, bad), deliveries(server), strict=True):
        shown = (await api_client.get(f"/api/jobs/{job_id}")).json()
        data = got.body["data"]
        assert {name: shown[name] for name in data if name != "reasonCode"} == {
            name: value for name, value in data.items() if name != "reasonCode"
        }
        assert got.body["timestamp"] == shown["completedAt"]
    assert data["reasonCode"] == data["error"]["reasonCode"] == "wavespeed_bad_input"
    assert data["billed"] == "no"


async def test_job_without_callback_starts_none(mill: Mill) -> None:
    job_id = await mill.create()
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))

    assert await reconcile(mill) == 0
    with pytest.raises(Exception, match="not found"):
        await callback(mill, job_id).describe(rpc_timeout=PATIENCE)


async def test_receiver_that_failed_is_told_again_with_the_same_id_and_body(idle_mill: Mill) -> None:
    async with (
        open_raw_server(http_answer(500, "oops"), OK) as server,
        working(idle_mill, callback_give_up_seconds=1) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    first, second = deliveries(server)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert (result["delivered"], result["attempts"]) == (True, 2)
    attempt, end = await timeline(mill, job_id)
    assert attempt == {
        "callback": "attempt",
        "attempt": 1,
        "statusCode": 500,
        "error": "The receiver answered 500: not 2xx.",
    }
    assert end == {"callback": "delivered", "attempts": 2, "statusCode": 200}


async def test_receiver_that_was_down_is_told_when_it_is_back(idle_mill: Mill) -> None:
    port = closed_port()
    async with working(idle_mill, callback_give_up_seconds=2) as mill:
        job_id = await mill.create(callback_url=f"http://{LOOPBACK}:{port}/")
        await eventually(lambda: timeline(mill, job_id), 20, what="a first attempt is noted")
        async with open_raw_server(OK, port=port) as server:
            result = await told(mill, job_id)

    assert result["delivered"]
    assert len(deliveries(server)) == 1


@pytest.mark.parametrize(("headers", "seconds"), [({}, 5), ({"Retry-After": "600"}, 600), ({"Retry-After": "1"}, 5)])
async def test_first_wait_is_five_seconds_or_longer_where_the_receiver_asks(
    mill: Mill, headers: dict[str, str], seconds: float
) -> None:
    async with open_raw_server(http_answer(503, headers=headers)) as server:
        job_id = await mill.create(callback_url=server.url)
        await eventually(lambda: timeline(mill, job_id), 20, what="a first attempt is noted")

        async def wait() -> float | None:
            described = await callback(mill, job_id).describe(rpc_timeout=PATIENCE)
            (pending,) = described.raw_description.pending_activities
            if not pending.HasField("last_failure"):
                return None
            return (pending.next_attempt_schedule_time.seconds) - pending.last_attempt_complete_time.seconds

        assert await eventually(wait) == pytest.approx(seconds, abs=1)


async def test_gone_receiver_is_not_told_again(mill: Mill) -> None:
    async with open_raw_server(http_answer(410)) as server:
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert server.requests == 1
    assert (result["delivered"], result["status_code"]) == (False, 410)
    assert await timeline(mill, job_id) == [
        {
            "callback": "given_up",
            "attempts": 1,
            "statusCode": 410,
            "error": "The receiver wants no more of it (410).",
        }
    ]


async def test_redirect_is_not_followed_and_said_loudly(idle_mill: Mill) -> None:
    async with (
        open_raw_server(OK) as inside,
        open_raw_server(http_answer(302, headers={"Location": inside.url})) as server,
        working(idle_mill, callback_give_up_seconds=0.1) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert inside.connections == []
    assert not result["delivered"]
    assert "redirect" in result["error"]


@pytest.mark.parametrize("conduct", [Conduct.SILENCE, Conduct.CLOSE])
async def test_receiver_that_never_answers_holds_no_job_open_and_is_given_up(idle_mill: Mill, conduct: Conduct) -> None:
    async with (
        open_raw_server(conduct) as server,
        working(idle_mill, callback_give_up_seconds=1, callback_timeout_seconds=0.5) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        await mill.reaches(job_id, "completed")
        assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
        result = await told(mill, job_id)

    assert not result["delivered"]
    assert result["attempts"] == server.requests >= 2
    assert (await timeline(mill, job_id))[-1]["callback"] == "given_up"


async def test_hanging_receivers_leave_room_for_everything_else(idle_mill: Mill) -> None:
    """More of them than the worker has places for free activities: jobs go on all the same."""
    async with (
        open_raw_server(Conduct.SILENCE) as dead,
        working(idle_mill, callback_concurrency=2, callback_timeout_seconds=60, workflow_concurrency=6) as mill,
    ):
        hanging = [await mill.create(callback_url=dead.url) for _ in range(8)]
        for job_id in hanging:
            await mill.reaches(job_id, "completed", 40)
        await eventually(lambda: dead.requests == 2, what="both places are taken")

        job_id = await mill.create(use_ai_prompt=True)

        await mill.reaches(job_id, "completed")
        assert dead.requests == 2


@pytest.mark.parametrize("ending", ["failed", "cancelled", "expired"])
async def test_every_end_is_told(mill: Mill, ending: str) -> None:
    async with open_raw_server(OK) as server:
        if ending == "failed":
            await mill.wavespeed.order("submit", "ending", word="failed", code=1200)
        else:
            await mill.wavespeed.order("submit", "never")
        job_id = await mill.create(callback_url=server.url, generate_timeout_seconds=1 if ending == "expired" else 60)
        if ending == "cancelled":
            await mill.reaches(job_id, "generating")
            await mill.cancel(job_id)
        await mill.reaches(job_id, ending)
        await told(mill, job_id)

    (got,) = deliveries(server)
    assert got.body["type"] == f"job.{ending}"
    assert got.body["data"]["status"] == ending


async def test_terminated_job_is_told_by_the_reconciler(mill: Mill, temporal_server: TemporalServer) -> None:
    await mill.wavespeed.order("submit", "never")
    async with open_raw_server(OK) as server:
        job_id = await mill.create(callback_url=server.url)
        await mill.reaches(job_id, "generating")
        temporal_server.cli("workflow", "terminate", "--workflow-id", job_workflow_id(job_id), "--reason", "test")
        await mill.closes(mill.handle(job_id))

        assert await reconcile(mill) == 1
        await told(mill, job_id)
        assert await reconcile(mill) == 0

    (got,) = deliveries(server)
    assert got.body["type"] == "job.terminated"
    assert got.body["data"]["billed"] == "yes"


async def test_job_that_was_cancelled_before_it_began_is_told_by_the_reconciler(mill: Mill) -> None:
    async with open_raw_server(OK) as server:
        job_id = await mill.accept(callback_url=server.url)
        await mill.cancel_row(job_id)

        assert await reconcile(mill) == 1
        await told(mill, job_id)

    assert deliveries(server)[0].body["type"] == "job.cancelled"


async def test_two_passes_and_the_jobs_own_workflow_tell_it_once(mill: Mill) -> None:
    """Whoever comes second finds the workflow there."""
    async with open_raw_server(OK) as server:
        job_id = await mill.accept(callback_url=server.url)
        await mill.cancel_row(job_id)
        await asyncio.gather(reconcile(mill), reconcile(mill))
        await told(mill, job_id)
        await mill.start(job_id)
        await mill.closes(mill.handle(job_id))
        forgotten = "callback_started_at = NULL, callback_claimed_at = NULL, callback_ended_at = NULL"
        await mill.sql(f"UPDATE jobs SET {forgotten} WHERE id = '{job_id}'")
        await reconcile(mill)
        await mill.closes(callback(mill, job_id))

    assert server.requests == 1


async def test_workflow_that_is_started_anew_finds_that_it_was_told(mill: Mill) -> None:
    """After a reset, or when Temporal has forgotten the first one: the record knows."""
    async with open_raw_server(OK) as server:
        job_id = await mill.create(callback_url=server.url)
        await told(mill, job_id)

        result = await mill.client.execute_workflow(
            CALLBACK_WORKFLOW,
            CallbackInput(job_id=job_id),
            id=f"again-{job_id}",
            task_queue=mill.settings.task_queue,
            result_type=CallbackResult,
        )

    assert server.requests == 1
    assert result.error == "It had ended before."
    assert [detail["callback"] for detail in await timeline(mill, job_id)] == ["delivered"]


async def test_address_that_leads_inside_is_not_told(idle_mill: Mill) -> None:
    """Rules of production: what was accepted under other rules is judged again."""
    async with open_raw_server(OK) as server, working(idle_mill, allow_private_addresses=False) as mill:
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert server.connections == []
    assert not result["delivered"]
    assert result["error"].startswith("Not sent: the address points to a private")


async def test_record_that_was_away_is_waited_for(mill: Mill) -> None:
    """Nothing was sent meanwhile, so it counts as no attempt."""
    async with open_raw_server(OK) as server:
        job_id = await mill.accept(callback_url=server.url)
        await mill.cancel_row(job_id)
        await mill.sql("ALTER TABLE jobs RENAME TO jobs_away")
        await mill.resources.starter.start_callback(job_id, patience=PATIENCE)

        async def postponed() -> bool:
            described = await callback(mill, job_id).describe(rpc_timeout=PATIENCE)
            return any(pending.attempt > 1 for pending in described.raw_description.pending_activities)

        await eventually(postponed, what="the attempt is postponed")
        await mill.sql("ALTER TABLE jobs_away RENAME TO jobs")
        result = await told(mill, job_id, 30)

    assert result["delivered"]
    assert result["attempts"] == 1


async def test_job_that_is_gone_from_the_record_is_given_up_in_time(idle_mill: Mill) -> None:
    job_id = uuid7()
    async with working(idle_mill, callback_give_up_seconds=0.1) as mill:
        await mill.resources.starter.start_callback(job_id, patience=PATIENCE)

        assert await mill.closes(callback(mill, job_id)) is WorkflowExecutionStatus.COMPLETED
        result = await callback(mill, job_id).result()

    assert (result["delivered"], result["error"]) == (False, "No such job.")


async def test_operator_stops_a_callback_by_cancelling_its_workflow(mill: Mill) -> None:
    async with open_raw_server(http_answer(500)) as server:
        job_id = await mill.create(callback_url=server.url)
        await eventually(lambda: timeline(mill, job_id), 20, what="a first attempt is noted")

        await callback(mill, job_id).cancel(rpc_timeout=PATIENCE)

        assert await mill.closes(callback(mill, job_id)) is WorkflowExecutionStatus.CANCELED
    assert (await timeline(mill, job_id))[-1]["callback"] == "given_up"


async def test_installation_without_a_secret_makes_one_and_shows_it(
    mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    async with open_raw_server(OK) as server:
        job_id = await mill.create(callback_url=server.url)
        await told(mill, job_id)

    shown = start_process("secret", "-m", "promptmill", "callback-secret", environment=settings_environment)
    assert await asyncio.to_thread(shown.process.wait, 30) == 0
    secret = shown.log.read_text().strip()
    assert signed_by(deliveries(server)[0], secret)
    assert await read_callback_secret(mill.settings) == secret


async def test_timeline_tells_deliveries_in_sentences(idle_mill: Mill, api_client: httpx.AsyncClient) -> None:
    async with (
        open_raw_server(http_answer(500), OK) as server,
        working(idle_mill, callback_give_up_seconds=1) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        await told(mill, job_id)

    items = (await api_client.get(f"/api/jobs/{job_id}/events")).json()["items"]
    texts = [item["text"] for item in items if "callback" in item["detail"]]
    assert len(texts) == 2
    assert "HTTP 500" in texts[0]
    assert "told" in texts[1]
    assert {item["status"] for item in items if "callback" in item["detail"]} == {"completed"}
