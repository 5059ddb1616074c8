"""For operators and cron jobs: start waiting jobs, run the reconciler, see what is running."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from temporalio.service import RPCError

from api.access.scopes import needs
from api.dependencies import CallerDep, FeedDep, ReconcilerDep, ResourcesDep
from api.http.errors import problems
from api.installation.report import report_installation
from api.jobs.starting import start_stranded
from api.schemas.installation import InstallationReport
from api.schemas.operations import Dispatched, Reconciled
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordUnavailable, TemporalUnavailable
from promptmill.temporal.installation import initialize

router = APIRouter(prefix="/api", tags=["operations"])

_AWAY = problems(HTTPStatus.SERVICE_UNAVAILABLE)
_INCOMPLETE: dict[int | str, dict[str, Any]] = {
    503: {"model": InstallationReport, "description": "Something required is missing: see `problems`."}
}


@router.post("/dispatch", dependencies=[needs(Scope.OPERATE)], responses=_AWAY)
async def dispatch(resources: ResourcesDep) -> Dispatched:
    """Start every accepted job and prompt job that has no workflow yet. `ok`: all those claimed are now running."""
    found = await start_stranded(resources)
    return Dispatched(ok=found.started == found.claimed, claimed=found.claimed, started=found.started)


@router.post("/cron/prompt-processor", dependencies=[needs(Scope.OPERATE)], responses=_AWAY)
async def run_reconciler(resources: ResourcesDep) -> Reconciled:
    """Run one pass of the reconciler now and return what it did. It also runs automatically every few seconds."""
    report = await resources.gate.run_reconciler_now()
    return Reconciled(
        started=report.started, closed=report.closed, delivered=report.delivered, resolved=report.resolved
    )


@router.post("/init", dependencies=[needs(Scope.OPERATE)], responses=_INCOMPLETE)
async def initialize_installation(
    resources: ResourcesDep, caller: CallerDep, feed: FeedDep, reconciler: ReconcilerDep, response: Response
) -> InstallationReport:
    """Register search attributes, create the schedule, record Temporal's identity, and report. Idempotent."""
    failed: str | None = None
    try:
        await initialize(resources.settings, resources.store, resources.temporal)
    except (RPCError, RuntimeError, TemporalUnavailable, RecordUnavailable):
        # The report says what is unavailable.
        failed = "Nothing was set up: Postgres or Temporal is unavailable."
    report = await report_installation(resources, caller, feed.problem, reconciler)
    if failed and not report.problems:
        report = report.model_copy(update={"ok": False, "problems": [failed]})
    return _answer(report, response)


@router.get("/init", dependencies=[needs(Scope.JOBS_READ, Scope.METRICS_READ)], responses=_INCOMPLETE)
async def show_installation(
    resources: ResourcesDep, caller: CallerDep, feed: FeedDep, reconciler: ReconcilerDep, response: Response
) -> InstallationReport:
    """Report what is running and what is missing."""
    return _answer(await report_installation(resources, caller, feed.problem, reconciler), response)


def _answer(report: InstallationReport, response: Response) -> InstallationReport:
    if not report.ok:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return report
