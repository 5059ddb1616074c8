"""What Temporal knows of our task queues: who polls them, who gets their work, and whether an operator stopped them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from api.schemas.installation import QueueReport
from promptmill.contracts.names import grok_queue, wavespeed_queue

UNVERSIONED: Final = "(none)"
"""What the version of workers that have none is called."""


def queues_of(task_queue: str) -> tuple[tuple[str, TaskQueueType.ValueType], ...]:
    """Return each queue with the kind of pollers that serves it."""
    return (
        (task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (grok_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        (wavespeed_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    )


async def ask_queue(client: Client, name: str, kind: TaskQueueType.ValueType, patience: timedelta) -> QueueReport:
    """Ask Temporal for one queue.

    Raises:
        RPCError: Temporal is unavailable.
    """
    answer: DescribeTaskQueueResponse = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=name), task_queue_type=kind, report_config=True
        ),
        timeout=patience,
    )
    rate = answer.config.queue_rate_limit
    per_second = rate.rate_limit.requests_per_second if rate.HasField("rate_limit") else None
    current = _build_id(answer.versioning_info.current_deployment_version)
    ramping = _build_id(answer.versioning_info.ramping_deployment_version)
    polling = [_version_of(poller) for poller in answer.pollers]
    served = {current} | ({ramping} if answer.versioning_info.ramping_version_percentage else set())
    return QueueReport(
        name=name,
        pollers=sum(version in served for version in polling),
        version=current,
        other_versions=sorted({version or UNVERSIONED for version in polling if version not in served}),
        per_second=per_second,
        stopped=per_second == 0,
        reason=(rate.metadata.reason or None) if per_second is not None else None,
        by=(rate.metadata.update_identity or None) if per_second is not None else None,
    )


def queue_problems(queues: Sequence[QueueReport]) -> list[str]:
    """Return a sentence for each queue whose work nobody takes."""
    return [_problem(queue) for queue in queues if queue.pollers == 0]


def _problem(queue: QueueReport) -> str:
    if not queue.other_versions:
        return f"No worker polls {queue.name}: start `python -m worker`."
    wanted = "of workers without a version" if queue.version is None else f"of version {queue.version}"
    return (
        f"No worker that polls {queue.name} gets its work, which is that {wanted}; there are workers of version "
        f"{', '.join(queue.other_versions)}. Make it the current one: docs/deployment.md, 'Worker versions'."
    )


def _build_id(version: WorkerDeploymentVersion) -> str | None:
    return version.build_id or None


def _version_of(poller: PollerInfo) -> str | None:
    options = poller.deployment_options
    versioned = options.worker_versioning_mode == WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    return options.build_id if versioned else None
