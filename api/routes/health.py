"""For probes and Prometheus: liveness, readiness, metrics."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from api.dependencies import FeedDep, MetricsDep, ResourcesDep
from api.installation.readiness import look_ready
from api.installation.report import report_submissions
from api.schemas.operations import Alive, Readiness
from promptmill.contracts.errors import RecordUnavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def tell_alive() -> Alive:
    """Report that this process is alive. Checks nothing else: an outage elsewhere must not restart this process."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Postgres or Temporal is unavailable."}})
async def tell_ready(resources: ResourcesDep, feed: FeedDep, response: Response) -> Readiness:
    """Report whether Postgres and Temporal respond, and if not why."""
    found = await look_ready(resources, feed.problem)
    if not found.ok:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found


@router.get("/metrics", response_class=Response)
async def show_metrics(metrics: MetricsDep, resources: ResourcesDep) -> Response:
    """Return the metrics of this process and the record's counters, which are NaN while Postgres is unavailable."""
    try:
        counts = await resources.store.operations.counts()
        share = (await report_submissions(resources)).share
    except RecordUnavailable:
        counts, share = None, None
    body, content_type = metrics.render(counts, share)
    return Response(body, headers={"Content-Type": content_type})
