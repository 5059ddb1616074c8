"""What Temporal knows of our task queues: who polls them, who gets their work, and whether an operator stopped them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client

from api.schemas.installation import QueueReport
from promptmill.contracts.names import grok_queue, outputs_queue, wavespeed_queue

UNVERSIONED: Final = "(none)"
"""What the version of workers that have none is called."""

_ALL: Final = 100
"""Percent: a version that ramps so far leaves the current one nothing."""


def queues_of(task_queue: str, *, outputs: bool) -> tuple[tuple[str, TaskQueueType.ValueType], ...]:
    """Return each queue with the kind of pollers that serves it; that of outputs only if they are stored."""
    return (
        (task_queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
        (grok_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        (wavespeed_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        *([(outputs_queue(task_queue), TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)] if outputs else []),
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
    served = _served(answer.versioning_info)
    polling = Counter(_version_of(poller) for poller in answer.pollers)
    return QueueReport(
        name=name,
        pollers=min(polling[version] for version in served),
        version=current,
        other_versions=sorted(version or UNVERSIONED for version in polling if version not in served),
        unserved=sorted(version or UNVERSIONED for version in served if not polling[version]),
        per_second=per_second,
        stopped=per_second == 0,
        reason=(rate.metadata.reason or None) if per_second is not None else None,
        by=(rate.metadata.update_identity or None) if per_second is not None else None,
    )


def queue_problems(queues: Sequence[QueueReport]) -> list[str]:
    """Return a sentence for each queue whose work nobody takes."""
    return [_problem(queue) for queue in queues if queue.pollers == 0]


def _problem(queue: QueueReport) -> str:
    name, manual = queue.name, "docs/deployment.md, 'Worker versions'"
    if queue.other_versions:
        wanted = " and ".join(
            "of workers without a version" if each == UNVERSIONED else f"of version {each}" for each in queue.unserved
        )
        return (
            f"No worker that polls {name} gets its work, which is that {wanted}; there are workers of version "
            f"{', '.join(queue.other_versions)}. Make it the current one: {manual}."
        )
    if queue.unserved == [UNVERSIONED]:
        return f"No worker polls {name}: start `python -m worker`."
    return (
        f"No worker of version {' or '.join(queue.unserved)} polls {name}, and what is its work waits: start one, or "
        f"give the work to another version: {manual}."
    )


def _served(routing: TaskQueueVersioningInfo) -> set[str | None]:
    """Return the versions that get a queue's work; None for workers without one."""
    share = routing.ramping_version_percentage
    current = {_build_id(routing.current_deployment_version)} if share < _ALL else set()
    return current | ({_build_id(routing.ramping_deployment_version)} if share else set())


def _build_id(version: WorkerDeploymentVersion) -> str | None:
    return version.build_id or None


def _version_of(poller: PollerInfo) -> str | None:
    options = poller.deployment_options
    versioned = options.worker_versioning_mode == WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    return options.build_id if versioned else None
