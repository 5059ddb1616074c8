"""For probes and Prometheus: liveness, readiness, metrics."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from api.access.scopes import needs
from api.dependencies import BalanceDep, CertificatesDep, FeedDep, MetricsDep, ReconcilerDep, ResourcesDep
from api.installation.figures import gather_figures
from api.installation.gauges import InstallationGauges
from api.installation.readiness import look_ready
from api.schemas.operations import Alive, Readiness
from promptmill.contracts.access import Scope

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def tell_alive() -> Alive:
    """Report that this process is alive. Checks nothing else: an outage elsewhere must not restart this process."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Postgres or Temporal is unavailable."}})
async def tell_ready(resources: ResourcesDep, feed: FeedDep, response: Response) -> Readiness:
    """Report whether Postgres and Temporal respond, and if not, why."""
    found = await look_ready(resources, feed.problem)
    if not found.ok:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found


@router.get("/metrics", dependencies=[needs(Scope.METRICS_READ)], response_class=Response)
async def show_metrics(
    metrics: MetricsDep,
    resources: ResourcesDep,
    reconciler: ReconcilerDep,
    balance: BalanceDep,
    certificates: CertificatesDep,
) -> Response:
    """Return what this API counts, and what is known of the installation: NaN where Postgres or Temporal is away."""
    figures = await gather_figures(resources, reconciler, balance, certificates)
    body, content_type = metrics.render(InstallationGauges(figures))
    return Response(body, headers={"Content-Type": content_type})
