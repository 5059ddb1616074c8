"""What the audit log tells, and how it is searched."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from promptmill.contracts.messages import Message


class Action(StrEnum):
    """What somebody did. The log also has the words of newer releases."""

    OWNER_ADD = "owner.add"
    """An owner was created."""
    OWNER_PAUSE = "owner.pause"
    """An owner was paused: nothing is accepted or submitted for it."""
    OWNER_RESUME = "owner.resume"
    QUEUE_PAUSE = "queue.pause"
    """An owner paused its own queue: nothing is submitted for it."""
    QUEUE_RESUME = "queue.resume"
    OWNER_LIMIT = "owner.limit"
    """An owner's own limits were changed."""
    KEY_CREATE = "key.create"
    KEY_REVOKE = "key.revoke"
    SESSION_BEGIN = "session.begin"
    """A browser signed in."""
    SESSION_END = "session.end"
    """A browser signed out, or an admin ended its session."""
    SESSION_REFUSE = "session.refuse"
    """Somebody came with a wrong key, or was signed in by a proxy and may not use this: one entry per address, person
    and minute."""
    BUDGET_SET = "budget.set"
    BUDGET_REMOVE = "budget.remove"
    SWITCH_SET = "switch.set"
    """Intake, a hold of submissions, a flag, an announcement, or the Temporal that the record belongs to."""
    BRAKE_SET = "brake.set"
    """The queue to a provider was stopped or released."""
    JOB_CANCEL = "job.cancel"
    JOB_CHANGE = "job.change"
    """The request of a job that waited was changed."""
    BATCH_CREATE = "batch.create"
    """A table of rows was sent, with a budget."""
    BATCH_APPROVE = "batch.approve"
    BATCH_PAUSE = "batch.pause"
    BATCH_RESUME = "batch.resume"
    BATCH_CANCEL = "batch.cancel"
    BATCH_RETRY = "batch.retry"
    """Rows of a batch that had failed were let wait again."""
    BATCH_CHANGE = "batch.change"
    OUTPUT_SHARE = "output.share"
    """An address was made at which anyone can open an output, until it ends."""
    JOB_RETRY = "job.retry"
    JOB_FORCE_RETRY = "job.force-retry"
    """A retry although the first attempt may be charged."""
    JOB_RESOLVE = "job.resolve"
    """A person decided what became of an unclear submission."""
    PROMPT_JOB_CANCEL = "prompt-job.cancel"
    JOB_ERASE = "job.erase"
    """A job's words were erased."""
    OWNER_ERASE = "owner.erase"
    """Everything of an owner, up to a moment, is erased from then on."""
    OWNER_EXPORT = "owner.export"
    """An owner's data was read as a whole."""
    RECORD_PURGE = "record.purge"
    """What the simulated providers made was removed."""
    RECORD_RESTORE = "record.restore"
    """A backup replaced the record."""


class AuditFilter(Message):
    """Which entries to return, newest first.

    Attributes:
        since: At this time or later.
        until: Before this time.
        before: Keyset: only entries older than this (at, id).
    """

    actor: str | None = None
    owner: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None
    limit: int = 50
