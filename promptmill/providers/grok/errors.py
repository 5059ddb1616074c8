"""Interprets xAI's errors by message and status together, because neither alone is sufficient.

A wrong key can be a 400, exhausted credit is a 429, a safety refusal and a blocked key are both 403.
"""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import timedelta
from typing import Final, NamedTuple

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

_JUDGED_CHARACTERS: Final = 2_000
"""How much of an error's text is examined; a longer one is not an error message."""

_ANY_ERROR: Final = range(400, 600)
_ANY_REFUSAL: Final = range(400, 500)
_MODELS_STATUSES: Final = (400, 403, 404, 410, 422)

_KEY = re.compile(r"(?i)(incorrect|invalid|malformed|missing|no) api[ -]?key|bad-credentials|no-credentials")
_SAFETY = re.compile(r"(?i)usage guidelines|safety_check|content violates")
_CREDIT = re.compile(r"(?i)\bcredits?\b|spending limit|insufficient (funds|balance|quota)|\bbilling\b")
_LONG = re.compile(r"(?i)maximum prompt length|prompt is too long|maximum context length|context length exceeded")
_MODEL = re.compile(
    r"(?i)model not found|(unknown|no such) model|access to (the |this )?model|image inputs? (is|are) not supported"
    r"|\bdeprecated\b"
    r"|\bmodel\b.{0,120}\b(does not exist|is not available|not have access|is retired|does not support image inputs?\b)"
)
_ABILITY = re.compile(
    r"(?i)\bnot supported\b.{0,60}\bmodel\b|\bmodel\b.{0,120}\b(does not|doesn't|cannot) support\b"
    r"|\b(arguments?|parameters?|response_format|reasoning_effort)\b.{0,60}\b(un|not )supported\b"
    r"|\bunsupported\b.{0,20}\b(argument|parameter)"
)
"""What one model cannot do but another may."""

_MODEL_NAMED = re.compile(r"(?i)\bmodel\b")
_PICTURE = re.compile(r"(?i)\bimages?\b|\bimage_url\b|invalid_image")
_PICTURE_TROUBLE = re.compile(r"(?i)invalid_image|could not process image")
_PICTURE_AWAY = re.compile(
    r"(?i)\b(fetch|download|retriev)(e|ed|ing)?\b.{0,40}\b(images?|pictures?|image_url)\b"
    r"|\b(images?|pictures?|image_url)\b.{0,60}\b(fetch|download|retriev)(e|ed|ing)?\b"
    r"|\bload(ing)? (the |an? )?(image|picture)\b"
)
"""An image that xAI could not fetch; the status is then often the one that xAI itself received."""


class _Meaning(NamedTuple):
    """A row of the table: statuses and words, and the error that their combination means."""

    statuses: Container[int]
    words: re.Pattern[str] | None
    error: type[ProviderError]
    reason: ReasonCode


_MEANINGS: Final = (
    _Meaning(_ANY_ERROR, _PICTURE_AWAY, ProviderRefused, ReasonCode.GROK_BAD_PICTURE),
    _Meaning((401,), None, ProviderRefused, ReasonCode.GROK_BAD_KEY),
    _Meaning(_ANY_REFUSAL, _KEY, ProviderRefused, ReasonCode.GROK_BAD_KEY),
    _Meaning(_ANY_REFUSAL, _SAFETY, ProviderRefused, ReasonCode.GROK_REFUSED),
    _Meaning((402,), None, ProviderRefused, ReasonCode.GROK_NO_CREDIT),
    _Meaning((403, 429), _CREDIT, ProviderRefused, ReasonCode.GROK_NO_CREDIT),
    _Meaning((408, 409, 424, 425, 499), None, ProviderUnavailable, ReasonCode.GROK_UNAVAILABLE),
    _Meaning((429,), None, ProviderRateLimited, ReasonCode.GROK_RATE_LIMITED),
    _Meaning((413,), None, ProviderRefused, ReasonCode.GROK_TOO_LONG),
    _Meaning(_ANY_REFUSAL, _LONG, ProviderRefused, ReasonCode.GROK_TOO_LONG),
    _Meaning(_MODELS_STATUSES, _MODEL, ProviderModelUnavailable, ReasonCode.GROK_UNKNOWN_MODEL),
    _Meaning(_MODELS_STATUSES, _ABILITY, ProviderModelUnavailable, ReasonCode.GROK_BAD_REQUEST),
    _Meaning((404,), _MODEL_NAMED, ProviderModelUnavailable, ReasonCode.GROK_UNKNOWN_MODEL),
    _Meaning((410,), None, ProviderModelUnavailable, ReasonCode.GROK_UNKNOWN_MODEL),
    _Meaning((400, 415, 422), _PICTURE, ProviderRefused, ReasonCode.GROK_BAD_PICTURE),
    _Meaning(range(500, 600), _PICTURE_TROUBLE, ProviderRefused, ReasonCode.GROK_BAD_PICTURE),
    _Meaning((403,), None, ProviderRefused, ReasonCode.GROK_BAD_KEY),
    _Meaning(_ANY_REFUSAL, None, ProviderRefused, ReasonCode.GROK_BAD_REQUEST),
)
"""The first matching row applies; an error that matches none may be temporary."""

_TEMPORARY: Final = _Meaning((), None, ProviderUnavailable, ReasonCode.GROK_UNAVAILABLE)


def read_failure(answer: Answer, key: str) -> ProviderError:
    """Return the error for a response other than a completion, with xAI's message, redacted.

    An otherwise temporary one is a refusal if xAI sends `x-should-retry: false`. `retry_after` is as long as xAI
    requests: the caller decides whether that is too long.
    """
    meaning = _meaning(answer)
    said = answer.sentence(PROVIDER, key)
    if not meaning.error.retryable:
        return meaning.error(meaning.reason, said)
    wait = retry_after(answer.headers, timedelta.max)
    return unless_final(answer, meaning.error(meaning.reason, said, retry_after=wait))


def unless_final(answer: Answer, error: ProviderError) -> ProviderError:
    """Return the error, or a refusal for the same reason if xAI forbids a retry."""
    if answer.headers.get("x-should-retry", "").strip().lower() == "false":
        return ProviderRefused(error.reason_code, str(error))
    return error


def _meaning(answer: Answer) -> _Meaning:
    if answer.from_firewall:
        return _TEMPORARY
    words = answer.words[:_JUDGED_CHARACTERS]
    fitting = (
        meaning
        for meaning in _MEANINGS
        if answer.status in meaning.statuses and (meaning.words is None or meaning.words.search(words))
    )
    return next(fitting, _TEMPORARY)
