"""What WaveSpeed tells us: checked, kept, passed on as a hint. No result is believed that was not read with our key."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request

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
"""The one answer to everything that is not WaveSpeed's word on a job of ours: it tells a guesser nothing."""

_PROBLEMS = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.SERVICE_UNAVAILABLE)
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,200}")
"""The form of our tokens, and of every prediction id that was ever seen."""
_log = structlog.get_logger(__name__)


@router.post("/wavespeed/{job_id}", responses=_PROBLEMS)
async def take_wavespeed_webhook(
    job_id: str,
    request: Request,
    resources: ResourcesDep,
    secret: WebhookSecretDep,
    token: Annotated[str, Query(description="What stood in the address that WaveSpeed was given.")] = "",
) -> WebhookTaken:
    """Take WaveSpeed's word that a prediction has ended. Telling it again changes nothing."""
    body = await request.body()
    headers = await _checked(request, body, secret)
    job = _job(job_id, token)
    received = await resources.store.inbox.receive(
        event_id=headers.event_id, job_id=job, token=token, body=_readable(body, headers)
    )
    if not (received.job_known and received.token_ok):
        raise Refused(REFUSED)
    if received.new and received.workflow_open:
        await _pass_on(resources, job, ResultDelivery(event_id=headers.event_id, prediction_id=received.prediction_id))
    return WebhookTaken()


async def _checked(request: Request, body: bytes, secret: WebhookSecret) -> WebhookHeaders:
    """Return the headers of a delivery that WaveSpeed signed just now.

    Raises:
        Refused: It is not, or nobody can tell.
    """
    headers = read_headers(request.headers)
    # The age first: an old delivery must not make us ask for another secret.
    if headers is None or not is_fresh(headers, time.time()):  # noqa: TID251  # no workflow runs here
        raise Refused(REFUSED)
    signed = await secret.verify(lambda key: is_signed(headers, body, key))
    if signed is None:
        raise Refused("webhook_not_checked")
    if not signed:
        raise Refused(REFUSED)
    return headers


def _job(text: str, token: str) -> UUID:
    """Return the job that the address names, where it and the token have the form of ours."""
    if not _PLAIN.fullmatch(token):
        raise Refused(REFUSED)
    try:
        return parse_id(text)
    except Refused:
        raise Refused(REFUSED) from None


def _readable(body: bytes, headers: WebhookHeaders) -> dict[str, Any]:
    """Return the prediction as WaveSpeed shows it; an empty one where it cannot be stored, which is still a hint."""
    with suppress(Refused):
        value = parse(body)
        if isinstance(value, dict) and isinstance(value.get("id"), str) and _PLAIN.fullmatch(value["id"]):
            return value
    _log.warning("webhook_unreadable", event_id=headers.event_id, size=len(body))
    return {}


async def _pass_on(resources: ApiResources, job_id: UUID, delivery: ResultDelivery) -> None:
    """Tell the workflow. What is missed here, the reconciler finds in the inbox."""
    if await tolerating_refusal(resources.gate.deliver_result(job_id, delivery)):
        with suppress(RecordUnavailable):
            await resources.store.inbox.processed([delivery.event_id])
