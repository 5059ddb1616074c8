"""Worker versions at Temporal: which release continues a workflow while two of them run side by side.

Media jobs and callbacks take long: they go on with whichever version is current, so changes of their steps are patched.
A prompt or a pass of the reconciler is over soon, and ends on the version that began it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from shlex import quote
from typing import Any, Final

from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from promptmill.config.settings import Settings
from promptmill.contracts.names import PROMPT_WORKFLOW, RECONCILE_WORKFLOW
from promptmill.version import installed_version

PINNED: Final = frozenset({PROMPT_WORKFLOW, RECONCILE_WORKFLOW})
"""The workflows that end on the version that began them."""

_RPC: Final = timedelta(seconds=5)


def worker_version(settings: Settings) -> WorkerDeploymentVersion | None:
    """Return the version that this worker is at Temporal; None if it has none."""
    if not settings.worker_versioning:
        return None
    return WorkerDeploymentVersion(settings.task_queue, settings.worker_build_id or installed_version())


def deployment_config(version: WorkerDeploymentVersion) -> WorkerDeploymentConfig:
    """Return what a worker of that version tells Temporal; `PinsShortWorkflows` says more of some workflows."""
    return WorkerDeploymentConfig(
        version=version,
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def waiting_version(client: Client, settings: Settings) -> str | None:
    """Return this worker's version if Temporal gives it nothing but what began on it; None if it is current or ramping.

    Raises:
        RPCError: Temporal is unavailable.
    """
    version = worker_version(settings)
    if version is None:
        return None
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=version.deployment_name)
    try:
        found = await client.workflow_service.describe_worker_deployment(request, timeout=_RPC)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return version.build_id  # the first one of its deployment
    routing = found.worker_deployment_info.routing_config
    served = {routing.current_deployment_version.build_id}
    if routing.ramping_version_percentage:
        served.add(routing.ramping_deployment_version.build_id)
    return None if version.build_id in served else version.build_id


def make_current(settings: Settings, build_id: str) -> str:
    """Return the command by which that version gets the work."""
    return (
        f"temporal worker deployment set-current-version --deployment-name {quote(settings.task_queue)} "
        f"--build-id {quote(build_id)}"
    )


class PinsShortWorkflows(WorkflowRunner):
    """A runner whose short workflows are pinned.

    Not in the decorators of the workflows, because Temporal refuses every workflow task of a worker without a version
    whose workflow has a behavior there.
    """

    def __init__(self, runner: WorkflowRunner) -> None:
        """Run workflows in that runner."""
        self._runner = runner

    def prepare_workflow(self, defn: Any) -> None:
        """Prepare it as the runner does."""
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Create it as the runner does, pinned if it is a short one."""
        if det.defn.name in PINNED:
            det = replace(det, defn=replace(det.defn, versioning_behavior=VersioningBehavior.PINNED))
        return self._runner.create_instance(det)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        """Pass them on."""
        self._runner.set_worker_level_failure_exception_types(types)
