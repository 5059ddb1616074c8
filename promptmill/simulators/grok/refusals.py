"""xAI's error responses: the flat format that it mostly uses, and the nested one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from promptmill.simulators.accounts import BLOCKED_KEY, POOR_KEY, REJECTED_KEY
from promptmill.simulators.faults import Fault

WORDS = {
    200: ("The service is currently unavailable", "The service is currently unavailable. Please try again later."),
    400: ("Client specified an invalid argument", "The request is not valid."),
    401: ("unauthenticated:bad-credentials", "The API key is not valid."),
    403: ("permission-denied", "The caller does not have permission to execute the specified operation."),
    404: ("not-found", "The requested entity was not found."),
    410: ("gone", "Live search is deprecated."),
    413: ("payload-too-large", "The request is too large."),
    415: ("unsupported-media-type", "Expected request with `Content-Type: application/json`."),
    422: ("invalid-argument", "Failed to deserialize the JSON body into the target type."),
    429: ("Some resource has been exhausted", "Too many requests. Please slow down."),
    501: ("unimplemented", "This is not simulated."),
    529: ("overloaded", "The service is overloaded."),
}
UNAVAILABLE = ("The service is currently unavailable", "Service temporarily unavailable.")

TEAM = "00000000-0000-4000-8000-000000000001"
NO_CREDIT = (
    f"Your team {TEAM} has either used all available credits or reached its monthly spending limit. "
    "To continue making API requests, please purchase more credits or raise your spending limit."
)
BLOCKED = "The API key or its team is blocked."


def refusal(
    status: int,
    message: str | None = None,
    code: str | None = None,
    *,
    nested: bool = False,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error in xAI's flat format, or in the nested one."""
    usual_code, usual_message = WORDS.get(status, UNAVAILABLE)
    code, message = code or usual_code, message or usual_message
    flat = {"code": code, "error": message}
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code}} if nested else flat
    return JSONResponse(body, status, headers)


class GrokManners:
    """xAI's refusals of keys, and injected errors."""

    def refuse_key(self, key: str | None, where: str) -> Response | None:
        """Refuse a missing key with 401, a wrong one with 400, a blocked one with 403, one without credit with 429."""
        if key is None:
            return refusal(401, "No API key provided.", "unauthenticated:no-credentials")
        if key.startswith(REJECTED_KEY):
            words = f"Incorrect API key provided: {key[:2]}***{key[-2:]}."
            return refusal(400, f"{words} You can obtain an API key from https://console.x.ai.")
        if where != "chat":
            return None
        if key.startswith(BLOCKED_KEY):
            return refusal(403, BLOCKED)
        return refusal(429, NO_CREDIT) if key.startswith(POOR_KEY) else None

    def refuse(self, fault: Fault) -> Response:
        """Return the response for a `status` fault."""
        code = None if fault.code is None else str(fault.code)
        return refusal(fault.status, fault.message, code, nested=fault.nested, headers=fault.headers)
