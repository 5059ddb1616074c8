"""The only list of workflows and activities, and how each task queue is served."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from activities.callbacks import CallbackActivities
from activities.late import LateActivities
from activities.media import MediaActivities
from activities.pace import PollPace
from activities.prompts import PromptActivities
from activities.reconciliation import ReconciliationActivities
from activities.records import RecordActivities
from activities.resolution import ResolutionActivities
from activities.resolver import Resolver
from activities.submission import Sender
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.names import grok_queue, wavespeed_queue
from promptmill.providers.callbacks.signature import CallbackSigner
from promptmill.temporal import WorkflowSignaller
from promptmill.worker_resources import WorkerResources
from worker.errors import ErrorInterceptor
from workflows.deliver_callback import DeliverCallbackWorkflow
from workflows.generate_media import GenerateMediaWorkflow
from workflows.generate_prompt import GeneratePromptWorkflow
from workflows.reconcile import ReconcileWorkflow

WORKFLOWS: Final[Sequence[type]] = (
    GenerateMediaWorkflow,
    GeneratePromptWorkflow,
    DeliverCallbackWorkflow,
    ReconcileWorkflow,
)


@dataclass(frozen=True)
class Activities:
    """The activities: one object per external system."""

    prompts: PromptActivities
    media: MediaActivities
    records: RecordActivities
    resolution: ResolutionActivities
    late: LateActivities
    callbacks: CallbackActivities
    reconciliation: ReconciliationActivities


def build_activities(resources: WorkerResources) -> Activities:
    """Build the activities with their dependencies."""
    settings, store = resources.settings, resources.store
    pace = PollPace(
        count_open=store.operations.open_predictions,
        seconds={
            MediaKind.IMAGE: (settings.poll_image_seconds, settings.poll_image_max_seconds),
            MediaKind.VIDEO: (settings.poll_video_seconds, settings.poll_video_max_seconds),
        },
        polls_per_second=settings.polls_per_second,
    )
    sender = Sender(
        wavespeed=resources.wavespeed,
        account=resources.account,
        store=store,
        post_within=timedelta(seconds=settings.post_within_seconds),
        rate_limit_wait=timedelta(seconds=settings.rate_limit_wait_seconds),
        pace=settings.submission_pace,
        public_url=settings.published_url,
        poll_after=timedelta(seconds=settings.poll_after_seconds),
    )
    resolver = Resolver(
        wavespeed=resources.wavespeed,
        store=store,
        submit_timeout=timedelta(seconds=settings.submit_timeout_seconds),
        absent_after=timedelta(seconds=settings.absent_after_seconds),
        resubmit_when_absent=settings.resubmit_when_absent,
    )
    return Activities(
        prompts=PromptActivities(resources.grok, store, settings.grok_models),
        media=MediaActivities(
            wavespeed=resources.wavespeed,
            store=store,
            sender=sender,
            pace=pace,
            grace=timedelta(seconds=settings.prediction_grace_seconds),
        ),
        records=RecordActivities(store),
        resolution=ResolutionActivities(store, resolver),
        late=LateActivities(
            store=store,
            wavespeed=resources.wavespeed,
            resolver=resolver,
            signaller=WorkflowSignaller(resources.temporal),
            late_days=settings.late_days,
        ),
        callbacks=CallbackActivities(
            store=store,
            sender=resources.callbacks,
            signer=CallbackSigner.of(settings.callback_secret) if settings.callback_secret else None,
            give_up=timedelta(seconds=settings.callback_give_up_seconds),
            slots=asyncio.Semaphore(settings.callback_concurrency),
        ),
        reconciliation=ReconciliationActivities(
            store=store,
            client=resources.temporal,
            starter=resources.starter,
            task_queue=settings.task_queue,
            batch=settings.reconcile_batch,
            stop_after=settings.reconcile_stop_after,
            missing_confirm=timedelta(seconds=settings.missing_confirm_seconds),
            cancel_again=timedelta(seconds=settings.cancel_again_seconds),
            keep_days=settings.keep_days,
        ),
    )


def build_workers(resources: WorkerResources, workflow_runner: WorkflowRunner | None = None) -> list[Worker]:
    """Return one Temporal worker for each task queue that the settings name.

    Workflows run without a sandbox, which costs a worker a third of its time and finds mistakes of workflows' code
    only: tests find them, by running every workflow in `workflow_runner`, their sandbox.
    """
    settings, acts = resources.settings, build_activities(resources)
    build = {
        "workflows": lambda: _workflow_worker(resources, acts, workflow_runner or UnsandboxedWorkflowRunner()),
        "grok": lambda: _paid_worker(
            resources,
            grok_queue(settings.task_queue),
            acts.prompts.write_prompt,
            concurrency=settings.grok_concurrency,
            per_second=settings.grok_per_second,
        ),
        "wavespeed": lambda: _paid_worker(
            resources,
            wavespeed_queue(settings.task_queue),
            acts.media.submit_media,
            concurrency=settings.submission_pace.concurrency,
            # A rate that a 429 has lowered is held by the record.
            per_second=settings.submission_pace.per_second,
        ),
    }
    return [build[name]() for name in settings.worker_queues]


def _workflow_worker(resources: WorkerResources, acts: Activities, workflow_runner: WorkflowRunner) -> Worker:
    """Serve workflows and all unpaid activities: the record, results, the reconciler."""
    settings = resources.settings
    return Worker(
        resources.temporal,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[
            acts.records.begin_job,
            acts.records.advance_job,
            acts.records.begin_prompt_job,
            acts.records.change_prompt_job,
            acts.records.record_prompt,
            acts.records.settle_submission,
            acts.media.collect_result,
            acts.resolution.resolve_submission,
            acts.late.settle_late,
            acts.reconciliation.check_installation,
            acts.reconciliation.start_waiting,
            acts.reconciliation.send_cancels_again,
            acts.reconciliation.close_ended,
            acts.reconciliation.delete_expired,
            acts.reconciliation.start_callbacks,
            acts.callbacks.deliver_callback,
            acts.callbacks.end_callback,
        ],
        workflow_runner=workflow_runner,
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_workflow_tasks=settings.workflow_concurrency,
        max_concurrent_activities=settings.workflow_concurrency,
        max_concurrent_local_activities=settings.workflow_concurrency,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings.sticky_seconds),
        **_common(resources),
    )


def _paid_worker(
    resources: WorkerResources, queue: str, activity: Any, *, concurrency: int, per_second: float
) -> Worker:
    """Serve a queue that carries one kind of paid call only, so that rate, priority and brake apply to nothing else."""
    return Worker(
        resources.temporal,
        task_queue=queue,
        activities=[activity],
        max_concurrent_activities=concurrency,
        max_task_queue_activities_per_second=per_second,
        # Cancels arrive with heartbeats, which the SDK would throttle to most of their timeout.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
        **_common(resources),
    )


def _common(resources: WorkerResources) -> dict[str, Any]:
    settings = resources.settings
    return {
        "interceptors": [ErrorInterceptor()],
        # Eager activities bypass queue rates, priorities and brakes.
        "disable_eager_activity_execution": True,
        "graceful_shutdown_timeout": timedelta(seconds=settings.shutdown_seconds),
    }
