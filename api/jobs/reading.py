"""Reads jobs and prompt jobs, and builds the responses about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from api.http.errors import Refused
from api.jobs.questions import variants_of
from api.jobs.sentences import end_text, erased_text, error_answer, job_text, paid_text, prompt_job_text, unclear_text
from api.jobs.stored import output_answers
from api.jobs.waiting import Waits, brief_wait, late_warning
from api.schemas.jobs import JobAnswer
from api.schemas.parts import ErrorAnswer, Links, Wait, WaitFor
from api.schemas.prompt_queue import PromptJobAnswer, ResultCounts, VariantAnswer
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import FINAL_STATUSES, Billed, JobStatus, SubmissionState
from promptmill.contracts.names import job_workflow_id, prompt_workflow_id
from promptmill.contracts.prompts import FINAL_PROMPT_STATUSES
from promptmill.contracts.ratings import Rating, Results
from promptmill.store import Store
from promptmill.store.jobs import Seen
from promptmill.store.ratings import rating_word
from promptmill.store.tags import NO_MARKS, Marks
from sql.models import Job, PromptGenerationJob, StoredOutput


@dataclass(frozen=True)
class Addresses:
    """Addresses of jobs in the API, and of workflows in the Temporal Web UI.

    Attributes:
        base: URL of the Web UI; None if not configured.
        namespace: The namespace that holds the workflows.
        root_path: The prefix that the API is published under, such as `/mill`.
        serves_outputs: Whether the API has a storage of outputs to serve.
    """

    base: str | None
    namespace: str
    root_path: str = ""
    serves_outputs: bool = False

    def job(self, job_id: UUID) -> str:
        """Return the path of one job."""
        return f"{self.root_path}/api/jobs/{job_id}"

    def output(self, job_id: UUID, index: int, part: str) -> str:
        """Return the path of one output that we have stored: of its `file`, or of a rendering."""
        return f"{self.job(job_id)}/outputs/{index}/{part}"

    def prompt_job(self, prompt_job_id: UUID) -> str:
        """Return the path of one prompt job."""
        return f"{self.root_path}/api/prompt/queue/{prompt_job_id}"

    def workflow(self, workflow_id: str) -> str | None:
        """Return the page of one workflow, or None."""
        if self.base is None:
            return None
        return f"{self.base.rstrip('/')}/namespaces/{quote(self.namespace, safe='')}/workflows/{workflow_id}"


@dataclass(frozen=True)
class Unclear:
    """What is known of a job's unclear submission.

    Attributes:
        candidates: The predictions in WaveSpeed's history that may match.
        open: Whether it is still unclear; if not, the job is about to be resubmitted.
        absent: Whether the history was read without a candidate.
    """

    candidates: tuple[str, ...] = ()
    open: bool = True
    absent: bool = False

    def text(self) -> str:
        """Return this as a sentence."""
        return unclear_text(self.candidates, open_=self.open, absent=self.absent)


@dataclass(frozen=True)
class JobReader:
    """Reads the jobs of one owner. All async methods raise `RecordUnavailable` while Postgres is unavailable."""

    store: Store
    waits: Waits
    addresses: Addresses
    owner: str

    async def find(self, job_id: UUID) -> Job:
        """Return the owner's job.

        Raises:
            Refused: There is none; for a prompt job's id the detail says where to look.
        """
        return (await self._look(job_id)).job

    async def show(self, job_id: UUID) -> JobAnswer:
        """Return the owner's job as callers see it.

        Raises:
            Refused: As for `find`.
        """
        return await self._shown(await self._look(job_id))

    async def _look(self, job_id: UUID) -> Seen:
        try:
            return await self.store.jobs.look(job_id, owner=self.owner)
        except RecordNotFound:
            pass
        try:
            await self.store.prompts.get(job_id, owner=self.owner)
        except RecordNotFound:
            raise Refused("not_found", "There is no such job.") from None
        raise Refused("not_found", f"This is a prompt job: see {self.addresses.prompt_job(job_id)}.")

    async def answer(self, job: Job) -> JobAnswer:
        """Return a job as callers see it."""
        billed = await self.store.jobs.billed([job.id])
        ratings = await self.store.ratings.of_prompts([job.prompt_job_id])
        marks = await self.store.tags.of_jobs([job.id])
        rating = ratings.get(job.prompt_job_id) if job.prompt_job_id else None
        return await self._shown(Seen(job, billed[job.id], rating, marks[job.id]))

    async def _shown(self, seen: Seen) -> JobAnswer:
        job = seen.job
        wait = await self.waits.of_job(job)
        return job_answer(
            job,
            billed=seen.billed,
            wait=wait,
            addresses=self.addresses,
            unclear=await self._unclear(job) if job.status == JobStatus.SUBMIT_UNKNOWN else None,
            late=late_warning(wait, job.deadline_at),
            prompt_rating=seen.prompt_rating,
            erase_problem=await self._erase_problem(job),
            copies=(await self._copies([job])).get(job.id, ()),
            marks=seen.marks,
        )

    def accepted_answer(self, job: Job, *, started: bool) -> JobAnswer:
        """Return a job that was just accepted, from its row alone: no failure here may make it look refused."""
        return job_answer(job, billed=Billed.NO, wait=brief_wait(job.status), addresses=self.addresses, started=started)

    async def brief_answers(self, jobs: Sequence[Job]) -> list[JobAnswer]:
        """Return jobs as lists show them, with the same number of queries for all as for one."""
        billed = await self.store.jobs.billed([job.id for job in jobs])
        ratings = await self.store.ratings.of_prompts(job.prompt_job_id for job in jobs)
        waits = await self.waits.in_list(jobs)
        copies = await self._copies(jobs)
        marks = await self.store.tags.of_jobs(job.id for job in jobs)
        return [
            job_answer(
                job,
                billed=billed[job.id],
                wait=wait,
                addresses=self.addresses,
                prompt_rating=ratings.get(job.prompt_job_id) if job.prompt_job_id else None,
                copies=copies.get(job.id, ()),
                marks=marks[job.id],
            )
            for job, wait in zip(jobs, waits, strict=True)
        ]

    async def _copies(self, jobs: Sequence[Job]) -> dict[UUID, list[StoredOutput]]:
        if not self.addresses.serves_outputs:
            return {}
        return await self.store.outputs.of_jobs(job.id for job in jobs if job.outputs)

    async def _erase_problem(self, job: Job) -> str | None:
        pending = job.erase_requested_at is not None and job.erased_at is None
        return await self.store.erasures.problem(job.id) if pending else None

    async def _unclear(self, job: Job) -> Unclear:
        submissions = await self.store.submissions.of_job(job.id)
        still = [submission for submission in submissions if submission.state == SubmissionState.UNKNOWN]
        if not still:
            return Unclear(open=False)
        return Unclear(tuple(still[-1].candidates), absent=still[-1].absent_since is not None)


@dataclass(frozen=True)
class PromptJobReader:
    """Reads the prompt jobs of one owner. All async methods raise `RecordUnavailable` while Postgres is unavailable."""

    store: Store
    waits: Waits
    addresses: Addresses
    owner: str

    async def find(self, prompt_job_id: UUID) -> PromptGenerationJob:
        """Return the owner's prompt job.

        Raises:
            Refused: There is none; for a job's id the detail says where to look.
        """
        try:
            return await self.store.prompts.get(prompt_job_id, owner=self.owner)
        except RecordNotFound:
            pass
        try:
            await self.store.jobs.get(prompt_job_id, owner=self.owner)
        except RecordNotFound:
            raise Refused("not_found", "There is no such prompt job.") from None
        raise Refused("not_found", f"This is a job: see {self.addresses.job(prompt_job_id)}.")

    async def answer(self, prompt_job: PromptGenerationJob) -> PromptJobAnswer:
        """Return a prompt job as callers see it."""
        wait = await self.waits.of_prompt_job(prompt_job)
        return prompt_job_answer(
            prompt_job,
            wait=wait,
            addresses=self.addresses,
            late=late_warning(wait, prompt_job.deadline_at),
            results=await self.store.ratings.results(prompt_job.id),
        )

    def accepted_answer(self, prompt_job: PromptGenerationJob, *, started: bool) -> PromptJobAnswer:
        """Return a prompt job that was just accepted, from its row alone, as `JobReader` does."""
        wait = Wait(for_=WaitFor.GROK_QUEUE if started else None)
        return prompt_job_answer(prompt_job, wait=wait, addresses=self.addresses, started=started)


def job_answer(
    job: Job,
    *,
    billed: Billed,
    wait: Wait,
    addresses: Addresses,
    started: bool | None = None,
    unclear: Unclear | None = None,
    late: str | None = None,
    prompt_rating: Rating | None = None,
    erase_problem: str | None = None,
    copies: Sequence[StoredOutput] = (),
    marks: Marks = NO_MARKS,
) -> JobAnswer:
    """Return a job as callers see it.

    Args:
        job: Its row.
        billed: Whether WaveSpeed charged for it.
        wait: What it waits for.
        addresses: Where it and its workflow are found.
        started: Whether its workflow runs, if more is known than the row says.
        unclear: What is known of its unclear submission, if it was looked up.
        late: A warning if it may not finish in time.
        prompt_rating: The rating of its prompt job's prompt.
        erase_problem: Why its erasure waits, if it was looked up.
        copies: Our own copies of its outputs.
        marks: Its tags, and the collections that it is in.
    """
    runs = job.workflow_started_at is not None if started is None else started
    final = job.status in FINAL_STATUSES
    here = addresses.job(job.id)
    paid = paid_text(billed, job.media_cost_usd, job.prompt_cost_usd)
    more = _sentences(end_text(job.status, paid), late)
    text = job_text(job.status, wait, job.reason_code, started=runs, more=more)
    erasing = job.erase_requested_at is not None
    if erasing:
        text = f"{text} {erased_text(done=job.erased_at is not None, problem=erase_problem)}"
    return JobAnswer.built_from(
        vars(job),  # an attribute of a table's class takes three times as long, and lists show many jobs
        **_wait_fields(wait),
        job_id=job.id,
        status_text=unclear.text() if unclear else text,
        metadata=job.caller_metadata,
        warnings=[*job.warnings, *([late] if late else [])],
        outputs=output_answers(job.outputs, copies, partial(addresses.output, job.id)),
        error=_error(job),
        candidates=list(unclear.candidates) if unclear else None,
        billed=billed,
        paid_text=paid,
        prompt_cost_usd=usd(job.prompt_cost_usd),
        media_cost_usd=usd(job.media_cost_usd),
        media_list_price_usd=usd(job.media_list_price_usd),
        max_price_usd=usd(job.max_price_usd),
        prompt_rating=prompt_rating,
        tags=[*marks.tags],
        collections=[*marks.collections],
        links=Links(
            self_=here,
            events=f"{here}/events",
            cancel=None if final else here,
            retry=f"{here}/retry" if final and not erasing else None,
            erase=f"{here}/erase" if final and not erasing else None,
            resolve=f"{here}/resolve" if job.status == JobStatus.SUBMIT_UNKNOWN else None,
            temporal=None if job.erased_at else addresses.workflow(job_workflow_id(job.id)),
        ),
    )


def prompt_job_answer(
    prompt_job: PromptGenerationJob,
    *,
    wait: Wait,
    addresses: Addresses,
    started: bool | None = None,
    late: str | None = None,
    results: Results | None = None,
) -> PromptJobAnswer:
    """Return a prompt job as callers see it; `results` are empty by default, the rest is as in `job_answer`."""
    final = prompt_job.status in FINAL_PROMPT_STATUSES
    here = addresses.prompt_job(prompt_job.id)
    alone = prompt_job.job_id is None
    # A prompt job of a job has no workflow of its own: it runs in the job's.
    workflow_id = prompt_workflow_id(prompt_job.id) if prompt_job.job_id is None else job_workflow_id(prompt_job.job_id)
    runs = (prompt_job.workflow_started_at is not None or not alone) if started is None else started
    return PromptJobAnswer.built_from(
        prompt_job,
        **_wait_fields(wait),
        prompt_job_id=prompt_job.id,
        status_text=prompt_job_text(
            prompt_job.status,
            wait,
            prompt_job.reason_code,
            started=runs,
            cancelling=prompt_job.cancel_requested_at is not None and not final,
            more=late,
        ),
        metadata=prompt_job.caller_metadata,
        variants=[VariantAnswer.built_from(one) for one in variants_of(prompt_job)],
        error=_error(prompt_job),
        prompt_cost_usd=usd(prompt_job.cost_usd),
        rating=rating_word(prompt_job.rating),
        results=ResultCounts.built_from(results or Results()),
        links=Links(
            self_=here,
            events=None if prompt_job.job_id is None else f"{addresses.job(prompt_job.job_id)}/events",
            cancel=None if final else here,
            temporal=addresses.workflow(workflow_id),
        ),
    )


def _wait_fields(wait: Wait) -> dict[str, Any]:
    """Return the fields about a wait: `wait` itself, and the older fields that responses had before it."""
    return {"wait": wait, "queue_position": wait.position, "estimated_wait_seconds": wait.estimate_seconds}


def _sentences(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None


def usd(amount: Decimal | None) -> float | None:
    """Return money as a JSON number: six decimal places survive a double."""
    return None if amount is None else float(amount)


def _error(row: Job | PromptGenerationJob) -> ErrorAnswer | None:
    """Return why a row failed or waits for a person; failures before a success are in its events."""
    return None if row.status == JobStatus.COMPLETED else error_answer(row.reason_code, row.error)
