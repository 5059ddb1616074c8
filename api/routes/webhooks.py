"""WaveSpeed's webhooks: verified, stored, and forwarded as a hint. Only results fetched with our key are trusted."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Query, Request

from api.dependencies import ResourcesDep, WebhookSecretDep, parse_id
from api.http.errors import Refused, problems
from api.http.strict_json import parse
from api.jobs.starting import tolerating_refusal
from api.schemas.operations import WebhookTaken
from api.webhooks.secret import WebhookSecret
from api.webhooks.signatures import WebhookHeaders, is_fresh, is_signed, read_headers
from promptmill.api_resources import ApiResources
from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.resolution import ResultDelivery

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

REFUSED: Final = "webhook_refused"
"""The one response to everything that is not WaveSpeed's delivery for one of our jobs: it reveals nothing."""

_PROBLEMS = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE)
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""The format of our tokens, and of all prediction ids seen so far."""
_log = structlog.get_logger(__name__)


@router.post("/wavespeed/{job_id}", responses=_PROBLEMS)
async def take_wavespeed_webhook(
    job_id: Annotated[str, Path(description="The job's id.")],
    request: Request,
    resources: ResourcesDep,
    secret: WebhookSecretDep,
    token: Annotated[str, Query(description="The token in the webhook URL that WaveSpeed was given.")] = "",
) -> WebhookTaken:
    """Accept WaveSpeed's notice that a prediction has ended. Idempotent."""
    # Everything that needs no body is checked before it is read: anyone may send megabytes here.
    headers = _fresh(request)
    job = _job(job_id, token)
    body = await request.body()
    await _check(headers, body, secret)
    received = await resources.store.inbox.receive(
        event_id=headers.event_id, job_id=job, token=token, body=_readable(body, headers)
    )
    if not (received.job_known and received.token_ok):
        raise Refused(REFUSED)
    if received.new and received.workflow_open:
        await _forward(resources, job, ResultDelivery(event_id=headers.event_id, prediction_id=received.prediction_id))
    return WebhookTaken()


def _fresh(request: Request) -> WebhookHeaders:
    """Return the headers of a recent delivery.

    Raises:
        Refused: They are missing, malformed or old. An old delivery must not trigger fetching the secret either.
    """
    headers = read_headers(request.headers)
    if headers is None or not is_fresh(headers, time.time()):  # noqa: TID251  # no workflow runs here
        raise Refused(REFUSED)
    return headers


async def _check(headers: WebhookHeaders, body: bytes, secret: WebhookSecret) -> None:
    """Check that WaveSpeed signed the delivery.

    Raises:
        Refused: It did not, or that cannot be verified.
    """
    signed = await secret.verify(lambda key: is_signed(headers, body, key))
    if signed is None:
        raise Refused("webhook_not_checked")
    if not signed:
        raise Refused(REFUSED)


def _job(text: str, token: str) -> UUID:
    """Return the job that the URL names, if it and the token are well-formed."""
    if not _PLAIN.fullmatch(token):
        raise Refused(REFUSED)
    try:
        return parse_id(text)
    except Refused:
        raise Refused(REFUSED) from None


def _readable(body: bytes, headers: WebhookHeaders) -> dict[str, Any]:
    """Return the prediction in the body; an empty one if it cannot be stored, which is still a hint."""
    with suppress(Refused):
        value = parse(body)
        if isinstance(value, dict) and isinstance(value.get("id"), str) and _PLAIN.fullmatch(value["id"]):
            return value
    _log.warning("webhook_unreadable", event_id=headers.event_id, size=len(body))
    return {}


async def _forward(resources: ApiResources, job_id: UUID, delivery: ResultDelivery) -> None:
    """Signal the workflow. If that fails, the reconciler finds the delivery in the inbox."""
    if await tolerating_refusal(resources.gate.deliver_result(job_id, delivery)):
        with suppress(RecordUnavailable):
            await resources.store.inbox.processed([delivery.event_id])
