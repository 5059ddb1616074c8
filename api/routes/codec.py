"""Temporal's codec protocol, by which its Web UI and command line show encrypted payloads.

There is no `encode`: nobody has to send payloads from there, and plain ones are understood.
"""

from __future__ import annotations

from http import HTTPStatus

import structlog
from fastapi import APIRouter
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payloads

from api.access.scopes import needs
from api.dependencies import CallerDep, SettingsDep
from api.http.errors import WITH_BODY, Refused, problems
from api.http.strict_json import StrictRoute
from api.schemas.codec import EncodedPayloads
from promptmill.contracts.access import Scope
from promptmill.contracts.names import CODEC
from promptmill.temporal.encryption import PayloadEncryption

router = APIRouter(prefix=CODEC, tags=["operations"], route_class=StrictRoute)

_log = structlog.get_logger("api.codec")


@router.post(
    "/decode",
    dependencies=[needs(Scope.OPERATE)],
    responses=problems(HTTPStatus.FORBIDDEN, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def decode_payloads(request: EncodedPayloads, settings: SettingsDep, caller: CallerDep) -> EncodedPayloads:
    """Decrypt payloads as Temporal stores them; those that are not encrypted are returned as they are.

    `TEMPORAL_CODEC_ENDPOINT` of the Web UI and `--codec-endpoint` of the command line name this path without `/decode`.
    """
    try:
        encrypted = ParseDict(request.model_dump(), Payloads())
    except ParseError as error:
        raise Refused("invalid_request", f"The payloads are not in Temporal's form: {error}") from None
    decrypted = await PayloadEncryption(settings.payload_keys).decode(encrypted.payloads)
    # They are words of any owner: who read some is told in the log; which job they belong to, nobody says here.
    _log.info("payloads_decoded", count=len(decrypted), actor=caller.actor)
    return EncodedPayloads.model_validate(MessageToDict(Payloads(payloads=decrypted)))
