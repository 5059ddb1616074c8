"""Interprets xAI's errors by message and status together, because neither alone is sufficient.

A wrong key can be a 400, exhausted credit is a 429, a safety refusal and a blocked key are both 403.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from promptmill.contracts.errors import (
    ProviderError,
    ProviderModelUnavailable,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer, retry_after

PROVIDER: Final = "xAI"

_RATE: Final = 429

_ANY_REFUSAL: Final = range(400, 500)
_SERVER: Final = range(500, 600)

_KEY = re.compile(r"(?i)(incorrect|invalid|malformed|missing|no) api[ -]?key|bad-credentials|no-credentials")
_SAFETY = re.compile(r"(?i)usage guidelines|safety_check|content violates")
_CREDIT = re.compile(r"(?i)\bcredits?\b|spending limit|insufficient (funds|balance|quota)|\bbilling\b")
_LONG = re.compile(r"(?i)maximum prompt length|prompt is too long|maximum context length|context length exceeded")
_MODEL = re.compile(
    r"(?i)model not found|(unknown|no such) model|access to (the |this )?model|image inputs? (is|are) not supported"
    r"|\bmodel\b.{0,120}\b(does not exist|is not available|not have access|is retired|does not support image inputs?\b)"
)
_MODEL_NAMED = re.compile(r"(?i)\bmodel\b")
_PICTURE = re.compile(r"(?i)\bimages?\b|\bimage_url\b|invalid_image")
_PICTURE_TROUBLE = re.compile(r"(?i)invalid_image|could not process image")

_MEANINGS: Final[tuple[tuple[Container[int], re.Pattern[str] | None, ReasonCode | None], ...]] = (
    ((401,), None, ReasonCode.GROK_BAD_KEY),
    (_ANY_REFUSAL, _KEY, ReasonCode.GROK_BAD_KEY),
    (_ANY_REFUSAL, _SAFETY, ReasonCode.GROK_REFUSED),
    ((402,), None, ReasonCode.GROK_NO_CREDIT),
    ((403, 429), _CREDIT, ReasonCode.GROK_NO_CREDIT),
    ((408, 429), None, None),
    ((413,), None, ReasonCode.GROK_TOO_LONG),
    (_ANY_REFUSAL, _LONG, ReasonCode.GROK_TOO_LONG),
    ((400, 403, 404, 410), _MODEL, ReasonCode.GROK_UNKNOWN_MODEL),
    ((404,), _MODEL_NAMED, ReasonCode.GROK_UNKNOWN_MODEL),
    ((400, 415, 422), _PICTURE, ReasonCode.GROK_BAD_PICTURE),
    (_SERVER, _PICTURE_TROUBLE, ReasonCode.GROK_BAD_PICTURE),
    ((403,), None, ReasonCode.GROK_BAD_KEY),
    (_ANY_REFUSAL, None, ReasonCode.GROK_BAD_REQUEST),
)
"""Statuses, words, and why asking again cannot help (None: it may). The first row that fits counts."""


def read_failure(answer: Answer, key: str) -> ProviderError:
    """Return the error that an answer other than a completion means, with xAI's words, redacted.

    An otherwise temporary one is a refusal where xAI says `x-should-retry: false`.
    """
    said = answer.sentence(PROVIDER, key)
    reason = _permanent(answer.status, answer.words)
    if reason is ReasonCode.GROK_UNKNOWN_MODEL:
        return ProviderModelUnavailable(reason, said)
    if reason is not None:
        return ProviderRefused(reason, said)
    wait = retry_after(answer.headers)
    if answer.status == _RATE:
        return unless_final(answer, ProviderRateLimited(ReasonCode.GROK_RATE_LIMITED, said, retry_after=wait))
    return unless_final(answer, ProviderUnavailable(ReasonCode.GROK_UNAVAILABLE, said, retry_after=wait))


def unless_final(answer: Answer, error: ProviderError) -> ProviderError:
    """Return the error, or a refusal for the same reason where xAI forbids asking again."""
    if answer.headers.get("x-should-retry", "").strip().lower() == "false":
        return ProviderRefused(error.reason_code, str(error))
    return error


def _permanent(status: int, words: str) -> ReasonCode | None:
    """Return why asking again cannot help; None when it may."""
    for statuses, pattern, reason in _MEANINGS:
        if status in statuses and (pattern is None or pattern.search(words)):
            return reason
    return None
