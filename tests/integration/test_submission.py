"""Paid once: the table of responses, with connections really cut, and what each row means for the job."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import ActivityEnvironment

from promptmill.contracts.jobs import Billed
from promptmill.local.ports import free_port
from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from tests.fixtures.mill import PATIENCE, Mill
from tests.support import eventually
from worker.build import build_activities

UNCLEAR: list[tuple[str, dict[str, Any], int]] = [
    ("cut", {}, 0),
    ("cut", {"after": True}, 1),
    ("reset", {}, 0),
    ("reset", {"after": True}, 1),
    ("cut_body", {"after": True}, 1),
    ("status", {"status": 500}, 0),
    ("status", {"status": 502, "after": True}, 1),
    ("status", {"status": 504, "after": True}, 1),
    ("status", {"status": 418}, 0),
    ("html", {"status": 502, "after": True}, 1),
    ("empty", {"status": 200, "after": True}, 1),
    ("not_json", {"status": 200, "after": True}, 1),
    ("no_id", {}, 1),
]


@pytest.mark.parametrize(
    ("kind", "fault", "charged"), UNCLEAR, ids=[f"{k}-{f.get('status', '')}-{c}" for k, f, c in UNCLEAR]
)
async def test_an_unclear_answer_is_never_repeated(mill: Mill, kind: str, fault: dict[str, Any], charged: int) -> None:
    await mill.wavespeed.order("submit", kind, **fault)
    # The history would resolve it immediately; here it shows nothing.
    await mill.wavespeed.order("history", "hidden", times=1000)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "submit_unknown")
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.UNKNOWN
    assert len(await mill.wavespeed.requests("submit")) == 1
    assert len(await mill.wavespeed.charges()) == charged
    [submission] = await mill.store.submissions.of_job(job_id)
    assert submission.state == "unknown"
    assert submission.error
    assert row.reason_code == "submit_unclear"

    async def nothing_is_left_that_could_send_again() -> bool:
        description = await mill.handle(job_id).describe()
        assert description.status is WorkflowExecutionStatus.RUNNING
        pending = {p.activity_type.name for p in description.raw_description.pending_activities}
        return "submit_media" not in pending

    await eventually(nothing_is_left_that_could_send_again)  # the record is written before the activity ends


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"status": 400, "message": "size is invalid"}, "wavespeed_bad_input"),
    ({"status": 401, "message": "unauthorized"}, "wavespeed_bad_key"),
    ({"status": 402, "message": "payment required"}, "wavespeed_no_credit"),
    ({"status": 403, "message": "Insufficient balance, please top up"}, "wavespeed_no_credit"),
    ({"status": 403, "message": "insufficient role", "error_code": "role"}, "wavespeed_forbidden"),
    ({"status": 404, "message": "no such model"}, "wavespeed_unknown_model"),
    ({"status": 413, "message": "too large"}, "wavespeed_bad_input"),
    ({"status": 415, "message": "wrong type"}, "wavespeed_bad_input"),
    ({"status": 422, "message": "wrong form"}, "wavespeed_bad_input"),
    ({"status": 200, "code": 401, "message": "unauthorized"}, "wavespeed_bad_key"),
    ({"status": 200, "code": 400, "message": "prompt is too long"}, "wavespeed_bad_input"),
]


@pytest.mark.parametrize(
    ("fault", "reason"), REFUSED, ids=[f"{f['status']}-{f.get('code', '')}-{r}" for f, r in REFUSED]
)
async def test_a_refusal_fails_the_job_with_wavespeeds_own_words(
    mill: Mill, fault: dict[str, Any], reason: str
) -> None:
    await mill.wavespeed.order("submit", "status", **fault)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "failed")
    assert row.reason_code == reason
    assert fault["message"] in (row.error or "")
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.NO
    assert len(await mill.wavespeed.requests("submit")) == 1
    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.FAILED


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 429, "retry_after": "1"}, {"status": 200, "code": 429}])
async def test_a_rate_limit_is_waited_out_and_makes_one_row_and_one_event(mill: Mill, fault: dict[str, Any]) -> None:
    await mill.wavespeed.order("submit", "status", times=3, **fault)

    job_id = await mill.create()

    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.requests("submit")) == 4
    assert len(await mill.wavespeed.charges()) == 1
    [submission] = await mill.store.submissions.of_job(job_id)
    assert (submission.state, submission.repeats) == ("accepted", 3)
    reasons = [reason for _, reason in await mill.events(job_id)]
    assert reasons.count("wavespeed_rate_limited") == 1


async def test_an_id_counts_whatever_the_codes_say(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "id_with_code", code=500)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "completed")
    assert row.prediction_id == (await mill.wavespeed.charges())[0]["id"]


async def test_held_submissions_wait_and_nothing_is_sent(mill: Mill) -> None:
    await mill.store.operations.hold_submissions("an older backup was restored")
    job_id = await mill.create()

    async def asks_again() -> bool:
        description = await mill.handle(job_id).describe()
        return any(
            "submissions_held" in str(one.last_failure) for one in description.raw_description.pending_activities
        )

    await eventually(asks_again, what="it is told to ask later")

    assert (await mill.job(job_id)).status == "dispatching"
    assert await mill.store.submissions.of_job(job_id) == []
    assert await mill.wavespeed.requests("submit") == []


async def test_the_intent_stands_before_the_post(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hold")
    job_id = await mill.create()
    [request] = await mill.wavespeed.asked("submit")

    [submission] = await mill.store.submissions.of_job(job_id)

    assert submission.state == "intended"
    assert submission.request == request["body"]
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.UNKNOWN
    await mill.wavespeed.release()
    await mill.reaches(job_id, "completed")


async def test_a_stopped_queue_keeps_new_jobs_and_still_collects_what_is_paid(mill: Mill) -> None:
    await mill.wavespeed.set_timing(min_seconds=4, max_seconds=4)
    paid = await mill.create()
    await mill.reaches(paid, "generating")
    queue = f"{mill.settings.task_queue}-wavespeed"

    await mill.set_queue_rate(queue, 0)
    waiting = await mill.create()

    await mill.reaches(paid, "completed")
    assert (await mill.job(waiting)).status == "dispatching"
    assert len(await mill.wavespeed.requests("submit")) == 1
    await mill.set_queue_rate(queue, None)
    await mill.reaches(waiting, "completed")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"word": "failed", "code": 1200, "message": "Content flagged"}, "generation_moderated"),
        ({"word": "failed", "code": 1402, "message": "Failed to download image"}, "generation_input_unreachable"),
        ({"word": "failed", "code": 5000, "message": "internal"}, "generation_unavailable"),
        ({"word": "failed", "message": "internal"}, "generation_failed"),
        ({"word": "cancelled"}, "generation_stopped"),
        ({"word": "timeout"}, "generation_stopped"),
        ({"word": "deleted"}, "generation_stopped"),
    ],
)
async def test_a_prediction_that_ends_badly_fails_the_job(mill: Mill, fault: dict[str, Any], reason: str) -> None:
    await mill.wavespeed.order("submit", "ending", **fault)

    job_id = await mill.create()

    row = await mill.reaches(job_id, "failed")
    assert row.reason_code == reason
    assert (await mill.store.jobs.billed([job_id]))[job_id] is Billed.YES


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("status", {"status": 401}),
        ("status", {"status": 503}),
        ("html", {"status": 502}),
        ("cut", {}),
        ("empty", {"status": 200}),
    ],
)
async def test_reading_goes_on_while_wavespeed_does_not_answer(mill: Mill, kind: str, fault: dict[str, Any]) -> None:
    await mill.wavespeed.order("result", kind, times=3, **fault)

    job_id = await mill.create()

    await mill.reaches(job_id, "completed")
    assert len(await mill.wavespeed.requests("result")) >= 4


async def test_a_young_prediction_that_is_not_found_is_asked_for_again(mill: Mill) -> None:
    await mill.wavespeed.order("result", "status", status=404, times=3)

    job_id = await mill.create()

    await mill.reaches(job_id, "completed")


async def test_a_prediction_that_is_gone_is_believed_after_the_grace(idle_mill: Mill) -> None:
    await idle_mill.wavespeed.order("result", "status", status=404, times=100)
    async with idle_mill.changed(prediction_grace_seconds=0) as mill, mill.worker():
        job_id = await mill.create()

        row = await mill.reaches(job_id, "failed")

    assert row.reason_code == "prediction_gone"


async def test_an_unfinished_status_word_that_nobody_knows_is_waited_out(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "ending", word="polishing")

    job_id = await mill.create()

    await mill.wavespeed.asked("result", 3)
    row = await mill.reaches(job_id, "generating")
    assert row.reason_code is None


async def test_nsfw_flags_are_kept(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "nsfw")

    job_id = await mill.create()

    assert (await mill.reaches(job_id, "completed")).outputs[0]["nsfw"] is True


async def test_a_job_of_another_provider_mode_is_not_paid_for(mill: Mill) -> None:
    job_id = await mill.create(provider_mode="real")

    row = await mill.reaches(job_id, "failed")

    assert row.reason_code == "provider_mode_changed"
    assert await mill.wavespeed.requests("submit") == []


@pytest.mark.parametrize(
    "other",
    [
        {"model": "google/veo3.1-fast"},
        {"input": {"num_images": 999}},
        {"target_url": "https://example.com/a.png"},
        {"prompt": "something dear"},
    ],
    ids=["model", "input", "picture", "prompt"],
)
async def test_what_travels_through_temporal_decides_nothing_that_is_paid(other: dict[str, Any], mill: Mill) -> None:
    """Someone with access to Temporal starts the job's workflow before we do, with a request of their own."""
    job_id = await mill.accept()
    order = job_input(await mill.job(job_id))

    with capture_logs() as lines:
        await mill.resources.starter.start_job(order.model_copy(update=other), patience=PATIENCE)
        row = await mill.reaches(job_id, "failed")

    assert row.reason_code == "request_mismatch"
    assert (await mill.events(job_id))[-1] == ("failed", "request_mismatch")
    [alarm] = [line for line in lines if line["event"] == "submission_refused"]
    assert (alarm["log_level"], alarm["job_id"]) == ("error", str(job_id))
    assert await mill.wavespeed.requests("submit") == []
    assert await mill.wavespeed.charges() == []


async def test_grok_is_asked_what_the_row_asks(idle_mill: Mill) -> None:
    mill = idle_mill
    job_id = await mill.accept(use_ai_prompt=True, instructions="a fox in the snow")
    await mill.store.jobs.begin(job_id)
    prompt_job_id = (await mill.job(job_id)).prompt_job_id
    assert prompt_job_id is not None
    prompt_job = await mill.store.prompts.get(prompt_job_id)
    forged = prompt_request(prompt_job).model_copy(update={"instructions": "a novel of 90,000 words"})

    await ActivityEnvironment().run(build_activities(mill.resources).prompts.write_prompt, forged)

    [asked] = await mill.grok.requests("chat")
    assert "a fox in the snow" in str(asked)
    assert "novel" not in str(asked)


async def test_a_wrong_key_fails_the_job_with_the_settings_name_and_others_go_on(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "status", status=401, message="invalid key", times=1)

    first = await mill.create()
    await mill.reaches(first, "failed")
    second = await mill.create()

    await mill.reaches(second, "completed")


async def test_wavespeed_unreachable_is_tried_again_and_nothing_is_unclear(idle_mill: Mill) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with idle_mill.changed(wavespeed_api_base=nobody) as away, away.worker():
        job_id = await away.create()
        await eventually(lambda: _rejected(away, job_id))
        assert (await away.job(job_id)).status == "dispatching"
        [submission] = await away.store.submissions.of_job(job_id)
        assert submission.reason_code == "wavespeed_unreachable"
    async with idle_mill.worker():
        await idle_mill.reaches(job_id, "completed")
    assert len(await idle_mill.wavespeed.charges()) == 1


async def _rejected(mill: Mill, job_id: Any) -> bool:
    return any(s.state == "rejected" for s in await mill.store.submissions.of_job(job_id))
