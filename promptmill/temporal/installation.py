"""What binds this installation to Temporal: the cluster it belongs to, its schedule, its search attributes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from temporalio.api.workflowservice.v1 import GetClusterInfoRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from promptmill.config.settings import Settings
from promptmill.contracts.access import BY_ITSELF, By
from promptmill.contracts.names import RECONCILE_WORKFLOW, reconcile_schedule_id
from promptmill.store import Store
from promptmill.temporal.search_attributes import AttributeGaps, register_search_attributes

_RPC: Final = timedelta(seconds=5)

CLUSTER_SWITCH: Final = "temporal_cluster_id"
NAMESPACE_SWITCH: Final = "temporal_namespace"


class TemporalIdentity(NamedTuple):
    """The Temporal that holds this installation's workflows."""

    cluster_id: str
    namespace: str


async def read_identity(client: Client) -> TemporalIdentity:
    """Read Temporal's identity.

    Raises:
        RPCError: Temporal is unavailable.
    """
    answer = await client.workflow_service.get_cluster_info(GetClusterInfoRequest(), timeout=_RPC)
    return TemporalIdentity(answer.cluster_id, client.namespace)


async def identity_problem(store: Store, client: Client) -> str | None:
    """Return in one sentence why this Temporal is not the one that the record belongs to, or None.

    On the wrong one every workflow looks gone, and closing rows on that basis would be a disaster.

    Raises:
        RPCError: Temporal is unavailable.
    """
    known = await _known_identity(store)
    if known is None:
        return None
    live = await read_identity(client)
    if live == known:
        return None
    return (
        f"This is Temporal cluster {live.cluster_id}, namespace {live.namespace}, but the record belongs to cluster "
        f"{known.cluster_id}, namespace {known.namespace}: check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or run "
        "`promptmill adopt-temporal` if the move is deliberate."
    )


async def _known_identity(store: Store) -> TemporalIdentity | None:
    switches = await store.operations.switches()
    values = [switches[name].value if name in switches else None for name in (CLUSTER_SWITCH, NAMESPACE_SWITCH)]
    return TemporalIdentity(*(value or "" for value in values)) if all(values) else None


async def adopt_identity(store: Store, client: Client, *, reason: str, by: By = BY_ITSELF) -> TemporalIdentity:
    """Make the current Temporal the one that the record belongs to.

    Raises:
        RPCError: Temporal is unavailable.
    """
    live = await read_identity(client)
    await store.operations.set_switch(CLUSTER_SWITCH, live.cluster_id, reason, by=by)
    await store.operations.set_switch(NAMESPACE_SWITCH, live.namespace, reason, by=by)
    return live


async def initialize(settings: Settings, store: Store, client: Client) -> AttributeGaps:
    """Set up what the installation needs in Temporal, and record its identity. Safe to repeat, also concurrently.

    Returns:
        The search attributes that could not be registered, or have another type.

    Raises:
        RPCError: Temporal is unavailable.
    """
    gaps = await register_search_attributes(client, settings.search_attribute_prefix)
    if await _known_identity(store) is None:
        await adopt_identity(store, client, reason="first start")
    await ensure_schedule(settings, client)
    return gaps


async def ensure_schedule(settings: Settings, client: Client) -> None:
    """Create the reconciler's schedule, or update an existing one to the settings.

    Raises:
        RPCError: Temporal is unavailable.
    """
    schedule = reconcile_schedule(settings)
    try:
        await client.create_schedule(reconcile_schedule_id(settings.task_queue), schedule, rpc_timeout=_RPC)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(reconcile_schedule_id(settings.task_queue))

        def adjust(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
            # An operator may have paused it: that state is kept, and an unchanged schedule is left alone.
            now = found.description.schedule
            action, wanted = now.action, schedule.action
            if isinstance(action, ScheduleActionStartWorkflow) and isinstance(wanted, ScheduleActionStartWorkflow):
                if now.spec.intervals == schedule.spec.intervals and action.run_timeout == wanted.run_timeout:
                    return None
                # What the restore guard stores there.
                wanted.memo = action.memo
            schedule.state = now.state
            return ScheduleUpdate(schedule=schedule)

        await handle.update(adjust, rpc_timeout=_RPC)


def reconcile_schedule(settings: Settings) -> Schedule:
    """Return the schedule of the reconciler's passes: never two at once, and never catching up on missed ones."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            RECONCILE_WORKFLOW,
            id=f"{settings.task_queue}-reconcile-pass",
            task_queue=settings.task_queue,
            run_timeout=timedelta(seconds=settings.reconcile_timeout_seconds),
            static_summary="Brings the record and Temporal back in line",
            # Temporal's command line cannot list a workflow that has a summary without details.
            static_details="One pass of the reconciler; its result says what it did.",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=settings.reconcile_seconds))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=10)),
    )
