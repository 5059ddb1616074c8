"""The vocabulary of stored outputs: our own copies of what jobs made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from promptmill.contracts.messages import Message


class StoredState(StrEnum):
    """Where an output stands. `failed`: it was not stored while WaveSpeed had it. `removed`: it was, and had to go."""

    WAITING = "waiting"
    STORED = "stored"
    FAILED = "failed"
    REMOVED = "removed"


class Rendering(StrEnum):
    """What is made of an output to show it fast; it lies beside the file.

    `thumbnail`: a picture, small. `poster`: the first frame of a video. `preview`: its first seconds, small, as an
    animated picture.
    """

    THUMBNAIL = "thumbnail"
    POSTER = "poster"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Head:
    """How a file begins that an address leads to.

    Attributes:
        status: The HTTP status: what begins may be the page of an error.
        says: The media type that its server names, in lower case and without parameters; may be empty.
        begins: Its first bytes.
    """

    status: int
    says: str
    begins: bytes


class StoreInput(Message):
    """The job whose outputs to store: the input of `StoreOutputsWorkflow`. Addresses are read from the row."""

    job_id: UUID


class StoreReport(Message):
    """How many of a job's outputs were stored, and how many never will be."""

    job_id: UUID
    stored: int = 0
    failed: int = 0


class StorageReport(Message):
    """What one pass of the reconciler did for the storage: workflows started, files deleted."""

    storing_started: int = 0
    files_deleted: int = 0


class WaitingOutput(Message):
    """An output that waits to be stored, as its row has it."""

    job_id: UUID
    index: int
    expires_at: datetime
    attempts: int
    problem: str | None = None


class Placement(Message):
    """What is about to be put into the storage, and where."""

    job_id: UUID
    index: int
    path: str
    renderings: tuple[Rendering, ...] = ()
    content_type: str
    bytes: int
    total_bytes: int
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    sha256: str


class Placed(StrEnum):
    """What the record says of a placement; `sql/functions/place_output.sql` explains each."""

    PLACED = "placed"
    GONE = "gone"
    TAKEN = "taken"
    FULL = "full"


class OutputStock(Message):
    """What is stored, and what waits; nothing where outputs are not stored.

    Attributes:
        stored_bytes: What stored outputs take, with everything beside them; None if there is no limit to compare with.
        waiting: How many wait to be stored.
        oldest_waiting_seconds: For how long the oldest of these has waited.
        at_risk: How many of these WaveSpeed deletes within a day.
        removals: How many files are to be deleted from the storage.
    """

    stored_bytes: int | None = None
    waiting: int = 0
    oldest_waiting_seconds: float = 0
    at_risk: int = 0
    removals: int = 0


class OutputAtRisk(Message):
    """An output that WaveSpeed deletes within a day and that is not stored."""

    job_id: UUID
    index: int
    expires_at: datetime
    problem: str | None = None
