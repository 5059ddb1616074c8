"""The names shared between processes: workflows, signals, ids, task queues, search attributes."""

from __future__ import annotations

from typing import Final
from uuid import UUID

JOB_WORKFLOW: Final = "GenerateMediaWorkflow"
PROMPT_WORKFLOW: Final = "GeneratePromptWorkflow"
RECONCILE_WORKFLOW: Final = "ReconcileWorkflow"
CALLBACK_WORKFLOW: Final = "DeliverCallbackWorkflow"
STORE_WORKFLOW: Final = "StoreOutputsWorkflow"
BATCH_WORKFLOW: Final = "RunBatchWorkflow"

DELIVER_RESULT: Final = "deliver_result"
"""Signal to a job: a webhook has arrived."""

DECIDE_SUBMISSION: Final = "decide_submission"
"""Signal to a job: a person has decided on its unclear submission."""

WAKE_BATCH: Final = "wake_batch"
"""Signal to a batch: the record has news of it."""

SUBMIT_MEDIA: Final = "submit_media"
"""The activity that makes the paid POST."""

DEFAULT_TASK_QUEUE: Final = "promptmill"

STATUS_ATTRIBUTE: Final = "JobStatus"
MODEL_ATTRIBUTE: Final = "Model"
OWNER_ATTRIBUTE: Final = "Owner"
"""Keyword search attributes. In Temporal every name begins with PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX."""

PRIORITY_ATTRIBUTE: Final = "Priority"
"""Int search attribute, the caller's 1-10 (10 first), not Temporal's key."""

CODEC: Final = "/api/temporal/codec"
"""Path of the API that decrypts payloads for Temporal's Web UI and command line."""

LOCAL_OWNER: Final = "local"
"""The first owner: of everything before there were others, and of whoever calls without a key."""


def job_workflow_id(job_id: UUID) -> str:
    """Return the workflow id of a job."""
    return f"job-{job_id}"


def prompt_workflow_id(prompt_job_id: UUID) -> str:
    """Return the workflow id of a stand-alone prompt job."""
    return f"prompt-{prompt_job_id}"


def callback_workflow_id(job_id: UUID) -> str:
    """Return the id of the workflow that delivers the callback of a job, or of a batch."""
    return f"callback-{job_id}"


def store_workflow_id(job_id: UUID) -> str:
    """Return the id of the workflow that stores a job's outputs."""
    return f"store-{job_id}"


def batch_workflow_id(batch_id: UUID) -> str:
    """Return the workflow id of a batch."""
    return f"batch-{batch_id}"


def reconcile_schedule_id(task_queue: str) -> str:
    """Return the id of an installation's schedule, distinguished by its task queue."""
    return f"{task_queue}-reconcile"


def grok_queue(task_queue: str) -> str:
    """Return the queue that carries the paid calls to Grok, and nothing else."""
    return f"{task_queue}-grok"


def wavespeed_queue(task_queue: str) -> str:
    """Return the queue that carries the paid calls to WaveSpeed, and nothing else."""
    return f"{task_queue}-wavespeed"


def outputs_queue(task_queue: str) -> str:
    """Return the queue that carries the fetching of outputs, and nothing else."""
    return f"{task_queue}-outputs"
