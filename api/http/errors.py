"""Turns every failure into a problem document (RFC 9457): never a stack trace, never a third party's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from api.http.openai_errors import is_openai, openai_error
from api.http.problem_kinds import PROBLEM_KINDS
from promptmill.contracts.errors import PromptmillError, RecordConflict, RecordUnavailable

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
"""Retry-After of a 503 whose kind specifies none; equal to how long the breaker for Temporal stays open."""

MAX_ERRORS: Final = 50
"""Maximum entries of `errors` in one response."""

WITH_BODY: Final = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""How any request with a body can be refused."""

NAME_CHARACTERS: Final = 100
"""Maximum characters of a caller's own name in a response."""

CLIENT_LEFT: Final = 499
"""The status in logs and metrics of a request whose caller disconnected before it was complete, as in nginx."""

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_log = structlog.get_logger(__name__)
_CHALLENGES: Final = {
    "unauthorized": "Bearer",
    "too_many_wrong_tokens": "Bearer",
    "webhook_refused": "Webhook-Signature",
}
_CODE_OF_STATUS: Final = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.BAD_REQUEST: "invalid_json",
}


class FieldError(BaseModel):
    """One error in a request.

    `pointer` is a JSON pointer into the body (`/input/size`), or begins with `/query/`, `/header/` or, for a row of a
    table and its column, `/line/`.
    """

    pointer: str = Field(description="A JSON pointer into the body; or it begins with `/query/`, `/header/`, `/line/`.")
    message: str = Field(description="What is wrong, and what would be right.")


class Problem(BaseModel):
    """A problem document (RFC 9457). `code` is stable; programs should branch on it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/docs/errors/invalid_request",
                    "title": "The request is not valid",
                    "status": 422,
                    "detail": "/modle: Unknown field. Did you mean model?",
                    "instance": "/api/jobs/create",
                    "code": "invalid_request",
                    "requestId": "01a20997-9ee3-71b9-aedb-54303a7c18ab",
                    "errors": [{"pointer": "/modle", "message": "Unknown field. Did you mean model?"}],
                }
            ]
        }
    )

    type: str = Field(description="Where this code is explained.")
    title: str = Field(description="The code in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, and what to do.")
    instance: str = Field(description="The path of the request.")
    code: str = Field(description="Stable: branch on it.")
    requestId: str = Field(description="Names the request in logs.")  # noqa: N815  # the name in JSON
    errors: list[FieldError] | None = Field(None, description="The fields that are not valid, or ask for too much.")


ROOT: Final = "promptmill.root_path"
"""Key in a request's scope: the prefix that the API is published under."""


class Refused(HTTPException):
    """A request refused with a code of `PROBLEM_KINDS`.

    An `HTTPException`, because FastAPI propagates only that type while it reads a body.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the code and the detail, by default the kind's advice."""
        kind = PROBLEM_KINDS[code]
        super().__init__(kind.status, detail or kind.advice, dict(headers or {}))
        self.code = code
        self.errors = list(errors)


def invalid(pointer: str, message: str) -> Refused:
    """Return the refusal of one invalid field."""
    return Refused("invalid_request", f"{pointer}: {message}", errors=[FieldError(pointer=pointer, message=message)])


def problem_response(
    scope: Mapping[str, Any],
    code: str,
    detail: str | None = None,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem document of a code, for the request in `scope`; in OpenAI's form where that is spoken."""
    kind = PROBLEM_KINDS[code]
    more = dict(headers or {})
    if kind.retry_after or kind.status is HTTPStatus.SERVICE_UNAVAILABLE:
        more.setdefault("Retry-After", str(kind.retry_after or RETRY_AFTER_SECONDS))
    if code in _CHALLENGES:
        more.setdefault("WWW-Authenticate", _CHALLENGES[code])
    if is_openai(scope["path"]):
        told = [(error.pointer, error.message) for error in errors]
        return JSONResponse(openai_error(kind.status, code, detail or kind.advice, told), int(kind.status), more)
    root = scope.get(ROOT, "")
    problem = Problem(
        type=f"{root}/docs/errors/{code}",
        title=kind.title,
        status=int(kind.status),
        detail=detail or kind.advice,
        instance=f"{root}{scope['path']}",
        code=code,
        requestId=str(scope.get("request_id", "")),
        errors=list(errors) or None,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), int(kind.status), more, MEDIA_TYPE)


def short_name(name: str) -> str:
    """Return a name chosen by a caller, truncated if it is long."""
    return name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"


def pointer_to(location: Sequence[str | int]) -> str:
    """Return the JSON pointer of a pydantic location: the path in the body, or one below /query, /header, /path."""
    parts = [short_name(str(part)) for part in location]
    if parts and parts[0] == "body":
        parts = parts[1:]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, Refused):
        return problem_response(request.scope, error.code, error.detail, errors=error.errors, headers=error.headers)
    code = _CODE_OF_STATUS.get(HTTPStatus(error.status_code), "internal_error")
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_methods(request))}
    return problem_response(request.scope, code, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return every method of a path: the router reports only those of the first route."""
    known = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    return known + (["HEAD"] if "GET" in known else [])


async def _disconnected(_request: Request, _error: Exception) -> Response:
    # Nobody reads this response; its status is for the log.
    return Response(status_code=CLIENT_LEFT)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        FieldError(pointer=pointer_to(e["loc"]), message=str(e["msg"])) for e in islice(error.errors(), MAX_ERRORS)
    ]
    first = found[0]
    detail = f"{first.pointer or 'The body'}: {first.message}"
    return problem_response(request.scope, "invalid_request", detail, errors=found)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PromptmillError)
    code = _code_of(error)
    if PROBLEM_KINDS[code].status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request_failed", request_id=request.scope.get("request_id"), exc_info=error)
        return problem_response(request.scope, code)
    if isinstance(error, RecordUnavailable):
        _log.warning("record_unavailable", request_id=request.scope.get("request_id"), error=str(error))
    # A driver's message may name hosts and databases; only our own text is exposed.
    own_words = None if isinstance(error, RecordUnavailable) else str(error)
    if isinstance(error, RecordConflict):
        own_words = f"{error} {PROBLEM_KINDS[code].advice}"
    return problem_response(request.scope, code, own_words)


def _code_of(error: PromptmillError) -> str:
    """Return the most specific code that has a row; a conflict's own code takes precedence over its class's."""
    told = (error.conflict, error.code) if isinstance(error, RecordConflict) else (error.code,)
    return next((code for code in told if code in PROBLEM_KINDS), PromptmillError.code)


async def _unforeseen(request: Request, _error: Exception) -> Response:
    # Starlette re-raises it after this response; the guard logs it.
    return problem_response(request.scope, "internal_error")


def install_error_handlers(app: FastAPI) -> None:
    """Convert every failure to a problem document."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PromptmillError, _ours)
    app.add_exception_handler(Exception, _unforeseen)


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses` for these error codes, for the OpenAPI document."""
    described = {
        status: " / ".join(sorted(f"`{code}`" for code, kind in PROBLEM_KINDS.items() if kind.status is status))
        for status in statuses
    }
    return {int(status): {"model": Problem, "description": text} for status, text in described.items()}
