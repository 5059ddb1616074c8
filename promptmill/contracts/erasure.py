"""What is erased, and what is still to be deleted elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from promptmill.contracts.messages import Message


class MadePrediction(Message):
    """A prediction of an erased job, with the provider and the key that it was made with; empty if unknown.

    Attributes:
        kept: Whether WaveSpeed still keeps it, if nobody has deleted it.
    """

    prediction_id: str
    provider_base: str
    key_fingerprint: str
    kept: bool


class PendingErasure(Message):
    """A row whose words are gone from the record, and not yet from Temporal and WaveSpeed.

    Attributes:
        id: Of a job, or of a stand-alone prompt job.
        last_look: Nobody can be starting a workflow for it any more: if nothing is found now, it is done.
        predictions: What its submissions created.
    """

    id: UUID
    table_name: Literal["jobs", "prompt_generation_jobs"]
    last_look: bool
    predictions: tuple[MadePrediction, ...]


class OwnerErasureState(Message):
    """An erasure of everything of an owner that was accepted until a moment.

    Attributes:
        left_open: How many rows the last sweep had to leave so far, because they have not ended or are unclear.
    """

    owner: str
    accepted_until: datetime
    requested_at: datetime
    left_open: int


class ErasureBacklog(Message):
    """How many erasures wait for Temporal or WaveSpeed, how many owners are being erased, and why one of them waits."""

    pending: int = 0
    owners: int = 0
    problem: str | None = None
