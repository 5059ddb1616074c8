"""What arrives after a job's end, or while nobody is listening, is attached, and changes no final status."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
import uuid_utils.compat as uuid_versions
from temporalio.testing import ActivityEnvironment

from activities.submission import request_hash
from promptmill.config.presets import compose_request
from promptmill.contracts.jobs import Billed, MediaRequest, ProviderMode
from promptmill.contracts.names import job_workflow_id
from promptmill.contracts.resolution import Decision
from promptmill.contracts.store import Permission, SubmissionIntent
from promptmill.local.temporal import TemporalServer
from promptmill.metrics import PROCESS
from promptmill.providers.wavespeed.client import boottime
from promptmill.store.jobs import job_input
from tests.fixtures.mill import Mill
from tests.fixtures.unclear import submission_of
from tests.local_servers import terminate_workflow
from tests.simulator_control import SimulatorControl
from tests.support import eventually
from worker.build import build_activities

End = Callable[[Mill, UUID, TemporalServer], Awaitable[str]]


async def by_cancel(mill: Mill, job_id: UUID, _: TemporalServer) -> str:
    await mill.cancel(job_id)
    return "cancelled"


async def by_deadline(mill: Mill, job_id: UUID, _: TemporalServer) -> str:
    await mill.reaches(job_id, "expired")
    return "expired"


async def by_termination(mill: Mill, job_id: UUID, server: TemporalServer) -> str:
    await terminate(mill, job_id, server)
    await mill.reconcile()
    return "terminated"


async def terminate(mill: Mill, job_id: UUID, server: TemporalServer) -> None:
    terminate_workflow(server, job_workflow_id(job_id))
    await mill.closes(mill.handle(job_id))


def late_media() -> float:
    return PROCESS.get_sample_value("promptmill_late_answers_total", {"provider": "wavespeed"}) or 0


@pytest.mark.parametrize("end", [by_cancel, by_deadline, by_termination])
async def test_media_that_comes_after_the_end_is_attached_and_the_status_stays(
    mill: Mill, wavespeed_control: SimulatorControl, temporal_server: TemporalServer, end: End
) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create(generate_timeout_seconds=5 if end is by_deadline else 600)
    prediction_id = (await mill.reaches(job_id, "generating")).prediction_id
    assert prediction_id
    ended = await end(mill, job_id, temporal_server)
    await mill.reaches(job_id, ended)
    await mill.closes(mill.handle(job_id))
    assert (await mill.job(job_id)).outputs == []

    counted = late_media()
    await wavespeed_control.end(prediction_id)
    await due(mill)
    report = await mill.reconcile()

    row = await mill.job(job_id)
    assert report.attached == late_media() - counted == 1
    assert (row.status, row.prediction_id) == (ended, prediction_id)
    assert [output["url"] for output in row.outputs]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES
    assert (await mill.store.jobs.events(job_id))[-1].detail["facts"] == ["outputs"]
    assert (await mill.reconcile()).attached == 0, "once"


async def test_media_that_is_not_there_yet_is_asked_for_ever_more_rarely(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")
    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")

    passes = [await mill.reconcile() for _ in range(3)]

    assert [one.attached for one in passes] == [0, 0, 0]
    looks = [row.looks for row in await mill.store.submissions.of_job(job_id)]
    assert looks == [1], "the next look is due in a minute"


@pytest.mark.parametrize("status", ["failed", "deleted"])
async def test_a_prediction_that_wavespeed_gave_up_is_asked_for_no_more(
    mill: Mill, wavespeed_control: SimulatorControl, status: str
) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    prediction_id = (await mill.reaches(job_id, "generating")).prediction_id
    assert prediction_id
    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")
    await wavespeed_control.end(prediction_id, status=status)

    await mill.reconcile()
    asked = len(await mill.wavespeed.requests("result"))
    await due(mill)
    await mill.reconcile()

    assert len(await mill.wavespeed.requests("result")) == asked
    assert (await mill.job(job_id)).status == "cancelled"


async def test_wavespeed_away_does_not_stop_a_pass(mill: Mill, wavespeed_control: SimulatorControl) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    prediction_id = (await mill.reaches(job_id, "generating")).prediction_id
    assert prediction_id
    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")
    await wavespeed_control.end(prediction_id)
    await mill.wavespeed.order("result", "html", status=502)

    assert (await mill.reconcile()).attached == 0
    await due(mill)
    assert (await mill.reconcile()).attached == 1


async def test_a_job_cancelled_while_unclear_still_learns_what_was_made_and_gets_its_media(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    await mill.cancel(job_id)
    await mill.reaches(job_id, "cancelled")
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.UNKNOWN
    await mill.wavespeed.clear()

    report = await mill.reconcile()

    row = await mill.job(job_id)
    [charge] = await mill.wavespeed.charges()
    # The workflow's last read may have found it just before; the pass attaches the media in any case.
    assert report.attached == 1
    assert (row.status, row.prediction_id, len(row.outputs)) == ("cancelled", charge["id"], 1)
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


@pytest.mark.parametrize("decision", [Decision.ABANDON, Decision.RESUBMIT])
async def test_what_a_person_gave_up_is_still_looked_for_and_known_as_a_candidate(
    mill: Mill, decision: Decision
) -> None:
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "hidden", times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    [made] = await mill.wavespeed.charges()
    await mill.decide(job_id, decision)
    await mill.reaches(job_id, "failed" if decision is Decision.ABANDON else "completed")
    await mill.wavespeed.clear()

    await mill.reconcile()

    given_up = (await mill.store.submissions.of_job(job_id))[0]
    assert (given_up.state, given_up.prediction_id) == ("superseded", None)
    assert given_up.candidates == [made["id"]]
    looks = len(await mill.wavespeed.requests("history"))
    await due(mill)
    report = await mill.reconcile()
    assert len(await mill.wavespeed.requests("history")) > looks, "a candidate may be another's: ours may come later"
    assert report.resolved == 0, "a person has decided"


async def test_the_stale_intent_of_a_terminated_job_is_turned_and_resolved(
    idle_mill: Mill, temporal_server: TemporalServer
) -> None:
    """Its worker died between the POST and the report, and then an operator terminated the workflow."""
    mill = idle_mill
    async with mill.worker_of("workflows"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        prediction_id = await post_and_die(mill, job_id)
        await terminate(mill, job_id, temporal_server)
        await mill.reconcile()
        assert (await submission_of(mill, job_id)).state == "intended", "its sender may still report"

        await mill.store.resolution.mark_stale_intents_unknown(after=timedelta(minutes=-1))
        report = await mill.reconcile()

    row = await mill.job(job_id)
    assert report.resolved == 1
    assert (row.status, row.prediction_id) == ("terminated", prediction_id)
    assert row.outputs
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


async def test_an_intent_is_stale_a_quarter_of_an_hour_after_its_last_moment(
    idle_mill: Mill, temporal_server: TemporalServer
) -> None:
    mill = idle_mill
    async with mill.worker_of("workflows"):
        job_id = await mill.create()
        await mill.reaches(job_id, "dispatching")
        await post_and_die(mill, job_id)
        await terminate(mill, job_id, temporal_server)
        await mill.sql("UPDATE submissions SET post_before = now() - interval '14 minutes'")
        await mill.reconcile()
        assert (await submission_of(mill, job_id)).state == "intended"
        await mill.sql("UPDATE submissions SET post_before = now() - interval '16 minutes'")

        await mill.reconcile()

    assert (await submission_of(mill, job_id)).state in {"unknown", "accepted"}


async def post_and_die(mill: Mill, job_id: UUID) -> str:
    """Do what a worker does up to the POST's response, without reporting it; return the prediction's id."""
    row = await mill.job(job_id)
    body = compose_request(row.model, row.input, row.prompt or "", 12345)
    client = mill.resources.wavespeed
    permit = await mill.store.submissions.permit(
        SubmissionIntent(
            job_id=job_id,
            submission_id=uuid_versions.uuid7(),
            callback_token="token-of-a-dead-worker",
            model=row.model,
            prompt=row.prompt or "",
            input=row.input,
            target_url=row.target_url,
            ref_urls=tuple(row.ref_urls),
            request=body,
            request_hash=request_hash(row.model, body),
            provider_mode=ProviderMode.SIMULATED,
            provider_base=client.base,
            key_fingerprint=client.key_fingerprint,
            post_within_seconds=20,
            slowest=10,
            per_second=10,
            unknown_price_usd=Decimal(5),
        )
    )
    assert permit.permission is Permission.POST
    return await client.submit(row.model, body, post_by=boottime() + 20)


async def due(mill: Mill) -> None:
    """Make every late check due again."""
    await mill.sql("UPDATE submissions SET looked_at = looked_at - interval '2 hours'")


async def webhook(mill: Mill, job_id: UUID, **body: Any) -> str:
    """Store a webhook as the API does, without signalling a workflow: Temporal is unavailable. Return its event id."""
    submission = await submission_of(mill, job_id)
    event_id = str(uuid_versions.uuid7())
    received = await mill.store.inbox.receive(
        event_id=event_id, job_id=job_id, token=submission.callback_token, body=body
    )
    assert received.token_ok
    return event_id


async def test_a_webhook_that_nobody_heard_is_delivered_by_the_reconciler(idle_mill: Mill) -> None:
    """Of a prediction that no reader knows, so that only its workflow can read it."""
    async with idle_mill.changed(public_url="http://127.0.0.1:9", poll_after_seconds=3600) as mill, mill.worker():
        job_id = await mill.create()
        prediction_id = (await mill.reaches(job_id, "generating")).prediction_id
        await mill.sql("DELETE FROM readings")
        await webhook(mill, job_id, id=prediction_id, status="completed")

        report = await mill.reconcile()

        await mill.reaches(job_id, "completed")
        assert report.delivered == 1
        assert (await mill.reconcile()).delivered == 0


async def test_a_webhook_of_an_ended_job_is_done_with_and_its_media_is_read(idle_mill: Mill) -> None:
    """The POST's response was lost, the job was cancelled, and then the webhook reports what was generated."""
    async with idle_mill.changed(public_url="http://127.0.0.1:9") as mill, mill.worker():
        await mill.wavespeed.order("submit", "cut", after=True)
        await mill.wavespeed.order("history", "hidden", times=1000)
        job_id = await mill.create()
        await mill.reaches(job_id, "submit_unknown")
        await mill.cancel(job_id)
        await mill.reaches(job_id, "cancelled")
        await mill.closes(mill.handle(job_id))
        [charge] = await mill.wavespeed.charges()
        await webhook(mill, job_id, id=charge["id"], status="completed")

        report = await mill.reconcile()

        row = await mill.job(job_id)
        assert (report.delivered, report.attached) == (1, 1)
        assert (row.status, row.prediction_id) == ("cancelled", charge["id"])
        assert (await submission_of(mill, job_id)).resolved_by == "webhook"


async def test_a_webhook_faster_than_the_posts_lost_answer_settles_the_submission(idle_mill: Mill) -> None:
    async with idle_mill.changed(public_url="http://127.0.0.1:9", poll_after_seconds=0.1) as mill, mill.worker():
        await mill.wavespeed.order("submit", "hold", after=True)
        job_id = await mill.create()
        [request] = await mill.wavespeed.asked("submit")
        [charge] = await eventually(mill.wavespeed.charges)
        await webhook(mill, job_id, id=charge["id"], status="completed")

        await mill.wavespeed.release("cut")

        row = await mill.reaches(job_id, "completed")
        assert row.prediction_id == charge["id"]
        assert "submit_unknown" not in {status for status, _ in await mill.events(job_id)}
        submission = await submission_of(mill, job_id)
        ordered = f"http://127.0.0.1:9/api/webhooks/wavespeed/{job_id}?token={submission.callback_token}"
        assert parse_qs(request["query"]) == {"webhook": [ordered]}


async def test_a_sender_whose_answer_was_lost_tells_what_a_webhook_said(mill: Mill) -> None:
    job_id = await mill.accept()
    await mill.store.jobs.begin(job_id)
    await mill.wavespeed.order("submit", "hold", after=True)
    order = job_input(await mill.job(job_id))
    request = MediaRequest.built_from(order, known_submission=None)
    submitting = asyncio.create_task(
        ActivityEnvironment().run(build_activities(mill.resources).media.submit_media, request)
    )
    await mill.wavespeed.asked("submit")
    [charge] = await eventually(mill.wavespeed.charges)
    await webhook(mill, job_id, id=charge["id"], status="completed")
    await mill.wavespeed.release("cut")

    result = await submitting

    assert (result.state, result.prediction_id) == ("accepted", charge["id"])
    assert result.accepted_at


async def test_with_a_webhook_ordered_the_result_is_asked_for_only_after_a_while(idle_mill: Mill) -> None:
    async with idle_mill.changed(public_url="http://127.0.0.1:9", poll_after_seconds=1) as mill, mill.worker():
        job_id = await mill.create()
        await mill.reaches(job_id, "generating")

        assert await mill.wavespeed.requests("result") == []
        await mill.reaches(job_id, "completed")


async def test_a_webhook_turns_an_inferred_prediction_over_to_its_owner(
    idle_mill: Mill, wavespeed_control: SimulatorControl
) -> None:
    """The history gave a prediction to the wrong one of two identical jobs; the webhook's token says whose it is."""
    async with idle_mill.changed(public_url="http://127.0.0.1:9") as mill, mill.worker():
        await mill.wavespeed.order("submit", "never")
        await mill.wavespeed.order("submit", "cut", after=True)
        wrong = await mill.create(prompt="A hare", input={"seed": 7})
        theirs = (await mill.reaches(wrong, "generating")).prediction_id
        assert theirs
        assert (await submission_of(mill, wrong)).resolved_by == "history"
        await mill.wavespeed.order("history", "hidden", times=1000)
        await mill.wavespeed.order("submit", "cut")
        right = await mill.create(prompt="A hare", input={"seed": 7})
        await mill.reaches(right, "submit_unknown")

        await webhook(mill, right, id=theirs, status="completed")

        assert (await mill.reaches(right, "generating")).prediction_id == theirs
        assert (await mill.reaches(wrong, "submit_unknown")).prediction_id is None
        await wavespeed_control.end(theirs)
        assert (await mill.reaches(right, "completed")).outputs
        await eventually(lambda: looks_in_history(mill, wrong), what="it is looked for again")
        row = await mill.job(wrong)
        assert (row.status, row.outputs) == ("submit_unknown", []), "nothing of another job's media stands here"


async def looks_in_history(mill: Mill, job_id: UUID) -> bool:
    description = await mill.handle(job_id).describe()
    pending = description.raw_description.pending_activities
    return [one.activity_type.name for one in pending] == ["resolve_submission"]
