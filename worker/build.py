"""The only list of workflows and activities, and how each task queue is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from activities.batches import BatchActivities
from activities.bills import BillReader
from activities.callback_places import CallbackPlaces
from activities.callbacks import CallbackActivities
from activities.erasures import ErasureActivities
from activities.late import LateActivities
from activities.looks import Pauses
from activities.media import MediaActivities
from activities.outputs import OutputActivities
from activities.pace import PollPace
from activities.prompts import PromptActivities
from activities.quotes import Quotes
from activities.reconciliation import ReconciliationActivities
from activities.records import RecordActivities
from activities.resolution import ResolutionActivities
from activities.resolver import Resolver
from activities.results import ResultReader
from activities.storage import StorageActivities
from activities.submission import Sender
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.names import grok_queue, outputs_queue, wavespeed_queue
from promptmill.providers.callbacks.signature import CallbackSigner
from promptmill.temporal import WorkflowSignaller
from promptmill.worker_resources import WorkerResources
from worker.errors import ErrorInterceptor
from worker.planner import Planner
from worker.reader import Reader
from worker.reconciler_meter import ReconcilerMeter
from worker.versions import PinsShortWorkflows, deployment_config, worker_version
from worker.waker import BatchWaker
from workflows.deliver_callback import DeliverCallbackWorkflow
from workflows.generate_media import GenerateMediaWorkflow
from workflows.generate_prompt import GeneratePromptWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.run_batch import RunBatchWorkflow
from workflows.store_outputs import StoreOutputsWorkflow

WORKFLOWS: Final[Sequence[type]] = (
    GenerateMediaWorkflow,
    GeneratePromptWorkflow,
    DeliverCallbackWorkflow,
    StoreOutputsWorkflow,
    ReconcileWorkflow,
    RunBatchWorkflow,
)


@dataclass(frozen=True)
class Activities:
    """The activities: one object per external system."""

    prompts: PromptActivities
    media: MediaActivities
    records: RecordActivities
    resolution: ResolutionActivities
    erasures: ErasureActivities
    late: LateActivities
    callbacks: CallbackActivities
    reconciliation: ReconciliationActivities
    storage: StorageActivities
    batches: BatchActivities
    outputs: OutputActivities | None


def build_activities(resources: WorkerResources, on_accepted: Callable[[], None] = lambda: None) -> Activities:
    """Build the activities with their dependencies. `on_accepted` is called when a prediction is to be read."""
    settings, store = resources.settings, resources.store
    pace = PollPace(
        count_open=store.operations.open_predictions,
        pauses={
            MediaKind.IMAGE: Pauses(settings.poll_image_seconds, settings.poll_image_max_seconds),
            MediaKind.VIDEO: Pauses(settings.poll_video_seconds, settings.poll_video_max_seconds),
        },
        polls_per_second=settings.polls_per_second,
    )
    sender = Sender(
        wavespeed=resources.wavespeed,
        quotes=Quotes(resources.account.offer),
        unknown_price=settings.unknown_price_usd,
        store=store,
        post_within=timedelta(seconds=settings.post_within_seconds),
        rate_limit_wait=timedelta(seconds=settings.rate_limit_wait_seconds),
        pace=settings.submission_pace,
        public_url=settings.published_url,
        poll_after=timedelta(seconds=settings.poll_after_seconds),
        on_accepted=on_accepted,
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
            sender,
            ResultReader(resources.wavespeed, store, grace=timedelta(seconds=settings.prediction_grace_seconds)),
            pace,
        ),
        records=RecordActivities(store),
        resolution=ResolutionActivities(store, resolver),
        erasures=ErasureActivities(
            store, resources.temporal, resources.wavespeed, stores_outputs=resources.storage is not None
        ),
        late=LateActivities(
            store=store,
            wavespeed=resources.wavespeed,
            resolver=resolver,
            signaller=WorkflowSignaller(resources.temporal),
            late_days=settings.late_days,
            bills=BillReader(store, resources.account, settings.bill_days),
        ),
        callbacks=CallbackActivities(
            store=store,
            sender=resources.callbacks,
            signer=CallbackSigner.of(settings.callback_secret) if settings.callback_secret else None,
            give_up=timedelta(seconds=settings.callback_give_up_seconds),
            places=CallbackPlaces(
                in_all=settings.callback_concurrency,
                per_host=settings.callback_concurrency_per_host,
                per_owner=settings.callback_concurrency_per_owner,
            ),
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
            webhook_days=settings.webhook_days,
            idempotency_days=settings.idempotency_days,
            audit_days=settings.audit_days,
        ),
        storage=StorageActivities(store, resources.storage, resources.starter),
        batches=BatchActivities(store, resources.starter, settings.open_jobs_per_owner),
        outputs=None
        if resources.storage is None
        else OutputActivities(
            store, resources.storage, resources.fetcher, resources.renderer, settings.outputs_max_bytes
        ),
    )


class Part(Protocol):
    """What a worker consists of: it runs until it is shut down, which lets running work finish."""

    async def run(self) -> None:
        """Run until `shutdown`."""

    async def shutdown(self) -> None:
        """Take nothing new; return when what was running is done."""


def build_parts(resources: WorkerResources, workflow_runner: WorkflowRunner | None = None) -> list[Part]:
    """Return one Temporal worker for each task queue that the settings name, and beside that of workflows the reader.

    Workflows run without a sandbox, which costs a worker a third of its time and finds mistakes of workflows' code
    only: tests find them, by running every workflow in `workflow_runner`, their sandbox.
    """
    woken = asyncio.Event()
    settings, acts = resources.settings, build_activities(resources, woken.set)
    build: dict[str, Callable[[], list[Part]]] = {
        "workflows": lambda: [
            _workflow_worker(resources, acts, workflow_runner or UnsandboxedWorkflowRunner()),
            build_reader(resources, acts.media, woken),
            build_waker(resources),
        ],
        "grok": lambda: [
            _paid_worker(
                resources,
                grok_queue(settings.task_queue),
                acts.prompts.write_prompt,
                concurrency=settings.grok_concurrency,
                per_second=settings.grok_per_second,
            )
        ],
        "wavespeed": lambda: [
            _paid_worker(
                resources,
                wavespeed_queue(settings.task_queue),
                acts.media.submit_media,
                concurrency=settings.submission_pace.concurrency,
                # A rate that a 429 has lowered is held by the record.
                per_second=settings.submission_pace.per_second,
            )
        ],
        "outputs": lambda: _output_workers(resources, acts.outputs),
    }
    return [part for name in settings.worker_queues for part in build[name]()]


def build_reader(resources: WorkerResources, media: MediaActivities, woken: asyncio.Event) -> Reader:
    """Return the loop that reads results; setting the event makes it look at once."""
    settings, store = resources.settings, resources.store
    return Reader(
        readings=store.readings,
        operations=store.operations,
        results=media.results,
        planner=Planner(store.pace, media.pace, settings.poll_after_seconds if settings.published_url else 0),
        signaller=WorkflowSignaller(resources.temporal),
        database_url=settings.require_direct_database_url(),
        per_second=settings.polls_per_second,
        drain=timedelta(seconds=settings.shutdown_seconds),
        woken=woken,
    )


def build_waker(resources: WorkerResources) -> BatchWaker:
    """Return the loop that wakes batches whose jobs have ended."""
    return BatchWaker(
        operations=resources.store.operations,
        signaller=WorkflowSignaller(resources.temporal),
        database_url=resources.settings.require_direct_database_url(),
    )


def _workflow_worker(resources: WorkerResources, acts: Activities, workflow_runner: WorkflowRunner) -> Worker:
    """Serve workflows and all unpaid activities: the record, results, the reconciler."""
    settings = resources.settings
    if settings.worker_versioning:
        workflow_runner = PinsShortWorkflows(workflow_runner)
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
            acts.erasures.erase_pending,
            acts.late.settle_late,
            acts.storage.tend_storage,
            acts.reconciliation.check_installation,
            acts.reconciliation.start_waiting,
            acts.reconciliation.send_cancels_again,
            acts.reconciliation.close_ended,
            acts.reconciliation.delete_expired,
            acts.reconciliation.warn_of_budgets,
            acts.reconciliation.start_callbacks,
            acts.reconciliation.wake_batches,
            acts.batches.feed_batch,
            acts.batches.cancel_batch,
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


def _output_workers(resources: WorkerResources, outputs: OutputActivities | None) -> list[Part]:
    """Serve the fetching of outputs apart from everything else, so that no download delays paid work."""
    if outputs is None:
        return []
    worker = Worker(
        resources.temporal,
        task_queue=outputs_queue(resources.settings.task_queue),
        activities=[outputs.store_outputs],
        max_concurrent_activities=resources.settings.outputs_concurrency,
        **_common(resources),
    )
    return [worker]


def _common(resources: WorkerResources) -> dict[str, Any]:
    settings = resources.settings
    version = worker_version(settings)
    return {
        "deployment_config": None if version is None else deployment_config(version),
        "interceptors": [ErrorInterceptor(), ReconcilerMeter()],
        # Eager activities bypass queue rates, priorities and brakes.
        "disable_eager_activity_execution": True,
        "graceful_shutdown_timeout": timedelta(seconds=settings.shutdown_seconds),
    }
