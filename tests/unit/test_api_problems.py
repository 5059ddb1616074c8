"""Error codes, cursors and sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from api.http.cursors import cursor_after, read_cursor
from api.http.errors import Refused, pointer_to
from api.http.problem_kinds import PROBLEM_KINDS
from api.jobs.sentences import NOT_STARTED, end_text, error_answer, job_text, ordinal, paid_text, unclear_text
from api.jobs.timeline import event_text
from api.schemas.parts import Wait, WaitFor
from promptmill.contracts.errors import PromptmillError
from promptmill.contracts.jobs import Billed, JobStatus
from promptmill.contracts.reasons import ReasonCode


def _all_errors(error: type[PromptmillError]) -> list[type[PromptmillError]]:
    return [error, *(found for child in error.__subclasses__() for found in _all_errors(child))]


def test_every_error_has_a_code_of_its_own_and_a_row() -> None:
    errors = _all_errors(PromptmillError)
    codes = [error.code for error in errors]
    # The local stack's errors end a command and never reach a caller.
    for_callers = {error.code for error in errors if error.__module__ == PromptmillError.__module__}

    assert len(codes) == len(set(codes))
    assert for_callers <= set(PROBLEM_KINDS)


@pytest.mark.parametrize(
    ("location", "pointer"),
    [(("body",), ""), (("body", "a/b", "c~d", 0), "/a~1b/c~0d/0"), (("query", "limit"), "/query/limit")],
)
def test_pointers_are_escaped(location: tuple[str | int, ...], pointer: str) -> None:
    assert pointer_to(location) == pointer


def test_a_cursor_comes_back_as_it_was() -> None:
    at, last = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), UUID("01900000-0000-7000-8000-000000000000")

    assert read_cursor(cursor_after(at, last), UUID) == (at, last)


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "AAAA", cursor_after(datetime(2026, 1, 1), UUID(int=1))])  # noqa: DTZ001  # without a zone on purpose
def test_a_cursor_that_we_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_cursor(cursor, UUID)

    assert [error.pointer for error in refusal.value.errors] == ["/query/cursor"]


@pytest.mark.parametrize("status", JobStatus)
@pytest.mark.parametrize("reason_code", [None, "word_of_a_newer_version", *ReasonCode])
def test_every_status_and_reason_makes_a_sentence(status: JobStatus, reason_code: str | None) -> None:
    for text in (event_text(status, reason_code, {}), job_text(status, Wait(for_=None), reason_code, started=True)):
        assert text[0].isupper()
        assert text.endswith(".")
        assert ".." not in text


@pytest.mark.parametrize(
    ("status", "detail", "text"),
    [
        (
            "prompting",
            {"promptStatus": "generating", "model": "grok-4.3", "attempt": 1},
            "Grok (grok-4.3) is writing the prompt.",
        ),
        (
            "prompting",
            {"promptStatus": "generating", "model": "g", "attempt": 2},
            "Grok (g) is writing the prompt, attempt 2.",
        ),
        ("prompting", {"retryCount": 1, "maxRetries": 3}, "Grok failed; retrying (retry 1 of 3)."),
        ("dispatching", {"promptStatus": "completed"}, "The prompt is ready for submission to WaveSpeed."),
        ("dispatching", {"submissionState": "rejected"}, "WaveSpeed did not accept the submission."),
        ("generating", {"submissionState": "accepted"}, "WaveSpeed accepted it and is generating."),
        ("generating", {"facts": ["mediaCostUsd"]}, "Recorded: WaveSpeed's price."),
        ("cancelled", {"facts": ["outputs"]}, "Recorded: outputs."),
        ("cancelled", {"promptStatus": "cancelled"}, "Cancelled."),
        ("completed", {"facts": ["outputs"]}, "Completed."),
        (
            "generating",
            {"submissionState": "accepted", "resolvedBy": "webhook"},
            "WaveSpeed's webhook confirmed the submission.",
        ),
        (
            "generating",
            {"submissionState": "accepted", "resolvedBy": "history"},
            "The prediction was found in WaveSpeed's history.",
        ),
        (
            "generating",
            {"submissionState": "accepted", "resolvedBy": "person"},
            "A person identified the prediction.",
        ),
        ("cancelled", {"submissionState": "accepted", "resolvedBy": "answer"}, "WaveSpeed had accepted it."),
        (
            "completed",
            {"submissionState": "superseded", "predictionId": "p1"},
            "An abandoned submission had created prediction p1.",
        ),
        ("submit_unknown", {"submissionState": "rejected", "resolvedBy": "absence"}, "The job will be resubmitted."),
        ("failed", {"submissionState": "rejected", "resolvedBy": "absence"}, "Failed."),
        ("submit_unknown", {"candidates": ["a"]}, "1 prediction in WaveSpeed's history may match."),
        ("submit_unknown", {"candidates": ["a", "b"]}, "2 predictions in WaveSpeed's history may match."),
        (
            "submit_unknown",
            {"absentSince": "2026-01-01T00:00:00Z"},
            "Not found in WaveSpeed's history; it will be read once more to confirm.",
        ),
        (
            "submit_unknown",
            {"obstacle": "Two fit."},
            "WaveSpeed's history cannot resolve it yet: Two fit.",
        ),
        ("submit_unknown", {"decision": "resubmit"}, "A person decided to resubmit the job."),
        ("failed", {"decision": "abandon"}, "The unclear submission was abandoned."),
        (
            "failed",
            {"retriedBy": "j2", "forced": True},
            "Retried as job j2, although a submission of this one may be billed.",
        ),
        (
            "queued",
            {"retryOf": "j1", "forced": True},
            "Retries job j1, although a submission of that one may be billed.",
        ),
        (
            "completed",
            {"callback": "attempt", "attempt": 2, "statusCode": 500},
            "Callback delivery, attempt 2: HTTP 500.",
        ),
        (
            "completed",
            {"callback": "attempt", "attempt": 1, "error": "Refused."},
            "Callback delivery, attempt 1: Refused.",
        ),
        (
            "completed",
            {"callback": "delivered", "attempts": 2, "statusCode": 204},
            "The callback was delivered.",
        ),
        (
            "failed",
            {"callback": "given_up", "attempts": 9},
            "The callback could not be delivered: no response.",
        ),
        ("failed", {"bill": {"chargedUsd": 0.024, "refundedUsd": 0}}, "WaveSpeed charged $0.024."),
        (
            "failed",
            {"bill": {"chargedUsd": 0.03, "refundedUsd": 0.000002}},
            "WaveSpeed charged $0.03, and refunded $0.000002.",
        ),
        ("failed", {"bill": {"chargedUsd": 0.03, "refundedUsd": 0.03}}, "WaveSpeed charged $0.03, and refunded it."),
        (
            "generating",
            {"restored": True},
            "Restored from its workflow: the record came from an older backup.",
        ),
    ],
)
def test_an_event_tells_what_happened(status: str, detail: dict[str, object], text: str) -> None:
    assert event_text(status, None, detail) == text


def test_statuses_of_a_newer_version_are_shown_as_they_are() -> None:
    assert event_text("upscaling", None, {}) == "upscaling"


def test_a_job_without_a_workflow_says_what_it_waits_for() -> None:
    assert job_text(JobStatus.QUEUED, Wait(for_=None), None, started=False) == NOT_STARTED


def test_a_place_is_told_with_what_is_known() -> None:
    def said(**known: object) -> str:
        return job_text(
            JobStatus.PROMPTING, Wait.model_validate({"for_": WaitFor.GROK_QUEUE, **known}), None, started=True
        )

    assert said() == "Waiting for Grok."
    assert said(position=3, of=12) == "Waiting for Grok: 3rd of 12."
    assert said(position=3, of=12, estimate_seconds=20) == "Waiting for Grok: 3rd of 12, about 20 s."
    assert said(position=800, of=1000, capped=True) == "Waiting for Grok: 800th of 1000 or more."


def test_a_stopped_queue_is_told_with_the_operators_words() -> None:
    def said(**known: object) -> str:
        wait = Wait.model_validate({"for_": WaitFor.WAVESPEED_QUEUE, "position": 1, "of": 2, **known})
        return job_text(JobStatus.DISPATCHING, wait, None, started=True)

    assert said(stopped=False) == said(stopped=None) == "Waiting to be submitted to WaveSpeed: 1st of 2."
    here = "Waiting to be submitted to WaveSpeed: 1st of 2."
    assert said(stopped=True) == f"{here} This queue is stopped by an operator."
    assert said(stopped=True, stopped_reason="WaveSpeed is down.").endswith("This queue is stopped: WaveSpeed is down.")


@pytest.mark.parametrize(
    ("status", "billed", "media", "prompt", "told"),
    [
        ("cancelled", Billed.NO, None, None, "Nothing has been charged."),
        ("cancelled", Billed.NO, Decimal("0.04"), None, "Nothing has been charged."),
        ("cancelled", Billed.NO, None, Decimal("0.00203"), "Charged so far: Grok $0.00203."),
        ("cancelling", Billed.NO, None, None, None),
        ("cancelling", Billed.YES, Decimal("0.027"), None, "Charged so far: WaveSpeed $0.027."),
        ("expired", Billed.YES, None, Decimal("0.002"), "Charged so far: WaveSpeed (price unknown), Grok $0.002."),
        (
            "cancelled",
            Billed.UNKNOWN,
            Decimal(1),
            None,
            "It is not yet known whether WaveSpeed will charge for this job.",
        ),
        ("terminated", Billed.REFUNDED, Decimal("1.5"), None, "WaveSpeed has refunded it."),
        ("completed", Billed.YES, Decimal("0.027"), None, None),
        ("generating", Billed.YES, Decimal("0.027"), None, None),
    ],
)
def test_what_was_paid_is_told_where_a_job_was_cut_short(
    status: str, billed: Billed, media: Decimal | None, prompt: Decimal | None, told: str | None
) -> None:
    assert end_text(status, paid_text(billed, media, prompt)) == told


def test_an_unclear_submission_is_told_with_what_is_known() -> None:
    unclear = "It is unclear whether WaveSpeed accepted it; it is not resubmitted automatically. "

    def said(*candidates: str, open_: bool = True, absent: bool = False) -> str:
        return unclear_text(candidates, open_=open_, absent=absent)

    assert said() == unclear + "WaveSpeed's history is being searched."
    assert said(absent=True) == unclear + "WaveSpeed's history does not show it so far."
    assert said("a") == unclear + "One prediction in WaveSpeed's history may match."
    assert said("a", "b") == unclear + "2 predictions in WaveSpeed's history may match: a person must decide."
    assert said(open_=False) == "The earlier submission is resolved; the job will be resubmitted."


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 111, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "111th", "112th",
    ]  # fmt: skip


def test_a_failure_has_the_recorded_words_and_a_hint() -> None:
    told = error_answer(ReasonCode.GROK_BAD_KEY, "xAI said: no.")

    assert told is not None
    assert told.message == "xAI said: no."
    assert told.hint is not None
    assert "XAI_API_KEY" in told.hint
