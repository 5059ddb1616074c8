"""How batches and their rows are shown."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from api.batches.intake import Accepted
from api.http.errors import invalid
from api.jobs.reading import Addresses, usd
from api.jobs.sentences import error_answer
from api.jobs.stored import output_answers
from api.schemas.batch_runs import BatchAnswer, CreatedBatch, ProposalAnswer, RetriedBatch, RowAnswer, RowCounts
from api.schemas.batches import FaultAnswer
from promptmill.contracts.batches import ProposalState
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store import Store
from promptmill.store.batches import BatchRowSeen, Proposal
from sql.models import Batch, StoredOutput

_Shown = TypeVar("_Shown", bound=BatchAnswer)


async def batch_answers(store: Store, batches: Sequence[Batch]) -> list[BatchAnswer]:
    """Return batches with the counts of their rows, and what is to be approved."""
    ids = [batch.id for batch in batches]
    counts, proposals = await store.batches.counts(ids), await store.batches.proposals(ids)
    return [_shown(BatchAnswer, batch, counts, proposal=_proposal(proposals.get(batch.id))) for batch in batches]


async def created_answer(store: Store, accepted: Accepted) -> CreatedBatch:
    """Return a batch as it was accepted."""
    counts = await store.batches.counts([accepted.batch.id])
    return _shown(
        CreatedBatch,
        accepted.batch,
        counts,
        proposal=_proposal((await store.batches.proposals([accepted.batch.id])).get(accepted.batch.id)),
        added_rows=accepted.added,
        faults=accepted.report.told(),
        fault_count=accepted.report.fault_count,
    )


async def retried_answer(store: Store, batch: Batch, retried: int) -> RetriedBatch:
    """Return a batch whose failed rows are tried again."""
    counts = await store.batches.counts([batch.id])
    return _shown(RetriedBatch, batch, counts, proposal=None, retried_rows=retried)


async def row_answers(store: Store, addresses: Addresses, rows: Sequence[BatchRowSeen]) -> list[RowAnswer]:
    """Return rows with what has become of them, and with our copies of their outputs."""
    copies = await store.outputs.of_jobs(row.job_id for row in rows if row.job_id is not None and row.outputs)
    return [_row(row, copies.get(row.job_id, ()) if row.job_id else (), addresses) for row in rows]


def _row(row: BatchRowSeen, copies: Sequence[StoredOutput], addresses: Addresses) -> RowAnswer:
    address = partial(addresses.output, row.job_id) if row.job_id is not None else lambda _index, _shown: ""
    return RowAnswer(
        number=row.number,
        key=row.key,
        state=row.state,
        values=row.given,
        job_id=row.job_id,
        status=row.status,
        error=None if row.status == JobStatus.COMPLETED else error_answer(row.reason_code, row.error),
        prompt=row.prompt,
        outputs=output_answers(row.outputs, copies, address),
        cost_usd=usd(row.cost_usd),
        kept=row.kept,
        faults=[FaultAnswer.model_validate(fault) for fault in row.faults],
    )


def _proposal(found: Proposal | None) -> ProposalAnswer | None:
    """Return the prompts that are to be approved, or why there are none."""
    if found is None:
        return None
    problem = None
    state = ProposalState.FAILED
    if found.status is None:
        problem = "What Grok wrote was deleted after its time."
    elif found.status in (PromptJobStatus.QUEUED, PromptJobStatus.PROCESSING):
        state = ProposalState.WRITING
    elif found.status == PromptJobStatus.COMPLETED and found.prompts:
        state = ProposalState.READY
        if len(found.prompts) < (found.wanted or 0):
            problem = f"Grok wrote {len(found.prompts)} different prompts, not {found.wanted}."
    else:
        error = error_answer(found.reason_code, found.error)
        problem = error.message if error else "Grok wrote no prompt."
    return ProposalAnswer(
        state=state,
        prompt_job_id=found.prompt_job_id,
        rows=found.rows,
        wanted=found.wanted or 0,
        prompts=[*found.prompts] if state is ProposalState.READY else [],
        problem=problem,
    )


def row_cursor(number: int, key: str) -> str:
    """Return the cursor of a page whose last row this is."""
    return base64.urlsafe_b64encode(json.dumps([number, key]).encode()).decode().rstrip("=")


def read_row_cursor(cursor: str) -> tuple[int, str]:
    """Return number and key of the previous page's last row.

    Raises:
        Refused: The cursor is not one of ours.
    """
    wrong = invalid("/query/cursor", "Not a valid cursor: pass nextCursor unchanged.")
    try:
        found = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise wrong from None
    if not (isinstance(found, list) and [type(part) for part in found] == [int, str]):
        raise wrong
    number, key = found
    if not 0 <= number < 2**31 or "\x00" in key or row_cursor(number, key) != cursor:
        raise wrong
    return number, key


def _shown(shape: type[_Shown], batch: Batch, counts: Mapping[UUID, Mapping[str, int]], **own: object) -> _Shown:
    rows = RowCounts.model_validate(counts[batch.id])
    left = batch.max_cost_usd - batch.spent_usd - batch.reserved_usd
    return shape.built_from(
        batch,
        batch_id=batch.id,
        model=batch.template.get("model"),
        rows=sum(counts[batch.id].values()),
        counts=rows,
        max_cost_usd=float(batch.max_cost_usd),
        spent_usd=float(batch.spent_usd),
        reserved_usd=float(batch.reserved_usd),
        left_usd=max(float(left), 0.0),
        **own,
    )
