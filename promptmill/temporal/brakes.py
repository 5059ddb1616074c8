"""The brake: Temporal's rate limit of a provider's queue, 0 for stopped. It survives restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit, TaskQueue, TaskQueueConfig
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    UpdateTaskQueueConfigRequest,
    UpdateTaskQueueConfigResponse,
)
from temporalio.client import Client

from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.names import grok_queue, wavespeed_queue

_RPC: Final = timedelta(seconds=5)
_QUEUES: Final = {"grok": grok_queue, "wavespeed": wavespeed_queue}
PROVIDERS: Final = tuple(_QUEUES)


class Brake(NamedTuple):
    """One provider's queue: the rate that an operator set (null: none; 0: stopped), why, who (empty: unknown), when."""

    provider: str
    queue: str
    per_second: float | None
    reason: str
    by: str = ""
    since: datetime | None = None

    @property
    def on(self) -> bool:
        """Whether nothing is submitted to the provider."""
        return self.per_second == 0


async def set_brake(
    client: Client, task_queue: str, provider: str, *, on: bool, reason: str, by: By = BY_ITSELF
) -> Brake:
    """Stop or release one provider's queue and return its state as Temporal reports it.

    Raises:
        RPCError: Temporal is unavailable, or does not allow it.
    """
    queue = _QUEUES[provider](task_queue)
    request = UpdateTaskQueueConfigRequest(
        namespace=client.namespace,
        identity=by.actor,
        task_queue=queue,
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        update_queue_rate_limit=UpdateTaskQueueConfigRequest.RateLimitUpdate(
            rate_limit=RateLimit(requests_per_second=0) if on else None, reason=reason
        ),
    )
    answer: UpdateTaskQueueConfigResponse = await client.workflow_service.update_task_queue_config(
        request, timeout=_RPC
    )
    # From this response: a read right after it may still return the configuration of before.
    return _brake(provider, queue, answer.config)


async def read_brake(client: Client, task_queue: str, provider: str) -> Brake:
    """Read one provider's brake from Temporal; its command line shows a rate of 0 as 'Not Set'.

    Raises:
        RPCError: Temporal is unavailable.
    """
    queue = _QUEUES[provider](task_queue)
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_config=True,
    )
    answer: DescribeTaskQueueResponse = await client.workflow_service.describe_task_queue(request, timeout=_RPC)
    return _brake(provider, queue, answer.config)


def _brake(provider: str, queue: str, config: TaskQueueConfig) -> Brake:
    limit = config.queue_rate_limit
    rate = limit.rate_limit.requests_per_second if limit.HasField("rate_limit") else None
    told = limit.metadata
    since = told.update_time.ToDatetime(UTC) if told.HasField("update_time") else None
    return Brake(provider, queue, rate, told.reason, told.update_identity, since)
