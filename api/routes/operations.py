"""For operators and cron jobs: start what waits, run the reconciler, see what runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from temporalio.service import RPCError

from api.dependencies import ResourcesDep
from api.http.errors import problems
from api.installation.report import report_installation
from api.jobs.starting import start_stranded
from api.schemas.installation import InstallationReport
from api.schemas.operations import Dispatched, Reconciled
from promptmill.contracts.errors import RecordUnavailable, TemporalUnavailable
from promptmill.temporal.installation import initialize

router = APIRouter(prefix="/api", tags=["operations"])

_AWAY = problems(HTTPStatus.SERVICE_UNAVAILABLE)
_INCOMPLETE: dict[int | str, dict[str, Any]] = {
    503: {"model": InstallationReport, "description": "Something needed is missing: see `problems`."}
}


@router.post("/dispatch", responses=_AWAY)
async def dispatch(resources: ResourcesDep) -> Dispatched:
    """Start every accepted job and prompt job that has no workflow. `ok`: all that were claimed run now."""
    found = await start_stranded(resources)
    return Dispatched(ok=found.started == found.claimed, claimed=found.claimed, started=found.started)


@router.post("/cron/prompt-processor", responses=_AWAY)
async def run_reconciler(resources: ResourcesDep) -> Reconciled:
    """Run one pass of the reconciler now and tell what it did. It runs by itself every few seconds anyway."""
    report = await resources.gate.run_reconciler_now()
    return Reconciled(
        started=report.started, closed=report.closed, delivered=report.delivered, resolved=report.resolved
    )


@router.post("/init", responses=_INCOMPLETE)
async def initialize_installation(resources: ResourcesDep, response: Response) -> InstallationReport:
    """Register search attributes, make the schedule, note whose Temporal it is; then tell what runs. Safe to repeat."""
    failed: str | None = None
    try:
        await initialize(resources.settings, resources.store, resources.temporal)
    except (RPCError, RuntimeError, TemporalUnavailable, RecordUnavailable):
        # What is away is told by the report.
        failed = "Nothing was set up: Postgres or Temporal is away."
    report = await report_installation(resources)
    if failed and not report.problems:
        report = report.model_copy(update={"ok": False, "problems": [failed]})
    return _answer(report, response)


@router.get("/init", responses=_INCOMPLETE)
async def show_installation(resources: ResourcesDep, response: Response) -> InstallationReport:
    """Tell what runs, and what is missing."""
    return _answer(await report_installation(resources), response)


def _answer(report: InstallationReport, response: Response) -> InstallationReport:
    if not report.ok:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return report
