"""Failures in the form of OpenAI's API, for the paths that speak its language."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

OPENAI_FOLDER: Final = "/v1/"

MOST_TOLD: Final = 5
"""How many wrong fields one message names: it is read by people, as one text."""

_TYPES: Final = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.PAYMENT_REQUIRED: "insufficient_quota",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
"""OpenAI's words for kinds of failures; all others are the server's, or the request's."""

_NAMES: Final = {"refUrls": "image"}
"""OpenAI's names of fields that have another one here."""


def is_openai(path: str) -> bool:
    """Return whether a path speaks OpenAI's language."""
    return path.startswith(OPENAI_FOLDER)


def openai_error(status: HTTPStatus, code: str, detail: str, errors: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the body of a failure.

    Args:
        status: The response's.
        code: Ours, which is stable.
        detail: What happened, and what to do.
        errors: The wrong fields, as JSON pointers, each with what is wrong.
    """
    usual = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    fields = [(_field(pointer), why) for pointer, why in errors]
    told = " ".join(f"{field}: {why}" if field else why for field, why in fields[:MOST_TOLD])
    return {
        "error": {
            "message": told or detail,
            "type": _TYPES.get(status, usual),
            "param": fields[0][0] if fields else None,
            "code": code,
        }
    }


def _field(pointer: str) -> str | None:
    """Return the field that a pointer points to, as a caller of this API wrote it: a model's inputs stand beside it."""
    name = pointer.removeprefix("/").removeprefix("input/").removeprefix("header/").removeprefix("query/")
    return _NAMES.get(name, name.replace("~1", "/").replace("~0", "~")) or None
