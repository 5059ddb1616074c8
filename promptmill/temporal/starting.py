"""Starts the workflows of accepted rows, idempotently."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from structlog.contextvars import bound_contextvars
from temporalio.client import Client
from temporalio.common import Priority, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from promptmill.config.settings import Settings
from promptmill.contracts.batches import BatchInput
from promptmill.contracts.callbacks import CallbackInput
from promptmill.contracts.errors import cut
from promptmill.contracts.jobs import JobInput, JobStatus
from promptmill.contracts.names import (
    BATCH_WORKFLOW,
    CALLBACK_WORKFLOW,
    JOB_WORKFLOW,
    PROMPT_WORKFLOW,
    STORE_WORKFLOW,
    WAKE_BATCH,
    batch_workflow_id,
    callback_workflow_id,
    job_workflow_id,
    prompt_workflow_id,
    store_workflow_id,
)
from promptmill.contracts.outputs import StoreInput
from promptmill.contracts.prompts import PromptRequest
from promptmill.store.batches import DueBatch
from promptmill.temporal.search_attributes import search_attribute_gaps, search_attributes, wanted_search_attributes

FAIRNESS_KEY_BYTES = 64
SUMMARY_CHARACTERS = 100


def priority_key(priority: int, levels: int) -> int:
    """Return Temporal's key (1 first) for our priority (10 first) on a server with that many levels.

    A server silently clamps keys beyond its levels, so the ten priorities are spread over the ones it has.
    """
    return ceil((11 - priority) * levels / 10)


@dataclass
class WorkflowStarter:
    """Starts workflows under ids derived from their rows, so that Temporal refuses every duplicate start."""

    client: Client
    task_queue: str
    priority_levels: int
    attribute_prefix: str = ""
    _registered: frozenset[str] | None = field(default=None, init=False)

    async def start_job(self, job: JobInput, *, patience: timedelta) -> None:
        """Start a job's workflow, unless it is started already.

        Raises:
            RPCError: Temporal is unavailable.
        """
        await self._start(
            JOB_WORKFLOW,
            job,
            workflow_id=job_workflow_id(job.job_id),
            model=job.model,
            summary=f"{job.model}: {job.prompt or job.instructions or 'from images'}",
            details=_details(job),
            patience=patience,
        )

    async def start_prompt_job(self, request: PromptRequest, *, patience: timedelta) -> None:
        """Start the workflow of a stand-alone prompt job, unless it is started already.

        Raises:
            RPCError: Temporal is unavailable.
        """
        await self._start(
            PROMPT_WORKFLOW,
            request,
            workflow_id=prompt_workflow_id(request.prompt_job_id),
            model=None,
            summary=f"{request.operation}: {request.instructions or request.existing_prompt or 'from images'}",
            details=f"Prompt job `{request.prompt_job_id}` of {request.owner}, due {request.deadline_at:%F %T} UTC.",
            patience=patience,
        )

    async def wake_batch(self, batch: DueBatch, *, patience: timedelta) -> None:
        """Tell a batch's workflow that there is news, and start it if it does not run.

        Raises:
            RPCError: Temporal is unavailable.
        """
        attributes = await self._attributes(batch, status=None, model=None)
        with bound_contextvars(owner=batch.owner):
            await self.client.start_workflow(
                BATCH_WORKFLOW,
                BatchInput(batch_id=batch.id),
                id=batch_workflow_id(batch.id),
                task_queue=self.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=WAKE_BATCH,
                priority=self._priority(batch),
                search_attributes=attributes,
                # Not its name: an erasure leaves nothing of an owner's words here.
                static_summary=f"batch {batch.id}",
                static_details=f"Batch `{batch.id}` of {batch.owner}, priority {batch.priority} of 10.",
                rpc_timeout=patience,
            )

    async def start_callback(self, job_id: UUID, *, patience: timedelta, of_batch: bool = False) -> None:
        """Start the workflow that delivers the callback of an ended job or batch, unless it is started already.

        Raises:
            RPCError: Temporal is unavailable.
        """
        await self._start_follower(
            CALLBACK_WORKFLOW,
            CallbackInput(job_id=job_id, of_batch=of_batch),
            workflow_id=callback_workflow_id(job_id),
            reuse=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            summary=f"callback of {'batch' if of_batch else 'job'} {job_id}",
            details=f"Delivers the end of {'batch' if of_batch else 'job'} `{job_id}` to its `callbackUrl`.",
            patience=patience,
        )

    async def start_storing(self, job_id: UUID, *, patience: timedelta) -> None:
        """Start the workflow that stores a job's outputs, unless it is running.

        Raises:
            RPCError: Temporal is unavailable.
        """
        await self._start_follower(
            STORE_WORKFLOW,
            StoreInput(job_id=job_id),
            workflow_id=store_workflow_id(job_id),
            reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            summary=f"outputs of job {job_id}",
            details=f"Stores the outputs of job `{job_id}`.",
            patience=patience,
        )

    async def _start_follower(
        self,
        workflow: str,
        message: CallbackInput | StoreInput,
        *,
        workflow_id: str,
        reuse: WorkflowIDReusePolicy,
        summary: str,
        details: str,
        patience: timedelta,
    ) -> None:
        with suppress(WorkflowAlreadyStartedError):
            await self.client.start_workflow(
                workflow,
                message,
                id=workflow_id,
                task_queue=self.task_queue,
                id_reuse_policy=reuse,
                static_summary=summary,
                # Temporal's command line cannot list a workflow that has a summary without details.
                static_details=details,
                rpc_timeout=patience,
            )

    async def _start(
        self,
        workflow: str,
        message: JobInput | PromptRequest,
        *,
        workflow_id: str,
        model: str | None,
        summary: str,
        details: str,
        patience: timedelta,
    ) -> None:
        attributes = await self._attributes(message, status=JobStatus.QUEUED, model=model)
        with suppress(WorkflowAlreadyStartedError), bound_contextvars(owner=message.owner):
            await self.client.start_workflow(
                workflow,
                message,
                id=workflow_id,
                task_queue=self.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                priority=self._priority(message),
                search_attributes=attributes,
                static_summary=cut(summary, SUMMARY_CHARACTERS),
                static_details=details,
                rpc_timeout=patience,
            )

    def _priority(self, of: JobInput | PromptRequest | DueBatch) -> Priority:
        return Priority(
            priority_key=priority_key(of.priority, self.priority_levels),
            fairness_key=_cut_bytes(of.owner, FAIRNESS_KEY_BYTES),
        )

    async def _attributes(
        self, of: JobInput | PromptRequest | DueBatch, *, status: JobStatus | None, model: str | None
    ) -> TypedSearchAttributes:
        return search_attributes(
            await self._known_attributes(),
            self.attribute_prefix,
            status=status,
            owner=of.owner,
            priority=of.priority,
            model=model,
        )

    async def _known_attributes(self) -> frozenset[str]:
        """Return the registered search attributes, queried until all exist: they may be registered later."""
        wanted = frozenset(wanted_search_attributes(self.attribute_prefix))
        if self._registered != wanted:
            try:
                gaps = await search_attribute_gaps(self.client, self.attribute_prefix)
                self._registered = wanted - gaps.names
            except RPCError:
                self._registered = self._registered or frozenset()
        return self._registered


def create_starter(settings: Settings, client: Client) -> WorkflowStarter:
    """Return the starter of this installation's workflows."""
    return WorkflowStarter(
        client, settings.task_queue, settings.temporal_priority_levels, settings.search_attribute_prefix
    )


def _details(job: JobInput) -> str:
    """Return what the Web UI shows above a job's history, in Markdown."""
    lines: list[tuple[str, Any]] = [
        ("Job", f"`{job.job_id}` of {job.owner}, priority {job.priority} of 10"),
        ("Model", f"`{job.model}` ({job.provider_mode})"),
        ("Prompt", "written by Grok first" if job.use_ai_prompt else "given by the caller"),
        ("Deadline", f"{job.deadline_at:%F %T} UTC"),
    ]
    return "\n".join(f"* **{name}:** {value}" for name, value in lines)


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")
