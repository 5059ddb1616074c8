"""`callbackUrl` is called once when the job has ended, however it ended."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook
from temporalio.client import WorkflowExecutionStatus
from uuid_utils.compat import uuid7

from promptmill.commands.callback_secret import read_callback_secret
from promptmill.contracts.callbacks import CallbackInput, CallbackResult
from promptmill.contracts.names import CALLBACK_WORKFLOW, job_workflow_id
from promptmill.local.temporal import TemporalServer
from tests.callback_receiver import SECRET, deliveries, signed_by
from tests.fixtures.callbacks import OK, callback, timeline, told, wait_briefly, working
from tests.fixtures.mill import PATIENCE, Mill
from tests.fixtures.session import WarmPython
from tests.local_servers import terminate_workflow
from tests.raw_server import http_answer, open_raw_server
from tests.support import eventually


async def test_receiver_is_told_once_with_a_signature_it_can_check(idle_mill: Mill) -> None:
    async with open_raw_server(OK) as server, working(idle_mill, callback_secret=SecretStr(SECRET)) as mill:
        job_id = await mill.create(callback_url=f"{server.url}/done", metadata={"order": "7"})
        await mill.reaches(job_id, "completed")
        result = await told(mill, job_id)
        assert (await mill.reconcile()).callbacks_started == 0

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
        for output in shown["outputs"]:
            assert output.pop("stored") is None  # not told: it may become so at any time
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

    assert (await mill.reconcile()).callbacks_started == 0
    with pytest.raises(Exception, match="not found"):
        await callback(mill, job_id).describe(rpc_timeout=PATIENCE)


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
        terminate_workflow(temporal_server, job_workflow_id(job_id))
        await mill.closes(mill.handle(job_id))

        assert (await mill.reconcile()).callbacks_started == 1
        await told(mill, job_id)
        assert (await mill.reconcile()).callbacks_started == 0

    (got,) = deliveries(server)
    assert got.body["type"] == "job.terminated"
    assert got.body["data"]["billed"] == "yes"


async def test_job_that_was_cancelled_before_it_began_is_told_by_the_reconciler(mill: Mill) -> None:
    async with open_raw_server(OK) as server:
        job_id = await mill.accept(callback_url=server.url)
        await mill.cancel_row(job_id)

        assert (await mill.reconcile()).callbacks_started == 1
        await told(mill, job_id)

    assert deliveries(server)[0].body["type"] == "job.cancelled"


async def test_two_passes_and_the_jobs_own_workflow_tell_it_once(mill: Mill) -> None:
    """The second starter finds the workflow running."""
    async with open_raw_server(OK) as server:
        job_id = await mill.accept(callback_url=server.url)
        await mill.cancel_row(job_id)
        await asyncio.gather(mill.reconcile(), mill.reconcile())
        await told(mill, job_id)
        await mill.start(job_id)
        await mill.closes(mill.handle(job_id))
        forgotten = "callback_started_at = NULL, callback_claimed_at = NULL, callback_ended_at = NULL"
        await mill.sql(f"UPDATE jobs SET {forgotten} WHERE id = '{job_id}'")
        await mill.reconcile()
        await mill.closes(callback(mill, job_id))

    assert server.requests == 1


async def test_workflow_that_is_started_anew_finds_that_it_was_told(mill: Mill) -> None:
    """After a reset, or once Temporal has deleted the first one: the record has it."""
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
    assert result.error == "It had already ended."
    assert [detail["callback"] for detail in await timeline(mill, job_id)] == ["delivered"]


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
        result = await told(mill, job_id)

    assert result["delivered"]
    assert result["attempts"] == 1


async def test_job_that_is_gone_from_the_record_is_given_up_in_time(idle_mill: Mill) -> None:
    job_id = uuid7()
    async with working(idle_mill, callback_give_up_seconds=0.1) as mill:
        await mill.resources.starter.start_callback(job_id, patience=PATIENCE)

        assert await mill.closes(callback(mill, job_id)) is WorkflowExecutionStatus.COMPLETED
        result = await callback(mill, job_id).result()

    assert (result["delivered"], result["error"]) == (False, "Nothing exists under this id.")


async def test_operator_stops_a_callback_by_cancelling_its_workflow(mill: Mill) -> None:
    async with open_raw_server(http_answer(500)) as server:
        job_id = await mill.create(callback_url=server.url)
        await eventually(lambda: timeline(mill, job_id), what="a first attempt is noted")

        await callback(mill, job_id).cancel(rpc_timeout=PATIENCE)

        assert await mill.closes(callback(mill, job_id)) is WorkflowExecutionStatus.CANCELED
    assert (await timeline(mill, job_id))[-1]["callback"] == "given_up"


async def test_installation_without_a_secret_makes_one_and_shows_it(
    mill: Mill, warm_python: WarmPython, settings_environment: dict[str, str]
) -> None:
    async with open_raw_server(OK) as server:
        job_id = await mill.create(callback_url=server.url)
        await told(mill, job_id)

    command = ("-m", "promptmill", "callback-secret")
    shown = await asyncio.to_thread(warm_python.run, *command, environment=settings_environment)
    assert shown.returncode == 0
    secret = shown.stdout.strip()
    assert signed_by(deliveries(server)[0], secret)
    assert await read_callback_secret(mill.settings) == secret


async def test_timeline_tells_deliveries_in_sentences(
    idle_mill: Mill, api_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_briefly(monkeypatch)
    async with (
        open_raw_server(http_answer(500), OK) as server,
        working(idle_mill) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        await told(mill, job_id)

    items = (await api_client.get(f"/api/jobs/{job_id}/events")).json()["items"]
    texts = [item["text"] for item in items if "callback" in item["detail"]]
    assert len(texts) == 2
    assert "HTTP 500" in texts[0]
    assert texts[1] == "The callback was delivered."
    assert {item["status"] for item in items if "callback" in item["detail"]} == {"completed"}
