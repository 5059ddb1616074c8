"""What both clients know of a job."""

from __future__ import annotations

from uuid import UUID

from promptmill_client import flows
from promptmill_client.models import ErrorAnswer, JobAnswer, JobStatus, OutputAnswer


class JobState:
    """A job, as it was when it was last looked at.

    Attributes:
        answer: All that the API says about it.
        replayed: Whether an earlier request with the same idempotency key has created it.
    """

    def __init__(self, answer: JobAnswer, *, replayed: bool = False) -> None:
        self.answer = answer
        self.replayed = replayed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status}>"

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.answer.job_id

    @property
    def status(self) -> JobStatus | str:
        """Where it stands. A newer API may know more statuses than this client."""
        return self.answer.status

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status in flows.ENDED

    @property
    def unclear(self) -> bool:
        """Whether it is unclear if it was submitted, and so if it was paid."""
        return self.status == JobStatus.SUBMIT_UNKNOWN

    @property
    def outputs(self) -> list[OutputAnswer]:
        """The finished files."""
        return self.answer.outputs

    @property
    def error(self) -> ErrorAnswer | None:
        """Why it has no outputs; None if nothing is wrong."""
        return self.answer.error
