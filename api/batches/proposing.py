"""Batches whose prompts Grok proposes: one question first, and the rows once a person has approved prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from api.batches.checking import CheckedRow, Checker, in_template, refuse_template
from api.batches.intake import Accepted, new_batch, open_table
from api.http.errors import Refused
from api.http.strict_json import canonical
from api.jobs.acceptance import job_of, judged
from api.jobs.starting import start_prompt_job
from api.schemas.batch_runs import CreateBatch
from api.schemas.batches import BatchSource
from api.schemas.jobs import CreateJob
from promptmill.api_resources import ApiResources
from promptmill.contracts.access import By
from promptmill.contracts.batches import NewProposal
from promptmill.contracts.prompts import PromptJobStatus, PromptSource
from promptmill.contracts.store import NewPromptJob
from promptmill.job_lines import prompt_job_changed
from promptmill.store.batches import Proposal


@dataclass(frozen=True)
class Proposing:
    """Has prompts proposed, and takes their approval, for one owner.

    Attributes:
        by: Who asks, for the audit log.
    """

    resources: ApiResources
    checker: Checker
    by: By

    async def propose(self, request: CreateBatch, *, key: str | None) -> Accepted:
        """Store a batch without rows, and ask Grok for its prompts. Safe to repeat with the same key.

        Raises:
            Refused: `faulty_rows`, or as `Checker.rows`. Nothing was stored.
            IntakeStopped, AiPromptsOff, BudgetExhausted, OwnerPaused, QueueFull: As for a prompt job. Nothing was
                stored.
            RecordConflict: `batch_ended`, `batch_differs`, `too_many`.
        """
        with open_table() as table:
            async for row in self.checker.rows(request.filled_template(), request.lines):
                table.take(row)
            table.refuse(skip_faulty=False)
        source = request.source()
        question = await self._question(request)
        proposal = NewProposal(
            prompt_job=question,
            rows=table.report.good,
            request=source,
            request_hash=hashlib.sha256(canonical(source).encode()).hexdigest(),
            most=self.checker.limits.open_jobs,
        )
        wanted = new_batch(request, key=key, key_id=self.checker.key_id, owner=self.checker.owner)
        wanted = wanted.model_copy(update={"asks_grok": True, "proposal": proposal})
        batch, created = await self.resources.store.batches.create(wanted, by=self.by)
        if created:
            asked = await self.resources.store.prompts.get(question.id, owner=batch.owner)
            prompt_job_changed(asked.id, asked.status, owner=asked.owner)
            await start_prompt_job(self.resources, asked)
        return Accepted(batch, 0, table.report, new=created)

    async def approve(self, batch_id: UUID, prompts: Sequence[str]) -> Accepted:
        """Make each row of a batch's table with each of these prompts. Safe to repeat with the same ones.

        The table is checked again before anything changes: WaveSpeed's list may have, or the prompts may not fit.
        Whatever interrupts it, nothing is made before all rows are stored: the same approval goes on from there.

        Raises:
            Refused: `faulty_rows`, or as `Checker.rows`. Nothing was stored.
            RecordNotFound: There is no such batch, or not for this owner.
            RecordConflict: `batch_approved`, `batch_ended`.
        """
        batches = self.resources.store.batches
        batch = await batches.get(batch_id, owner=self.checker.owner)
        proposal = (await batches.proposals([batch_id])).get(batch_id)
        with open_table() as table:
            if proposal is not None:
                source = BatchSource.model_validate(proposal.request)
                template = source.filled_template() | {"priority": batch.priority} | _names_question(proposal)
                known = await batches.row_keys(batch.owner, batch_id=batch_id)
                async for row in self.checker.rows(template, partial(source.lines, prompts), known=known):
                    table.take(_with_source(row, proposal) if isinstance(row, CheckedRow) else row)
                table.refuse(skip_faulty=False)
            batch = await batches.approve(batch_id, prompts, owner=self.checker.owner, by=self.by)
            if proposal is None:
                return Accepted(batch, 0, table.report, new=False)
            return await table.store(batch, self.resources.store)

    async def _question(self, request: CreateBatch) -> NewPromptJob:
        """Return what is asked of Grok.

        Raises:
            Refused: The template says not what to write, or names what is not there; with pointers into it.
        """
        body = {**request.template, "useAiPrompt": True, "priority": request.used_priority()}
        refuse_template(body, filled_by_rows=False)
        job = CreateJob.model_validate(body)
        checker = self.checker
        try:
            pictures = await judged(job, for_grok=True, settings=checker.settings, catalogue=checker.catalogue)
        except Refused as refused:
            raise in_template(refused) from None
        references = await checker.references(job)
        made = await job_of(
            job,
            pictures,
            references,
            owner=checker.owner,
            key_id=checker.key_id,
            settings=checker.settings,
            catalogue=checker.catalogue,
        )
        assert made.prompt_job is not None, "the body asks for a prompt"
        return made.prompt_job.model_copy(update={"wanted_variants": request.proposed})


def _names_question(proposal: Proposal) -> dict[str, Any]:
    """Return what makes jobs say which question their prompts come from, if it was answered."""
    answered = proposal.status == PromptJobStatus.COMPLETED and proposal.prompts
    return {"promptJobId": str(proposal.prompt_job_id)} if answered else {}


def _with_source(row: CheckedRow, proposal: Proposal) -> CheckedRow:
    """Return a row whose job says which of the proposed prompts it has; any other text is an edited one already.

    What the row is told apart by does not name the question: Grok may answer it between an approval and its repetition.
    """
    body = {name: value for name, value in row.row.body.items() if name != "promptJobId"}
    row = replace(row, row=replace(row.row, body=body))
    if row.job.prompt_job_id is None or row.job.prompt not in proposal.prompts:
        return row
    its = {"prompt_source": PromptSource.GROK, "variant": proposal.prompts.index(row.job.prompt)}
    return replace(row, job=row.job.model_copy(update=its))
