"""The signals that wake a job's workflow: each says only that the record has news."""

from __future__ import annotations

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from promptmill.contracts.jobs import JobSnapshot

from workflows.recording import record


class Wakeups:
    """Counts a job's signals, and remembers which have been heeded; they may come before `run`."""

    def __init__(self, job_id: UUID) -> None:
        """Count from zero."""
        self._job_id = job_id
        self._count = 0
        self._heeded = 0

    def add(self) -> None:
        """Count a signal."""
        self._count += 1

    def any(self) -> bool:
        """Return whether there has been one, heeded or not."""
        return self._count > 0

    def unheeded(self) -> bool:
        """Return whether one has come since the last was heeded."""
        return self._count > self._heeded

    def heed(self) -> None:
        """Take all that have come as heeded: what they announce is read now."""
        self._heeded = self._count

    async def look_at_row(self) -> JobSnapshot:
        """Return the row, as it is after every signal that has come so far."""
        self.heed()
        return await record(RecordActivities.begin_job, self._job_id)
