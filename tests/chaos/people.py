"""What callers and operators do with single jobs: cancel, terminate, resolve unclear submissions, retry."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import UUID

from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.contracts.names import job_workflow_id
from promptmill.local.temporal import TemporalServer
from tests.chaos.asking import Asker, NotAnswered
from tests.chaos.plan import Action, PlannedJob
from tests.local_servers import temporal_cli

RETRIED = FINAL_STATUSES - {JobStatus.COMPLETED}
PATIENCE_SECONDS = 60.0
TERMINATE_ATTEMPTS = 5

WORDS: dict[Action, str] = {
    "cancel": "cancelled by its caller",
    "terminate": "terminated by the temporal command",
    "resubmit": "submitted again by a person's decision",
    "abandon": "given up by a person's decision",
}
AGAIN = "tried again by its caller after its end"


@dataclass
class People:
    """Acts on jobs.

    Attributes:
        asked, done: What was attempted, and what found the job in a suitable state.
        terminated: Jobs whose workflow was, or may have been, terminated with the temporal command.
        retries: Ids of the jobs accepted as retries.
    """

    api: Asker
    temporal: Callable[[], TemporalServer]
    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    terminated: set[str] = field(default_factory=set)
    retries: list[str] = field(default_factory=list)

    async def act(self, job: PlannedJob, job_id: str) -> None:
        """Perform the planned action on a job."""
        if job.action is not None:
            acts: dict[Action, Callable[[PlannedJob, str], Awaitable[None]]] = {
                "cancel": self._cancel,
                "terminate": self._terminate,
                "resubmit": self._decide,
                "abandon": self._decide,
            }
            await acts[job.action](job, job_id)
        if job.retried:
            await self._retry(job, job_id)

    def _note(self, what: str, *, done: bool) -> None:
        self.asked[what] += 1
        self.done[what] += done

    async def _cancel(self, job: PlannedJob, job_id: str) -> None:
        await asyncio.sleep(job.action_after)
        answer = await self.api.ask("DELETE", f"/api/jobs/{job_id}", turn=job.number)
        if not answer.is_success:
            raise NotAnswered(f"the cancel of {job_id} was answered with {answer.status_code} {answer.text}")
        self._note(WORDS["cancel"], done=answer.json()["status"] in {"cancelling", "cancelled"})

    async def _terminate(self, job: PlannedJob, job_id: str) -> None:
        """Terminate as a person does in a terminal."""
        await asyncio.sleep(job.action_after)
        workflow_id, done_it = job_workflow_id(UUID(job_id)), False
        self.terminated.add(job_id)  # whatever the command says: one that timed out may have been carried out
        for _ in range(TERMINATE_ATTEMPTS):
            done = await asyncio.to_thread(
                temporal_cli, self.temporal(),
                "workflow", "terminate", "--workflow-id", workflow_id, "--reason", "chaos", "--command-timeout", "5s",
            )  # fmt: skip
            done_it = done.returncode == 0
            if done_it:
                break
            await asyncio.sleep(1)
        self._note(WORDS["terminate"], done=done_it)

    async def _decide(self, job: PlannedJob, job_id: str) -> None:
        """Resolve the submission once it has been unclear for a while; a webhook may be faster."""
        waits = {"submit_unknown", *FINAL_STATUSES}
        seen = await self.api.job_when(job_id, lambda shown: shown["status"] in waits, PATIENCE_SECONDS)
        if seen["status"] == "submit_unknown":
            assert job.action is not None
            await asyncio.sleep(job.action_after)
            self._note(WORDS[job.action], done=await self._post(job, job_id, "resolve", {"decision": job.action}))

    async def _retry(self, job: PlannedJob, job_id: str) -> None:
        """Retry a job that ended without media; with force if it may be billed, as its caller may."""
        seen = await self.api.job_when(job_id, lambda shown: shown["status"] in FINAL_STATUSES, PATIENCE_SECONDS)
        if seen["status"] in RETRIED:
            accepted = await self._post(job, job_id, "retry", {})
            self._note(AGAIN, done=accepted or await self._post(job, job_id, "retry", {"force": True}))

    async def _post(self, job: PlannedJob, job_id: str, what: str, body: dict[str, object]) -> bool:
        """Return whether the API did it; a 409 means that the job is not in a suitable state."""
        headers = {"Idempotency-Key": f"{job.tag}-{job.number}-{what}-{len(body)}"}
        answer = await self.api.ask("POST", f"/api/jobs/{job_id}/{what}", turn=job.number, body=body, headers=headers)
        if answer.status_code == HTTPStatus.CONFLICT:
            return False
        if not answer.is_success:
            raise NotAnswered(f"{what} of {job_id} was answered with {answer.status_code} {answer.text}")
        if what == "retry":
            self.retries.append(answer.json()["jobId"])
        return True
