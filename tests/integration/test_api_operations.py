"""The API with a real Temporal: jobs over HTTP, dispatch, reconciler, installation, probes, metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client, WorkflowExecutionStatus

from api.installation import reconciler
from promptmill.config.settings import Settings
from promptmill.contracts.names import grok_queue, reconcile_schedule_id, wavespeed_queue
from promptmill.local.ports import free_port
from tests.fixtures.api import open_api
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.support import eventually

UNCLAIMED = "UPDATE jobs SET claimed_at = NULL"


async def reaches(client: httpx.AsyncClient, path: str, status: str) -> dict[str, Any]:
    """Wait until the job or prompt job at this path has that status."""

    async def there() -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(path)).json()
        assert found["status"] == status, found["statusText"]
        return found

    return await eventually(there, what=f"{path} is {status}")


async def test_a_job_goes_through_the_front_door_to_its_end(api_client: httpx.AsyncClient, mill: Mill) -> None:
    body = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "a fox that looks at the moon"}
    accepted = await api_client.post("/api/jobs/create", json=body)
    job = await reaches(api_client, accepted.headers["location"], "completed")
    events = (await api_client.get(job["links"]["events"])).json()["items"]
    prompt_job = (await api_client.get(f"/api/prompt/queue/{job['promptJobId']}")).json()

    assert accepted.status_code == 202
    assert accepted.json()["statusText"] != "Accepted; starts as soon as Temporal is available."
    assert (job["billed"], job["promptSource"], job["promptStatus"]) == ("yes", "grok", "completed")
    assert job["prompt"] == prompt_job["generatedPrompt"]
    assert job["outputs"][0]["kind"] == "image"
    assert job["wait"]["for"] is None
    assert (events[0]["status"], events[-1]["status"]) == ("queued", "completed")
    assert len({event["text"] for event in events}) == len(events), "each change has a sentence of its own"
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_running_job_is_cancelled_in_the_record_and_in_temporal(
    api_client: httpx.AsyncClient, mill: Mill
) -> None:
    await mill.set_queue_rate(wavespeed_queue(mill.settings.task_queue), 0)
    created = await api_client.post("/api/jobs/create", json={"model": IMAGE_MODEL, "prompt": "a fox"})
    path = created.headers["location"]
    waiting = await reaches(api_client, path, "dispatching")
    cancelled = await api_client.delete(path)
    ended = await reaches(api_client, path, "cancelled")

    assert waiting["queuePosition"] == 1
    assert (
        waiting["statusText"]
        == "Waiting to be submitted to WaveSpeed: 1st of 1. This queue is stopped: test (by test)."
    )
    assert (waiting["wait"]["stopped"], waiting["wait"]["stoppedReason"]) == (True, "test (by test)")
    assert cancelled.status_code == 202
    assert ended["billed"] == "no"
    handle = mill.client.get_workflow_handle(f"job-{ended['jobId']}")
    assert await mill.closes(handle) is WorkflowExecutionStatus.CANCELED


async def test_a_prompt_job_is_written_and_used(api_client: httpx.AsyncClient, mill: Mill) -> None:
    queued = await api_client.post("/api/prompt/queue", json={"instructions": "a fox"})
    written = await reaches(api_client, queued.headers["location"], "completed")
    body = {"model": IMAGE_MODEL, "promptJobId": written["promptJobId"]}
    job = await api_client.post("/api/jobs/create", json=body)
    done = await reaches(api_client, job.headers["location"], "completed")

    assert done["prompt"] == written["generatedPrompt"]
    assert len(await mill.grok.requests("chat")) == 1


async def test_dispatch_starts_what_was_accepted_and_never_started(
    api_client: httpx.AsyncClient, idle_mill: Mill
) -> None:
    job_ids = [await idle_mill.accept() for _ in range(3)]
    await idle_mill.sql(UNCLAIMED)

    first = await api_client.post("/api/dispatch")
    again = await api_client.post("/api/dispatch")

    assert (first.status_code, first.json()) == (200, {"ok": True, "claimed": 3, "started": 3})
    assert again.json() == {"ok": True, "claimed": 0, "started": 0}
    for job_id in job_ids:
        assert (await idle_mill.handle(job_id).describe()).status is WorkflowExecutionStatus.RUNNING


async def test_dispatch_says_what_it_could_not_start(lonely_api: httpx.AsyncClient, database_url: str) -> None:
    await lonely_api.post("/api/jobs/create", json={"model": IMAGE_MODEL, "prompt": "a fox"})
    connection = await asyncpg.connect(database_url)
    await connection.execute(UNCLAIMED)
    await connection.close()

    answer = await lonely_api.post("/api/dispatch")

    assert answer.json() == {"ok": False, "claimed": 1, "started": 0}


async def test_the_reconciler_runs_on_demand(api_client: httpx.AsyncClient, mill: Mill) -> None:
    job_id = await mill.accept()
    await mill.sql(UNCLAIMED)

    answer = await api_client.post("/api/cron/prompt-processor")

    assert (answer.status_code, answer.json()) == (200, {"started": 1, "closed": 0, "delivered": 0, "resolved": 0})
    await reaches(api_client, f"/api/jobs/{job_id}", "completed")


async def test_a_job_is_accepted_while_temporal_refuses(settings: Settings, temporal: Any) -> None:
    """An error would make the caller retry, and the stored job would run alongside the second one."""
    nowhere = settings.model_copy(update={"temporal": {**settings.temporal, "TEMPORAL_NAMESPACE": "nowhere"}})
    async with open_api(nowhere) as client:
        created = await client.post("/api/jobs/create", json={"model": IMAGE_MODEL, "prompt": "a fox"})
        queued = await client.post("/api/prompt/queue", json={"prompt": "a fox"})
        cancelled = await client.delete(created.headers["location"])

    assert (created.status_code, queued.status_code, cancelled.status_code) == (202, 202, 200)
    assert created.json()["statusText"] == "Accepted; starts as soon as Temporal is available."


async def test_without_temporal_the_reconciler_is_unavailable(lonely_api: httpx.AsyncClient) -> None:
    answer = await lonely_api.post("/api/cron/prompt-processor")

    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_init_says_what_is_missing_and_makes_the_schedule(
    api_client: httpx.AsyncClient, settings: Settings
) -> None:
    before = await api_client.get("/api/init")
    made = await api_client.post("/api/init")
    again = await api_client.post("/api/init")

    assert before.status_code == made.status_code == 503
    assert any("schedule" in problem for problem in before.json()["problems"])
    report = made.json()
    assert report["problems"] == [
        f"No worker polls {queue}: start `python -m worker`."
        for queue in (settings.task_queue, grok_queue(settings.task_queue), wavespeed_queue(settings.task_queue))
    ]
    assert report["temporal"]["schedule"]["paused"] is False
    assert report["temporal"]["missingSearchAttributes"] == []
    assert again.json()["problems"] == report["problems"]


async def test_init_tells_a_whole_installation(api_client: httpx.AsyncClient, mill: Mill, account: str) -> None:
    async def whole() -> httpx.Response:
        answer = await api_client.post("/api/init")
        assert answer.status_code == 200, answer.json()["problems"]
        return answer

    report = (await eventually(whole)).json()
    await mill.set_queue_rate(grok_queue(mill.settings.task_queue), 0)
    braked = (await api_client.get("/api/init")).json()

    assert (report["ok"], report["problems"]) == (True, [])
    assert report["providers"] == {"grok": "simulated", "wavespeed": "simulated"}
    assert report["postgres"]["schemaRevision"]
    assert report["temporal"]["version"]
    assert report["drain"] == report["submissionsHeld"] == {"on": False, "reason": None, "by": None, "since": None}
    assert report["webhooks"] == {"on": False, "publicUrl": None, "secret": "fetched"}
    assert all(queue["pollers"] >= 1 for queue in report["temporal"]["queues"])
    assert [queue["stopped"] for queue in report["temporal"]["queues"]] == [False, False, False]
    assert [queue["stopped"] for queue in braked["temporal"]["queues"]] == [False, True, False]
    assert account not in str(report), "keys are never shown"


async def test_it_is_ready_while_postgres_and_temporal_answer(
    api_client: httpx.AsyncClient, lonely_api: httpx.AsyncClient
) -> None:
    ready, not_ready = await api_client.get("/readyz"), await lonely_api.get("/readyz")

    well = {"ok": True, "postgres": True, "temporal": True, "problems": [], "notes": []}
    lonely = {
        "ok": False,
        "postgres": True,
        "temporal": False,
        "problems": ["Temporal is not responding."],
        "notes": [],
    }
    assert (ready.status_code, ready.json()) == (200, well)
    assert (not_ready.status_code, not_ready.json()) == (503, lonely)


async def test_metrics_tell_requests_by_route_and_jobs_by_status(lonely_api: httpx.AsyncClient) -> None:
    job = await lonely_api.post("/api/jobs/create", json={"model": "a/b", "prompt": "x"})
    await lonely_api.get(job.headers["location"])
    await lonely_api.request("ODD", "/nowhere/17")

    text = (await lonely_api.get("/metrics")).text

    assert 'promptmill_recorded_jobs{status="queued"} 1.0' in text
    assert 'promptmill_http_request_seconds_count{method="GET",route="/api/jobs/{job_id}",status="200"} 1.0' in text
    assert 'promptmill_http_request_seconds_count{method="OTHER",route="(none)",status="404"} 1.0' in text
    assert "/nowhere" not in text


async def test_metrics_say_that_postgres_is_away(lonely_settings: Settings) -> None:
    """A missing gauge looks like no unclear submission, and would silence an alarm."""
    away = SecretStr(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    async with open_api(lonely_settings.model_copy(update={"database_url": away})) as client:
        answer = await client.get("/metrics")
    async with open_api(lonely_settings) as client:
        well = (await client.get("/metrics")).text

    assert answer.status_code == 200
    assert "\npromptmill_postgres_up 0.0\n" in answer.text
    assert 'promptmill_recorded_jobs{status="submit_unknown"} NaN' in answer.text
    assert 'promptmill_recorded_prompt_jobs{status="queued"} NaN' in answer.text
    assert "\npromptmill_postgres_up 1.0\n" in well
    assert 'promptmill_recorded_jobs{status="submit_unknown"} 0.0' in well
    assert "\npromptmill_temporal_up 0.0\n" in well
    assert 'promptmill_brake_on{provider="grok"} NaN' in well


async def test_a_paused_reconciler_is_a_notice_with_its_reason(
    api_client: httpx.AsyncClient, settings: Settings, temporal: Client
) -> None:
    await api_client.post("/api/init")
    schedule = temporal.get_schedule_handle(reconcile_schedule_id(settings.task_queue))

    await schedule.pause(note="new disks")
    paused = (await api_client.get("/api/init")).json()
    await schedule.unpause()
    resumed = (await api_client.get("/api/init")).json()

    [notice] = [each for each in paused["notices"] if "reconciler" in each["title"]]
    assert (notice["title"], notice["tone"]) == ("The reconciler is paused.", "attention")
    assert notice["text"].startswith("new disks. ")
    assert (paused["temporal"]["schedule"]["reason"], paused["temporal"]["schedule"]["late"]) == ("new disks", False)
    assert [each for each in resumed["notices"] if "reconciler" in each["title"]] == []


async def test_a_late_reconciler_is_a_notice_until_a_pass_has_finished(
    settings: Settings, temporal: Client, idle_mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock stands where the new schedule is just late: any pass that finishes is in time."""
    soon = settings.model_copy(update={"reconcile_seconds": 1})
    schedule = temporal.get_schedule_handle(reconcile_schedule_id(settings.task_queue))
    async with open_api(soon) as client:

        async def reported() -> tuple[dict[str, Any], list[str]]:
            report = (await client.get("/api/init")).json()
            return report["temporal"]["schedule"], [each["title"] for each in report["notices"]]

        async def late() -> bool:
            found, titles = await reported()
            return found["late"] is True and "The reconciler is late." in titles

        async def in_time() -> bool:
            found, titles = await reported()
            return found["lastFinishedAt"] is not None and found["late"] is False and "is late" not in str(titles)

        await client.post("/api/init")
        at_first = await reported()
        try:
            made_at = (await schedule.describe()).info.created_at
            limit = timedelta(seconds=soon.reconcile_timeout_seconds + 2 * soon.reconcile_seconds)
            monkeypatch.setattr(reconciler, "now", lambda: made_at + limit + timedelta(milliseconds=1))
            await eventually(late, what="no worker does the passes")
            async with idle_mill.worker():
                await eventually(in_time, what="a worker does them")
        finally:
            await schedule.delete()

    assert (at_first[0]["late"], at_first[0]["lastFinishedAt"]) == (False, None)


async def test_without_temporal_nothing_is_said_of_the_reconciler(lonely_api: httpx.AsyncClient) -> None:
    report = (await lonely_api.get("/api/init")).json()

    assert report["temporal"]["schedule"] is None
    assert [each["title"] for each in report["notices"]] == ["Something is missing."]
