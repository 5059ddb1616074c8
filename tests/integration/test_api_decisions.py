"""Retrying and resolving over HTTP: every documented response, with the record alone and with a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus, SubmissionState
from promptmill.contracts.names import DECIDE_SUBMISSION
from promptmill.contracts.store import SubmissionOutcome
from promptmill.store import Store
from tests.fixtures.mill import Mill, new_job
from tests.fixtures.webhooks import Ordered, ordered
from tests.support import eventually

UNKNOWN = "01900000-0000-7000-8000-000000000000"
PREDICTION = "e6832d4abffb4d79bfbca19783fca133"


@dataclass(frozen=True)
class Office:
    """An API whose Temporal is unavailable, and jobs put into the state that a test needs."""

    client: httpx.AsyncClient
    store: Store
    settings: Settings

    async def accept(self, **fields: Any) -> UUID:
        job, _ = await self.store.jobs.accept(new_job(self.settings, **fields))
        return job.id

    async def unclear(self, **fields: Any) -> Ordered:
        """Return a job whose POST got no clear response."""
        order = await ordered(self.store, await self.accept(**fields))
        await self.settle(order, SubmissionState.UNKNOWN)
        return order

    async def settle(self, order: Ordered, state: SubmissionState, prediction_id: str | None = None) -> None:
        outcome = SubmissionOutcome(
            submission_id=order.submission.submission_id,
            job_id=order.job_id,
            state=state,
            prediction_id=prediction_id,
            reason_code="submit_unclear" if state is SubmissionState.UNKNOWN else None,
        )
        await self.store.submissions.settle(outcome)

    async def end(self, job_id: UUID, status: JobStatus = JobStatus.FAILED) -> None:
        await self.store.jobs.begin(job_id)
        row = await self.store.jobs.advance(JobChange(job_id=job_id, status=status))
        assert row.status is status

    async def ask(self, job_id: UUID | str, what: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        if body is None:
            return await self.client.post(f"/api/jobs/{job_id}/{what}", headers=headers)
        return await self.client.post(f"/api/jobs/{job_id}/{what}", json=body, headers=headers)

    async def job(self, job_id: UUID | str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.get(f"/api/jobs/{job_id}")).raise_for_status().json()
        return answer

    async def texts(self, job_id: UUID | str) -> list[str]:
        return [event["text"] for event in (await self.client.get(f"/api/jobs/{job_id}/events")).json()["items"]]


@pytest.fixture
async def office(lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings) -> Office:
    return Office(lonely_api, store, lonely_settings)


# -- retry


async def test_an_ended_job_is_tried_anew_from_the_same_request(office: Office) -> None:
    fields = {"priority": 9, "metadata": {"order": "17"}, "input": {"size": "64*64", "seed": 3}, "deadline_seconds": 99}
    job_id = await office.accept(prompt="a lighthouse", **fields)
    await office.end(job_id)
    before = await office.job(job_id)

    answer = await office.ask(job_id, "retry")
    new = answer.json()

    assert answer.status_code == 202
    assert answer.headers["location"] == new["links"]["self"] == f"/api/jobs/{new['jobId']}"
    assert new["retryOf"] == str(job_id) != new["jobId"]
    assert {name: new[name] for name in ("model", "input", "prompt", "priority", "metadata", "status", "billed")} == {
        "model": before["model"],
        "input": fields["input"],
        "prompt": "a lighthouse",
        "priority": 9,
        "metadata": {"order": "17"},
        "status": "queued",
        "billed": "no",
    }
    assert new["deadlineAt"] > before["deadlineAt"]
    assert await office.job(job_id) == before, "the old one is left as it is"


async def test_a_retry_has_its_prompt_written_anew(office: Office) -> None:
    job_id = await office.accept(use_ai_prompt=True)
    await office.end(job_id, JobStatus.CANCELLED)
    new = (await office.ask(job_id, "retry", {})).json()
    prompt_job = (await office.client.get(f"/api/prompt/queue/{new['promptJobId']}")).json()

    assert new["promptJobId"] != (await office.job(job_id))["promptJobId"]
    assert (prompt_job["jobId"], prompt_job["status"]) == (new["jobId"], "queued")


async def test_an_open_job_is_not_retried(office: Office) -> None:
    answer = await office.ask(await office.accept(), "retry", {"force": True})

    assert (answer.status_code, answer.json()["code"]) == (409, "job_open")


async def test_a_second_retry_waits_for_the_first(office: Office) -> None:
    job_id = await office.accept()
    await office.end(job_id)
    first = (await office.ask(job_id, "retry")).json()["jobId"]
    refused = await office.ask(job_id, "retry", {"force": True})
    await office.end(UUID(first))
    of_the_old, of_the_new = await office.ask(job_id, "retry"), await office.ask(first, "retry")

    assert (refused.status_code, refused.json()["code"]) == (409, "retry_open")
    assert of_the_old.status_code == 202
    assert (of_the_new.status_code, of_the_new.json()["code"]) == (409, "retry_open"), "the whole chain counts"


async def test_what_may_be_billed_is_retried_by_force_alone_and_that_is_recorded(office: Office) -> None:
    order = await office.unclear()
    await office.client.delete(f"/api/jobs/{order.job_id}")
    await office.end(order.job_id, JobStatus.CANCELLED)

    refused = await office.ask(order.job_id, "retry")
    forced = await office.ask(order.job_id, "retry", {"force": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "may_be_billed")
    assert "force" in refused.json()["detail"]
    assert forced.status_code == 202
    new_id = forced.json()["jobId"]
    assert f"Retried as job {new_id}, although a submission of this one may be billed." in await office.texts(
        order.job_id
    )
    assert f"Retries job {order.job_id}, although a submission of that one may be billed." in await office.texts(new_id)


async def test_retrying_twice_with_a_key_is_retrying_once(office: Office) -> None:
    job_id = await office.accept()
    await office.end(job_id)

    first = await office.ask(job_id, "retry", key="k")
    again = await office.ask(job_id, "retry", {}, key="k")
    other_body = await office.ask(job_id, "retry", {"force": True}, key="k")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["jobId"] == first.json()["jobId"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")


# -- resolve


async def test_an_unclear_job_explains_itself_and_shows_its_candidates(office: Office) -> None:
    order = await office.unclear()
    searched = await office.job(order.job_id)
    await office.store.resolution.note_candidates(order.submission.submission_id, [PREDICTION, "p-other"])
    found = await office.job(order.job_id)
    listed = (await office.client.get("/api/jobs")).json()["items"][0]

    assert (searched["status"], searched["billed"], searched["candidates"]) == ("submit_unknown", "unknown", [])
    assert searched["wait"]["for"] == "operator"
    assert searched["statusText"] == (
        "It is unclear whether WaveSpeed accepted it; it is not resubmitted automatically. "
        "WaveSpeed's history is being searched."
    )
    assert found["candidates"] == sorted([PREDICTION, "p-other"])
    assert found["statusText"].endswith("2 predictions in WaveSpeed's history may match: a person must decide.")
    assert found["links"]["resolve"] == f"/api/jobs/{order.job_id}/resolve"
    assert (listed["candidates"], listed["links"]["resolve"]) == (None, found["links"]["resolve"])


async def test_a_person_adopts_a_prediction(office: Office) -> None:
    order = await office.unclear(deadline_seconds=500)
    before = await office.job(order.job_id)
    answer = await office.ask(order.job_id, "resolve", {"decision": "adopt", "predictionId": PREDICTION})
    job = answer.json()

    assert answer.status_code == 200
    assert (job["status"], job["predictionId"], job["billed"]) == ("generating", PREDICTION, "yes")
    assert (job["candidates"], job["links"]["resolve"]) == (None, None)
    assert job["deadlineAt"] > before["deadlineAt"], "adopting starts a new deadline"
    assert "A person identified the prediction." in await office.texts(order.job_id)


async def test_a_prediction_of_another_job_is_never_adopted(office: Office) -> None:
    owner = await ordered(office.store, await office.accept(), prediction_id=PREDICTION)
    order = await office.unclear()

    answer = await office.ask(order.job_id, "resolve", {"decision": "adopt", "predictionId": PREDICTION})

    assert (answer.status_code, answer.json()["code"]) == (409, "prediction_owned")
    assert (await office.job(order.job_id))["status"] == "submit_unknown"
    assert (await office.job(owner.job_id))["predictionId"] == PREDICTION


async def test_a_person_gives_a_job_up(office: Office) -> None:
    order = await office.unclear()

    answer = await office.ask(order.job_id, "resolve", {"decision": "abandon"})
    job = answer.json()

    assert (answer.status_code, job["status"]) == (200, "failed")
    assert job["error"]["reasonCode"] == "submission_abandoned"
    assert job["links"]["retry"] == f"/api/jobs/{order.job_id}/retry"
    assert "The unclear submission was abandoned." in await office.texts(order.job_id)


async def test_a_person_has_it_submitted_again(office: Office) -> None:
    order = await office.unclear()

    answer = await office.ask(order.job_id, "resolve", {"decision": "resubmit"})

    assert (answer.status_code, answer.json()["status"]) == (200, "submit_unknown")
    assert answer.json()["statusText"] == "The earlier submission is resolved; the job will be resubmitted."
    assert "A person decided to resubmit the job." in await office.texts(order.job_id)
    [submission] = await office.store.submissions.of_job(order.job_id)
    assert (submission.state, submission.resolved_by) == ("superseded", "person")


async def test_in_any_other_state_there_is_nothing_to_decide(office: Office) -> None:
    queued, ended = await office.accept(), await office.accept()
    await office.end(ended)
    paid = (await ordered(office.store, await office.accept(), prediction_id="p-1")).job_id

    decisions = ({"decision": "resubmit"}, {"decision": "abandon"}, {"decision": "adopt", "predictionId": PREDICTION})
    for job_id in (queued, ended, paid):
        for body in decisions:
            answer = await office.ask(job_id, "resolve", body)
            assert (answer.status_code, answer.json()["code"]) == (409, "not_unclear")
            assert "retry-after" not in answer.headers, "asking again changes nothing"


async def test_deciding_twice_with_a_key_is_deciding_once(office: Office) -> None:
    order = await office.unclear()
    body = {"decision": "adopt", "predictionId": PREDICTION}

    first = await office.ask(order.job_id, "resolve", body, key="k")
    again = await office.ask(order.job_id, "resolve", body, key="k")
    without = await office.ask(order.job_id, "resolve", body)

    assert (first.status_code, again.status_code, without.status_code) == (200, 200, 409)
    assert again.json()["predictionId"] == PREDICTION
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/decision"),
        ({"decision": "pay"}, "/decision"),
        ({"decision": "adopt"}, "/predictionId"),
        ({"decision": "adopt", "predictionId": None}, "/predictionId"),
        ({"decision": "adopt", "predictionId": "../delete"}, "/predictionId"),
        ({"decision": "adopt", "predictionId": "x" * 129}, "/predictionId"),
        ({"decision": "adopt", "predictionId": "short"}, "/predictionId"),
        ({"decision": "adopt", "predictionId": f"{PREDICTION}\n"}, "/predictionId"),
        ({"decision": "abandon", "predictionId": PREDICTION}, "/predictionId"),
        ({"decision": "abandon", "predictionID": PREDICTION}, "/predictionID"),
    ],
)
async def test_a_decision_that_is_none_is_refused(office: Office, body: dict[str, Any], pointer: str) -> None:
    order = await office.unclear()

    answer = await office.ask(order.job_id, "resolve", body)

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await office.job(order.job_id))["status"] == "submit_unknown"


@pytest.mark.parametrize(
    ("what", "body"), [("retry", None), ("retry", {"force": True}), ("resolve", {"decision": "abandon"})]
)
async def test_only_jobs_of_ones_own_are_decided_on(office: Office, what: str, body: Any) -> None:
    foreign = await office.accept(owner="somebody")
    prompt_job = (await office.client.post("/api/prompt/queue", json={"prompt": "x"})).json()["promptJobId"]

    answers = [await office.ask(job_id, what, body) for job_id in (UNKNOWN, "x", str(foreign), prompt_job)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 4
    assert f"/api/prompt/queue/{prompt_job}" in answers[-1].json()["detail"]


@pytest.mark.parametrize("body", [{"Force": True}, {"force": "yes"}, {"force": 1}, [], "x"])
async def test_a_retry_with_something_else_is_refused(office: Office, body: Any) -> None:
    job_id = await office.accept()
    await office.end(job_id)

    assert (await office.ask(job_id, "retry", body)).status_code == 422


# -- with a worker


async def test_a_retried_job_runs(api_client: httpx.AsyncClient, mill: Mill) -> None:
    await mill.wavespeed.order("submit", "ending", word="failed", code=1200, message="Flagged.")
    job_id = await mill.create()
    await mill.reaches(job_id, "failed")

    new = (await api_client.post(f"/api/jobs/{job_id}/retry")).json()
    await mill.reaches(UUID(new["jobId"]), "completed")

    assert len(await mill.wavespeed.charges()) == 2
    assert (await mill.job(UUID(new["jobId"]))).retry_of == job_id


@pytest.fixture
async def unclear_job(mill: Mill) -> UUID:
    """A job that was charged and got no response, while the history is unavailable."""
    await mill.wavespeed.order("submit", "cut", after=True)
    await mill.wavespeed.order("history", "status", status=500, times=1000)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")
    return job_id


async def test_an_adopted_prediction_is_collected(api_client: httpx.AsyncClient, mill: Mill, unclear_job: UUID) -> None:
    [charge] = await mill.wavespeed.charges()
    body = {"decision": "adopt", "predictionId": charge["id"]}

    answer = await api_client.post(f"/api/jobs/{unclear_job}/resolve", json=body)
    row = await mill.reaches(unclear_job, "completed")

    assert answer.status_code == 200, answer.text
    assert (row.prediction_id, len(await mill.wavespeed.charges())) == (charge["id"], 1)
    history = await mill.handle(unclear_job).fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes.signal_name for event in history.events]
    assert DECIDE_SUBMISSION in signals, "told at once, not at the next look"


async def test_a_decision_to_submit_again_is_one_more_charge(
    api_client: httpx.AsyncClient, mill: Mill, unclear_job: UUID
) -> None:
    await api_client.post(f"/api/jobs/{unclear_job}/resolve", json={"decision": "resubmit"})

    row = await mill.reaches(unclear_job, "completed")

    first, second = await mill.wavespeed.charges()
    assert row.prediction_id == second["id"] != first["id"]


async def test_a_job_that_was_given_up_ends(api_client: httpx.AsyncClient, mill: Mill, unclear_job: UUID) -> None:
    await api_client.post(f"/api/jobs/{unclear_job}/resolve", json={"decision": "abandon"})

    assert await mill.closes(mill.handle(unclear_job)) is not None
    assert (await mill.job(unclear_job)).status == "failed"
    assert len(await mill.wavespeed.requests("submit")) == 1


async def test_a_prediction_that_is_not_ours_is_not_believed(
    api_client: httpx.AsyncClient, mill: Mill, unclear_job: UUID
) -> None:
    """The API can check only its format: the worker fetches it with our key."""
    body = {"decision": "adopt", "predictionId": "0" * 32}
    await api_client.post(f"/api/jobs/{unclear_job}/resolve", json=body)

    async def asked() -> bool:
        return bool(await mill.wavespeed.requests("result"))

    await eventually(asked)
    assert (await mill.job(unclear_job)).outputs == []
