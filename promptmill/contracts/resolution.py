"""What is known, and guessed, about a submission that got no clear answer; and what a person decides."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from promptmill.contracts.messages import Message


class Decision(StrEnum):
    """A person's word on an unclear submission."""

    ADOPT = "adopt"
    RESUBMIT = "resubmit"
    ABANDON = "abandon"


class ResolvedBy(StrEnum):
    """What settled a submission that was unclear. Answers and webhooks are facts, the history is inference."""

    ANSWER = "answer"
    WEBHOOK = "webhook"
    HISTORY = "history"
    ABSENCE = "absence"
    PERSON = "person"


class UnclearSubmission(Message):
    """A submission in `unknown`, with all that its prediction can be recognised by.

    Attributes:
        asked_at: When the record was asked for it, by the record's clock.
        sent_from, sent_until: When the POST can have been made, by the record's clock.
        others_open: Whether another submission with the same request hash is `intended` or `unknown`, or was given up
            at the same time, so that a prediction may be its.
        absent_since: When the history was first seen without a candidate; null when it was not.
    """

    submission_id: UUID
    job_id: UUID
    model: str
    request: dict[str, Any]
    request_hash: str
    provider_base: str
    key_fingerprint: str
    asked_at: datetime
    sent_from: datetime
    sent_until: datetime
    others_open: bool = False
    candidates: tuple[str, ...] = ()
    absent_since: datetime | None = None


class LatePrediction(Message):
    """A paid prediction whose job has ended without outputs, to be read once more."""

    submission_id: UUID
    job_id: UUID
    prediction_id: str
    model: str
    kind: str
    accepted_at: datetime


class ResultDelivery(Message):
    """A webhook of WaveSpeed that was checked and stored: a hint to read the result now."""

    event_id: str
    prediction_id: str | None = None


class SubmissionDecision(Message):
    """A person's decision, already in the record: a hint to look there now."""

    decision: Decision
    prediction_id: str | None = None
