"""What is known, and inferred, about an unclear submission; and what a person decides."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from promptmill.contracts.messages import Message


class Decision(StrEnum):
    """A person's decision on an unclear submission."""

    ADOPT = "adopt"
    RESUBMIT = "resubmit"
    ABANDON = "abandon"


class ResolvedBy(StrEnum):
    """What settled an unclear submission. Responses and webhooks are facts, the history is inference."""

    ANSWER = "answer"
    WEBHOOK = "webhook"
    HISTORY = "history"
    ABSENCE = "absence"
    PERSON = "person"


class UnclearSubmission(Message):
    """A submission in `unknown`, or one that a person has given up, with everything that identifies its prediction.

    Attributes:
        asked_at: When it was read, by the record's clock.
        sent_from, sent_until: When the POST may have been sent, by the record's clock.
        others_open: Whether another submission with the same request hash is `intended` or `unknown`, or was
            abandoned around the same time, so that a prediction may belong to it.
        absent_since: When the history was first read without a candidate; null if it never was.
        given_up: Whether a person has decided: its candidates are noted, and nothing else.
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
    given_up: bool = False


class LatePrediction(Message):
    """A paid prediction whose job ended without outputs, to be read again."""

    submission_id: UUID
    job_id: UUID
    prediction_id: str
    model: str
    kind: str
    accepted_at: datetime


class ResultDelivery(Message):
    """A verified and stored webhook of WaveSpeed: a hint to read the result now."""

    event_id: str
    prediction_id: str | None = None


class SubmissionDecision(Message):
    """A person's decision, already in the record: a hint to read it now."""

    decision: Decision
    prediction_id: str | None = None
