"""`promptmill restore-check`: after restoring an older backup, recover what Temporal and WaveSpeed know.

Facts first: every job's workflow holds its whole request, the answers to its submissions, and its result. Then
inference: predictions in WaveSpeed's history that no submission owns. Only then may submissions continue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.commands.operator import operator
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ProviderError, RecordNotFound, TemporalUnavailable
from promptmill.contracts.jobs import JobInput, SubmissionState, SubmitResult
from promptmill.contracts.names import JOB_WORKFLOW
from promptmill.contracts.store import SubmissionOutcome
from promptmill.providers.wavespeed.client import WaveSpeedClient, open_wavespeed
from promptmill.store import Store, open_store
from promptmill.temporal import connect
from promptmill.temporal.histories import JobHistory, read_job_history
from promptmill.temporal.restore_guard import remembered_submission
from sql.models import Submission

HISTORY_DAYS: Final = 7
"""How long WaveSpeed keeps its history."""

_OPEN: Final = frozenset({SubmissionState.INTENDED, SubmissionState.UNKNOWN, SubmissionState.ACCEPTED})

Say = Callable[[str], None]


@dataclass
class RestoreReport:
    """What was found and recovered.

    `unknown_predictions` were made with this key in the last days, and no submission of the record owns them.
    """

    workflows: int = 0
    rows_restored: list[UUID] = field(default_factory=list)
    submissions_restored: int = 0
    unknown_predictions: list[str] = field(default_factory=list)
    problem: str | None = None
    released: bool = False


async def check_restore(settings: Settings, *, release: bool, say: Say) -> RestoreReport:
    """Rebuild what the restored record lacks, look for unrecorded payments, and release submissions.

    Submissions are released if WaveSpeed's history has nothing that the record does not know, or, with `release`, by
    a person who has reviewed what it has.

    Raises:
        TemporalUnavailable: Temporal is unreachable.
        RecordUnavailable: Postgres is unreachable.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.require_database_url(), pool_size=2))
        wavespeed = await stack.enter_async_context(
            open_wavespeed(
                settings.wavespeed_api_base,
                settings.wavespeed_api_key,
                submit_timeout_seconds=settings.submit_timeout_seconds,
            )
        )
        report = RestoreReport()
        try:
            client = await connect(settings)
            await _from_temporal(store, client, settings.task_queue, report, say)
            remembered = await remembered_submission(client, settings.task_queue)
        except (RuntimeError, RPCError) as error:
            raise TemporalUnavailable(f"Temporal is unreachable ({error}): check TEMPORAL_ADDRESS.") from error
        await _from_wavespeed(store, wavespeed, report, say)
        if release or (report.problem is None and not report.unknown_predictions):
            # Numbering continues above what was issued before, or the next pass would hold submissions again.
            await store.operations.release_submissions("restore-check", at_least=remembered, by=operator())
            report.released = True
        return report


async def _from_temporal(store: Store, client: Client, task_queue: str, report: RestoreReport, say: Say) -> None:
    async for history in _job_histories(client, task_queue, say):
        report.workflows += 1
        if report.workflows % 100 == 0:
            say(f"{report.workflows} workflows compared")
        await _restore_job(store, history, report)


async def _job_histories(client: Client, task_queue: str, say: Say) -> AsyncIterator[JobHistory]:
    """Yield the latest run of each job: it includes the history before a reset."""
    query = f"WorkflowType = '{JOB_WORKFLOW}' AND TaskQueue = '{task_queue}'"
    seen: set[str] = set()
    async for execution in client.list_workflows(query, rpc_timeout=timedelta(seconds=30)):
        if execution.id in seen:
            continue
        seen.add(execution.id)
        try:
            history = await read_job_history(client, execution.id)
        except ValueError as error:
            # A person may have started one manually, with any input: it belongs to no row.
            say(f"Skipped: {error}.")
        except RPCError as error:
            # Visibility lists it slightly longer than it is retained.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            yield history


async def _restore_job(store: Store, history: JobHistory, report: RestoreReport) -> None:
    """Restore a job's row and the submissions that its workflow knows of, if the record lacks them."""
    job = history.job
    try:
        await store.jobs.get(job.job_id)
    except RecordNotFound:
        await store.operations.restore_row(job, history.result)
        report.rows_restored.append(job.job_id)
    rows = await store.submissions.of_job(job.job_id)
    for outcome in _forgotten(history, rows):
        await store.submissions.settle(outcome)
        report.submissions_restored += 1


def _forgotten(history: JobHistory, rows: Sequence[Submission]) -> list[SubmissionOutcome]:
    """Return the submissions that a workflow knows of and the record does not: paid ones, otherwise unclear ones.

    The record may still hold a submission in its state at the time of the backup: intended, or unclear.
    """
    paid = {row.prediction_id for row in rows}
    accepted = [
        _accepted(history.job, submitted)
        for submitted in history.submissions
        if submitted.state is SubmissionState.ACCEPTED and submitted.prediction_id not in paid
    ]
    if accepted or any(row.state in _OPEN for row in rows):
        return accepted
    known = {row.id for row in rows} | {earlier for row in rows for earlier in row.earlier_ids}
    told = [s.submission_id for s in history.submissions if s.state is SubmissionState.UNKNOWN]
    last = [one for one in (*told, *history.attempted) if one not in known][-1:]
    return [_unclear(history.job, one) for one in last]


def _accepted(job: JobInput, submitted: SubmitResult) -> SubmissionOutcome:
    return SubmissionOutcome(
        submission_id=submitted.submission_id,
        job_id=job.job_id,
        state=SubmissionState.ACCEPTED,
        prediction_id=submitted.prediction_id,
    )


def _unclear(job: JobInput, submission_id: UUID) -> SubmissionOutcome:
    return SubmissionOutcome(
        submission_id=submission_id,
        job_id=job.job_id,
        state=SubmissionState.UNKNOWN,
        error="It was sent, or about to be; a restored backup lost its record.",
    )


async def _from_wavespeed(store: Store, wavespeed: WaveSpeedClient, report: RestoreReport, say: Say) -> None:
    """List predictions made with this key in the last days that belong to no submission."""
    now = datetime.now(UTC)  # noqa: TID251 - a command, not a workflow
    try:
        made = await wavespeed.history(
            model=None, created_after=now - timedelta(days=HISTORY_DAYS), created_before=now + timedelta(minutes=5)
        )
    except ProviderError as error:
        report.problem = f"WaveSpeed's history could not be read: {error}"
        return
    say(f"{len(made)} predictions in WaveSpeed's history compared")
    owned = await store.resolution.owned([item.id for item in made])
    report.unknown_predictions = [item.id for item in made if item.id not in owned]


def restore_lines(report: RestoreReport) -> list[str]:
    """Return the report as text, with what to do next."""
    lines = [
        (
            f"{report.workflows} jobs in Temporal; recovered: {len(report.rows_restored)} rows, "
            f"{report.submissions_restored} submissions."
        ),
        *(f"  restored job {job_id}" for job_id in report.rows_restored),
    ]
    if report.problem:
        lines.append(report.problem)
    if report.unknown_predictions:
        lines.append(
            f"{len(report.unknown_predictions)} predictions of the last {HISTORY_DAYS} days belong to no submission of "
            "the record (made elsewhere with this key, or by jobs that Temporal no longer knows either):"
        )
        lines += [f"  {prediction_id}" for prediction_id in report.unknown_predictions]
    if report.released:
        lines.append("Submissions have been released.")
    else:
        lines.append("Submissions remain on hold. Review these, then run `promptmill restore-check --release`.")
    return lines
