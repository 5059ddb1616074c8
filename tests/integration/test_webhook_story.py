"""WaveSpeed's simulator really calls the API: what each kind of delivery, good or bad, means for a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.local.ports import free_port
from tests.fixtures.api import open_api
from tests.fixtures.webhooks import Called, OpenCalled, signed
from tests.support import eventually


async def submission_of(called: Called, job_id: UUID) -> Any:
    return (await called.mill.store.submissions.of_job(job_id))[-1]


async def acceptances(called: Called, job_id: UUID) -> int:
    """How often the timeline says that WaveSpeed accepted it."""
    events = await called.mill.store.jobs.events(job_id)
    return sum(event.detail.get("submissionState") == "accepted" for event in events)


async def test_a_job_completes_by_its_webhook_and_is_read_once(called: Called) -> None:
    await called.mill.wavespeed.set_timing(min_seconds=1, max_seconds=1)
    job_id = await called.mill.create()

    await called.mill.reaches(job_id, "completed")

    assert await called.deliveries() == [200]
    assert len(await called.mill.wavespeed.requests("result")) == 1, "no poll: the webhook said when"
    assert await called.mill.store.inbox.unprocessed(10) == []
    assert len(await called.mill.wavespeed.requests("secret")) == 1


async def test_the_secret_is_fetched_once(called: Called) -> None:
    for _ in range(3):
        await called.mill.reaches(await called.mill.create(), "completed")

    assert await called.deliveries() == [200] * 3
    assert len(await called.mill.wavespeed.requests("secret")) == 1


async def test_a_lost_webhook_is_made_up_for_by_asking(open_called: OpenCalled) -> None:
    async with open_called(poll_after_seconds=1.0) as called:
        await called.mill.wavespeed.order("webhook", "lost")
        job_id = await called.mill.create()

        await called.mill.reaches(job_id, "completed")

        assert await called.deliveries() == []


async def test_a_webhook_before_the_answer_is_right_and_the_answer_changes_nothing(called: Called) -> None:
    await called.mill.wavespeed.order("webhook", "early")
    job_id = await called.mill.create()

    await called.mill.reaches(job_id, "completed")

    submission = await submission_of(called, job_id)
    assert (submission.state, len(await called.mill.wavespeed.charges())) == ("accepted", 1)
    assert await acceptances(called, job_id) == 1
    assert "submit_unknown" not in [status for status, _ in await called.mill.events(job_id)]


async def test_a_webhook_before_a_lost_answer_leaves_nothing_unclear(called: Called) -> None:
    await called.mill.wavespeed.order("webhook", "early")
    await called.mill.wavespeed.order("submit", "cut", after=True)
    job_id = await called.mill.create()

    row = await called.mill.reaches(job_id, "completed")

    [charge] = await called.mill.wavespeed.charges()
    assert row.prediction_id == charge["id"]
    assert len(await called.mill.wavespeed.requests("submit")) == 1
    assert "submit_unknown" not in [status for status, _ in await called.mill.events(job_id)]


async def test_a_webhook_resolves_what_was_unclear(called: Called) -> None:
    await called.mill.wavespeed.set_timing(min_seconds=4, max_seconds=4)
    await called.mill.wavespeed.order("submit", "cut", after=True)
    await called.mill.wavespeed.order("history", "status", status=500, times=100)
    job_id = await called.mill.create()
    await called.mill.reaches(job_id, "submit_unknown")

    row = await called.mill.reaches(job_id, "completed")

    [charge] = await called.mill.wavespeed.charges()
    submission = await submission_of(called, job_id)
    assert (row.prediction_id, submission.resolved_by) == (charge["id"], "webhook")
    texts = [event["text"] for event in (await called.client.get(f"/api/jobs/{job_id}/events")).json()["items"]]
    assert "WaveSpeed's webhook confirmed the submission." in texts


async def test_a_doubled_webhook_is_one(called: Called) -> None:
    await called.mill.wavespeed.order("webhook", "duplicate")
    job_id = await called.mill.create()

    await called.mill.reaches(job_id, "completed")
    await called.delivered(200, 200)

    assert await acceptances(called, job_id) == 1
    assert len(await called.mill.wavespeed.requests("result")) == 1


@pytest.mark.parametrize("fault", ["wrong_signature", "old_timestamp"])
async def test_a_forged_or_old_webhook_is_nothing(open_called: OpenCalled, fault: str) -> None:
    async with open_called(poll_after_seconds=6.0) as called:
        await called.mill.wavespeed.set_timing(webhook_backoff_seconds=0.01)
        await called.mill.wavespeed.order("webhook", fault)
        job_id = await called.mill.create()

        await called.delivered(401, 401, 401, 401)
        assert (await called.mill.job(job_id)).status == "generating"
        assert await called.mill.store.inbox.unprocessed(10) == []
        await called.mill.reaches(job_id, "completed")


async def test_a_cancel_says_what_was_paid_and_the_media_comes_all_the_same(called: Called) -> None:
    await called.mill.wavespeed.order("submit", "never")
    job_id = await called.mill.create()
    await called.mill.reaches(job_id, "generating")
    await eventually(lambda: priced(called, job_id), what="the price is noted")

    answer = (await called.client.delete(f"/api/jobs/{job_id}")).json()
    await called.mill.reaches(job_id, "cancelled")
    await end(called, job_id)
    await called.delivered(200)

    assert (answer["billed"], answer["mediaCostUsd"] > 0) == ("yes", True)
    assert answer["statusText"].startswith("Being cancelled. Charged so far: WaveSpeed $0.0")
    assert await with_media(called, job_id) == "cancelled"


async def test_media_after_the_deadline_is_attached(called: Called) -> None:
    await called.mill.wavespeed.order("submit", "never")
    job_id = await called.mill.create(deadline_seconds=5)
    await called.mill.reaches(job_id, "expired")

    await end(called, job_id)
    await called.delivered(200)

    assert await with_media(called, job_id) == "expired"


async def test_a_webhook_for_an_ended_workflow_is_taken_and_the_media_attached(called: Called) -> None:
    await called.mill.wavespeed.order("submit", "never")
    job_id = await called.mill.create()
    await called.mill.reaches(job_id, "generating")

    await called.mill.handle(job_id).terminate("a test")
    await called.mill.reconcile()
    await end(called, job_id)
    await called.delivered(200)

    assert await with_media(called, job_id) == "terminated"
    assert await called.mill.store.inbox.unprocessed(10) == []


async def test_a_webhook_is_heard_though_the_api_cannot_reach_temporal(open_called: OpenCalled) -> None:
    """It makes the reading due; the API has nothing to signal."""
    nowhere = {"temporal": {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}}
    async with open_called(api=nowhere) as called:
        job_id = await called.mill.create()
        await called.delivered(200)

        await called.mill.reaches(job_id, "completed")
        assert await called.mill.store.inbox.unprocessed(10) == []


async def test_a_webhook_of_an_unclear_submission_waits_in_the_inbox_while_temporal_is_away(
    open_called: OpenCalled,
) -> None:
    nowhere = {"temporal": {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}}
    async with open_called(api=nowhere) as called, open_api(called.mill.settings) as seeing:
        await called.mill.wavespeed.order("submit", "cut", after=True)
        await called.mill.wavespeed.order("history", "hidden", times=1000)
        await called.mill.wavespeed.order("webhook", "late", seconds=5)
        job_id = await called.mill.create()
        await called.mill.reaches(job_id, "submit_unknown")
        await called.delivered(200)
        [waiting] = await called.mill.store.inbox.unprocessed(10)
        report = (await seeing.post("/api/cron/prompt-processor")).json()

        await called.mill.reaches(job_id, "completed")

    assert (waiting.job_id, report["delivered"]) == (job_id, 1)


async def test_webhooks_of_two_submissions_may_come_in_the_wrong_order(called: Called) -> None:
    """A person abandoned the first submission; its webhook arrives after the second one has produced the media."""
    await called.mill.wavespeed.order("webhook", "late", seconds=4)
    await called.mill.wavespeed.order("submit", "cut", after=True)
    await called.mill.wavespeed.order("history", "status", status=500, times=100)
    job_id = await called.mill.create()
    await called.mill.reaches(job_id, "submit_unknown")

    decided = await called.client.post(f"/api/jobs/{job_id}/resolve", json={"decision": "resubmit"})
    completed = await called.mill.reaches(job_id, "completed")
    await called.delivered(200, 200)

    assert decided.status_code == 200, decided.text
    first, second = await called.mill.store.submissions.of_job(job_id)
    charged = [charge["id"] for charge in await called.mill.wavespeed.charges()]
    assert [first.prediction_id, second.prediction_id] == charged
    assert (first.state, second.state, completed.prediction_id) == ("superseded", "accepted", charged[1])
    assert (await called.mill.job(job_id)).status == "completed"


async def test_one_jobs_token_says_nothing_about_another(called: Called) -> None:
    """The address of one job's webhook with another job's id: signed by WaveSpeed, and refused."""
    await called.mill.wavespeed.order("submit", "never", times=2)
    one, other = [await called.mill.create() for _ in range(2)]
    for job_id in (one, other):
        await called.mill.reaches(job_id, "generating")
    token = (await submission_of(called, one)).callback_token
    stolen = await replayed(called, f"/api/webhooks/wavespeed/{other}?token={token}")

    assert stolen.status_code == 401
    assert (await called.mill.job(other)).status == "generating"


async def replayed(called: Called, path: str) -> httpx.Response:
    """Send a delivery to another address, signed with the account's own secret."""
    secret = (await called.mill.resources.account.webhook_secret()).get_secret_value()
    body = b'{"id": "stolen", "status": "completed"}'
    return await called.client.post(path, content=body, headers=signed(body, event_id="stolen", secret=secret))


async def end(called: Called, job_id: UUID) -> None:
    """WaveSpeed: complete the job's prediction now, and call."""
    await called.mill.wavespeed.end((await submission_of(called, job_id)).prediction_id)


async def priced(called: Called, job_id: UUID) -> bool:
    return (await called.job(job_id))["mediaCostUsd"] is not None


async def with_media(called: Called, job_id: UUID) -> str:
    """Let the reconciler run until the job has its media, and return its status then."""

    async def attached() -> str | None:
        await called.mill.sql("UPDATE submissions SET looked_at = NULL")
        await called.reconcile()
        job = await called.job(job_id)
        return str(job["status"]) if job["outputs"] else None

    return await eventually(attached, what="the media is attached")
