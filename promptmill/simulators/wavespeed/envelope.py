"""WaveSpeed's envelope around every response, and its refusals."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from promptmill.simulators.accounts import BLOCKED_KEY, REJECTED_KEY
from promptmill.simulators.faults import Fault

WORDS = {
    400: "invalid parameters",
    401: "Unauthorized: invalid API key",
    402: "Insufficient balance: please top up your account",
    403: "insufficient role",
    404: "not found",
    413: "file too large",
    429: "too many requests, please slow down",
    500: "internal server error",
    501: "not simulated",
    502: "bad gateway",
    503: "service unavailable",
    504: "gateway timeout",
}


def success(data: Any) -> JSONResponse:
    """Wrap a successful result."""
    return JSONResponse({"code": 200, "message": "success", "data": data})


def problem(status: int, message: str | None = None, *, error_code: str | None = None) -> JSONResponse:
    """Return an HTTP error with its JSON body."""
    body: dict[str, Any] = {"code": status, "message": message or WORDS.get(status, "error")}
    if error_code:
        body["error_code"] = error_code
    return JSONResponse(body, status)


class WaveSpeedManners:
    """How WaveSpeed refuses: an envelope with the code, inside or beside the HTTP status."""

    def refuse_key(self, key: str | None, where: str) -> Response | None:
        """Refuse a missing or rejected key with 401, a blocked account with 403."""
        del where  # WaveSpeed refuses a key the same way everywhere
        if key is None or key.startswith(REJECTED_KEY):
            return problem(401)
        if key.startswith(BLOCKED_KEY):
            return problem(403, "This account is not active.", error_code="account_inactive")
        return None

    def refuse(self, fault: Fault) -> Response:
        """Return the response for a `status` fault."""
        code = fault.status if fault.code is None else fault.code
        words = WORDS.get(code, "error") if isinstance(code, int) else "error"
        body = {"code": code, "message": fault.message or words}
        if fault.error_code:
            body["error_code"] = fault.error_code
        return JSONResponse(body, fault.status, fault.headers)
