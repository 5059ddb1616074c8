"""Resolves unclear submissions. `docs/architecture.md` has the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.audit import Action
from promptmill.contracts.jobs import JobSnapshot, JobStatus, SubmissionState
from promptmill.contracts.resolution import Decision, ResolvedBy, UnclearSubmission
from promptmill.contracts.store import IdempotencyKey
from promptmill.metrics import unclear_resolved
from promptmill.store.acceptance import once
from promptmill.store.audit import audited, by_values
from promptmill.store.database import Database, RowMapping, column_list, to_row
from promptmill.store.jobs import SNAPSHOT_COLUMNS, job_snapshot
from sql.models import Job

SENDER_IS_DEAD: Final = timedelta(minutes=15)
"""How long after the deadline for its first byte a submission's sender may still report."""

_UNCLEAR: Final = """
    SELECT s.id AS submission_id, s.job_id, j.model, s.request, s.request_hash, s.provider_base, s.key_fingerprint,
           clock_timestamp() AS asked_at, s.intended_at AS sent_from, s.post_before AS sent_until,
           s.candidates, s.absent_since, s.state = 'superseded' AS given_up,
           s.request_hash <> '' AND EXISTS (
               SELECT FROM submissions AS o
               WHERE o.request_hash = s.request_hash AND o.id <> s.id AND (
                   o.state IN ('intended', 'unknown')
                   OR (o.state = 'superseded' AND o.prediction_id IS NULL
                       AND o.post_before > s.intended_at - ambiguity_window()))
           ) AS others_open
"""
_OF_JOB: Final = f"""
    {_UNCLEAR} FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id WHERE s.job_id = :job_id AND s.state = 'unknown'
"""
_OF_ENDED: Final = f"""
    {_UNCLEAR} FROM take_unclear_submissions(:limit) AS s JOIN jobs AS j ON j.id = s.job_id
    ORDER BY s.number
"""
_OWNED: Final = """
    SELECT prediction_id FROM submissions WHERE prediction_id = ANY (CAST(:prediction_ids AS text[]))
"""
_OTHERS: Final = """
    SELECT o.request FROM submissions AS o JOIN jobs AS j ON j.id = o.job_id
    WHERE o.id <> :id AND j.model = :model AND o.intended_at < CAST(:made_at AS timestamptz) + ambiguity_window()
      AND (o.state IN ('intended', 'unknown')
           OR (o.state = 'superseded' AND o.prediction_id IS NULL
               AND o.post_before > CAST(:made_at AS timestamptz) - ambiguity_window()))
"""
_KNOWN: Final = """
    SELECT s.prediction_id, j.model, s.outcome_at
    FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
    WHERE s.state = 'accepted' AND s.provider_base = :base AND s.key_fingerprint = :key_fingerprint
      AND s.job_id <> :job_id AND s.outcome_at > now() - (wavespeed_retention() - interval '1 day')
      AND j.erase_requested_at IS NULL -- it is deleted there
      AND coalesce(s.resolved_by, 'answer') IN ('answer', 'webhook')
    ORDER BY s.outcome_at DESC LIMIT 1
"""
_NOTE_CANDIDATES: Final = "SELECT FROM note_candidates(:id, CAST(:prediction_ids AS text[]))"
_NOTE_ABSENCE: Final = "SELECT note_absence(:id, :absent)"
_BEFORE: Final = "(SELECT state FROM submissions WHERE id = :id) AS state_before"
_ADOPT: Final = f"SELECT {SNAPSHOT_COLUMNS}, {_BEFORE} FROM adopt_prediction(:id, :prediction_id, :by)"
_ABSENT: Final = f"SELECT {SNAPSHOT_COLUMNS}, {_BEFORE} FROM prove_absence(:id, :resubmit)"
_DECIDE: Final = audited(
    f"""
    SELECT {column_list(Job, "(r.job)")}, r.replayed, CAST(:decision AS text) AS decision,
           CAST(:prediction_id AS text) AS decided_prediction
    FROM decide_submission(:job_id, :owner, :decision, :prediction_id, :key, :request_hash) AS r
    """,
    action=Action.JOB_RESOLVE,
    owner="owner",
    target="'job:' || id",
    before=f"jsonb_build_object('status', '{JobStatus.SUBMIT_UNKNOWN}')",
    after="""jsonb_build_object('status', status, 'decision', decision, 'predictionId', decided_prediction)""",
    when="NOT replayed",
)


@dataclass(frozen=True)
class ResolutionStore:
    """Submissions in `unknown`, and what settles them: facts, the history, proof of absence, a person."""

    database: Database

    async def unclear(self, job_id: UUID) -> UnclearSubmission | None:
        """Return a job's submission in `unknown`; None if there is none."""
        found = await self.database.mappings(_OF_JOB, job_id=job_id)
        return UnclearSubmission.model_validate(dict(found[0])) if found else None

    async def unclear_of_ended_jobs(self, limit: int) -> list[UnclearSubmission]:
        """Return unclear submissions of ended jobs, and record that they are being checked now.

        A submission is due again after 1, 2, 4, … minutes, at most an hour, as long as WaveSpeed keeps it.
        """
        found = await self.database.mappings(_OF_ENDED, limit=limit)
        return [UnclearSubmission.model_validate(dict(row)) for row in found]

    async def mark_stale_intents_unknown(self, after: timedelta = SENDER_IS_DEAD) -> int:
        """Mark `intended` submissions of ended jobs as `unknown`; return how many.

        Only that long after the deadline for their first byte, when their senders must be dead.
        """
        query = "SELECT settle_stale_intents(CAST(:seconds AS double precision))"
        return int(await self.database.value(query, seconds=after.total_seconds()))

    async def owned(self, prediction_ids: Sequence[str]) -> set[str]:
        """Return which of these predictions belong to a submission."""
        rows = await self.database.mappings(_OWNED, prediction_ids=[*prediction_ids])
        return {row["prediction_id"] for row in rows}

    async def other_requests(self, submission_id: UUID, model: str, made_at: datetime) -> list[dict[str, Any]]:
        """Return the requests of a model's other submissions around that time that are unclear or abandoned."""
        rows = await self.database.mappings(_OTHERS, id=submission_id, model=model, made_at=made_at)
        return [row["request"] for row in rows]

    async def known_prediction(
        self, base: str, key_fingerprint: str, *, other_than_job: UUID
    ) -> tuple[str, str, datetime] | None:
        """Return the newest prediction of the last 6 days that is certain: the history must list it.

        Returns:
            Its id, its model, and when it was accepted; None if there is none for this base URL and key.
        """
        values = {"base": base, "key_fingerprint": key_fingerprint, "job_id": other_than_job}
        for row in await self.database.mappings(_KNOWN, **values):
            return row["prediction_id"], row["model"], row["outcome_at"]
        return None

    async def note_candidates(self, submission_id: UUID, prediction_ids: Sequence[str]) -> None:
        """Add candidate predictions of a submission. Once added they are kept, unless another submission owns them.

        Raises:
            RecordNotFound: There is no such submission.
        """
        await self.database.run(_NOTE_CANDIDATES, id=submission_id, prediction_ids=[*prediction_ids])

    async def note_absent(self, submission_id: UUID) -> datetime:
        """Record that the history lists no candidate, and return since when.

        Raises:
            RecordNotFound: There is no such submission.
        """
        since = await self.database.value(_NOTE_ABSENCE, id=submission_id, absent=True)
        assert isinstance(since, datetime)  # an absence always has one
        return since

    async def note_present(self, submission_id: UUID) -> None:
        """Record that the history lists a candidate, which voids a previously recorded absence.

        Raises:
            RecordNotFound: There is no such submission.
        """
        await self.database.value(_NOTE_ABSENCE, id=submission_id, absent=False)

    async def note_obstacle(self, submission_id: UUID, obstacle: str) -> None:
        """Record in the timeline, once, why the history cannot settle an unclear submission.

        Raises:
            RecordNotFound: There is no such submission.
        """
        await self.database.run("SELECT FROM note_obstacle(:id, :obstacle)", id=submission_id, obstacle=obstacle)

    async def adopt(self, submission_id: UUID, prediction_id: str, by: ResolvedBy) -> JobSnapshot:
        """Assign its prediction to an unclear submission.

        A fact (response, webhook) takes the prediction from a submission that only inferred it. An inference (history,
        person) changes nothing if the submission was settled meanwhile; nor does the history while another
        submission with the same request is open.

        Returns:
            The resulting job.

        Raises:
            RecordNotFound: There is no such submission.
            RecordConflict: `prediction_owned`: by inference, and another submission has it.
        """
        values = {"id": submission_id, "prediction_id": prediction_id, "by": by}
        return _counted(await self.database.mapping(_ADOPT, **values), by)

    async def prove_absent(self, submission_id: UUID, *, resubmit: bool) -> JobSnapshot:
        """Record that an unclear submission created nothing.

        The job fails as `submission_absent`; with `resubmit` it stays in `submit_unknown` without an open submission,
        so that its workflow submits again. Changes nothing if the submission was settled meanwhile.

        Raises:
            RecordNotFound: There is no such submission.
        """
        found = await self.database.mapping(_ABSENT, id=submission_id, resubmit=resubmit)
        return _counted(found, ResolvedBy.ABSENCE)

    async def decide(
        self,
        job_id: UUID,
        owner: str,
        decision: Decision,
        prediction_id: str | None = None,
        idempotency: IdempotencyKey | None = None,
        *,
        by: By = BY_ITSELF,
    ) -> tuple[Job, bool]:
        """Record a person's decision on a job in `submit_unknown`, and return whether this was a replay.

        `adopt` (with its prediction) and `resubmit` start a new deadline as long as the first.

        Raises:
            RecordNotFound: The job does not exist, or not for this owner.
            RecordConflict: `not_unclear`: no submission of the job is unclear; `prediction_owned`.
            IdempotencyMismatch, IdempotencyBusy: As for `JobStore.accept`.
        """
        values = {"job_id": job_id, "owner": owner, "decision": decision, "prediction_id": prediction_id}
        row = await once(self.database, _DECIDE, idempotency, **values, **by_values(by))
        if not row["replayed"]:
            unclear_resolved.labels(ResolvedBy.PERSON).inc()
        return to_row(Job, row), row["replayed"]


def _counted(found: RowMapping, by: ResolvedBy) -> JobSnapshot:
    """Return the resulting job; count its submission if it was unclear before and is not now."""
    job = job_snapshot(found)
    if found["state_before"] == SubmissionState.UNKNOWN and job.open_submission is not SubmissionState.UNKNOWN:
        unclear_resolved.labels(by).inc()
    return job
