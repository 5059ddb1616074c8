"""Interprets WaveSpeed's responses by both the envelope's code and the HTTP status.

The answer table of `docs/architecture.md`, 'The paid submission', is `read_submission`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from promptmill.contracts.errors import (
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    SubmitUnclear,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer, retry_after

PROVIDER: Final = "WaveSpeed"

NO_PRICE_USD: Final = 1_000_000
"""Amounts from here on are not prices: they must not prevent recording a paid submission."""

NO_AMOUNT_USD: Final = 10**12
AMOUNT_DIGITS: Final = 6
"""Decimal places that the record stores."""

_ID_LIMIT: Final = 200

_RATE: Final = 429
_REFUSALS: Final = {
    401: ReasonCode.WAVESPEED_BAD_KEY,
    402: ReasonCode.WAVESPEED_NO_CREDIT,
    403: ReasonCode.WAVESPEED_FORBIDDEN,
    404: ReasonCode.WAVESPEED_UNKNOWN_MODEL,
    400: ReasonCode.WAVESPEED_BAD_INPUT,
    413: ReasonCode.WAVESPEED_BAD_INPUT,
    415: ReasonCode.WAVESPEED_BAD_INPUT,
    422: ReasonCode.WAVESPEED_BAD_INPUT,
    1400: ReasonCode.WAVESPEED_BAD_INPUT,
    1401: ReasonCode.WAVESPEED_BAD_INPUT,
}
"""Status or envelope code -> reason, most specific first: the first that matches either of the two applies."""

_MONEY_CODES: Final = frozenset({400, 403})
_MONEY = re.compile(r"(?i)\b(balance|credits?|top(ped|ping)?[\s-]?up|funds)\b")
_LACK = re.compile(r"(?i)\binsufficient\b")
_RIGHTS = re.compile(r"(?i)\b(roles?|permissions?|scopes?|privileges?|access|rights?)\b")


def codes(answer: Answer) -> set[int]:
    """Return the HTTP status and the envelope's code, if any."""
    code = whole_code(answer.object.get("code"))
    return {answer.status} if code is None else {answer.status, code}


def whole_code(value: object) -> int | None:
    """Return a code given as a number or a string of digits; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def data(answer: Answer) -> dict[str, Any]:
    """Return the envelope's `data` if it is an object, otherwise an empty one."""
    value = answer.object.get("data")
    return value if isinstance(value, dict) else {}


def prediction_data(answer: Answer) -> dict[str, Any]:
    """Return the prediction in a response: in its envelope, or bare if a success has `id` and `status`."""
    document = answer.object
    alone = answer.ok and isinstance(document.get("status"), str) and prediction_id_of(document) is not None
    return document if alone and not isinstance(document.get("data"), dict) else data(answer)


def amount_in(value: object) -> Decimal | None:
    """Return an amount of money in a response, given as a number or a string; None for anything else.

    Absurdly large amounts are none either: a string such as `1e999999` would be printed with all its digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    fits = amount.is_finite() and -NO_AMOUNT_USD < amount < NO_AMOUNT_USD
    return round(amount, AMOUNT_DIGITS) if fits else None


def price_in(value: object) -> Decimal | None:
    """Return an amount that can be a price, otherwise None."""
    price = amount_in(value)
    return price if price is not None and 0 <= price < NO_PRICE_USD else None


def prediction_id(answer: Answer) -> str | None:
    """Return the prediction's id, which proves that WaveSpeed created one; in an envelope, whatever the codes are."""
    return prediction_id_of(prediction_data(answer))


def prediction_id_of(prediction: Mapping[str, Any]) -> str | None:
    """Return a prediction object's id; None if it has no valid one."""
    value = prediction.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and 0 < len(value.strip()) <= _ID_LIMIT and value.strip().isprintable():
        return value.strip()
    return None


def read_submission(answer: Answer, key: str) -> str:
    """Return the prediction's id in a submission's response.

    Raises:
        ProviderRateLimited: A 429; nothing was created.
        ProviderRefused: WaveSpeed refused; the message is its own.
        SubmitUnclear: Everything else.
    """
    found = prediction_id(answer)
    if found is not None:
        return found
    if answer.broken is not None:
        raise SubmitUnclear(
            ReasonCode.SUBMIT_UNCLEAR, f"WaveSpeed's response ({answer.status}) was incomplete: {answer.broken}."
        )
    seen = codes(answer)
    said = answer.sentence(PROVIDER, key)
    if _RATE in seen:
        raise ProviderRateLimited(ReasonCode.WAVESPEED_RATE_LIMITED, said, retry_after=retry_after(answer.headers))
    reason = refusal(answer)
    if reason is not None:
        raise ProviderRefused(reason, said)
    raise SubmitUnclear(ReasonCode.SUBMIT_UNCLEAR, f"The response contains no prediction id. {said}")


def refusal(answer: Answer) -> ReasonCode | None:
    """Return why WaveSpeed refused, or None if it did not clearly refuse."""
    seen = codes(answer)
    if seen & _MONEY_CODES and _lacks_money(answer.words):
        return ReasonCode.WAVESPEED_NO_CREDIT
    return next((reason for code, reason in _REFUSALS.items() if code in seen), None)


def _lacks_money(words: str) -> bool:
    """Distinguish 'insufficient balance' from 'insufficient role': both are 403."""
    return bool(_MONEY.search(words) or (_LACK.search(words) and not _RIGHTS.search(words)))


def read_failure(answer: Answer, key: str) -> ProviderError:
    """Return the error for an unpaid call's response; a caller to which a 404 means more handles that first."""
    seen = codes(answer)
    said = answer.sentence(PROVIDER, key)
    if _RATE in seen:
        return ProviderUnavailable(ReasonCode.WAVESPEED_RATE_LIMITED, said, retry_after=retry_after(answer.headers))
    for code in (401, 403):
        if code in seen and not answer.from_firewall:
            return ProviderUnavailable(_REFUSALS[code], said)
    return ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, said, retry_after=retry_after(answer.headers))
