"""WaveSpeed's books: what it charged for given predictions, and refunded.

The books lag, and rows may be of any kind. An entry that cannot be read is left out, as if it had not come yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from promptmill.contracts.bills import Bill
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer
from promptmill.providers.wavespeed.answers import NO_PRICE_USD, amount_in, codes, data, read_failure

PAGE_SIZE: Final = 100
"""Entries asked for per page."""

MAX_PAGES: Final = 10
"""Maximum pages of one question: a prediction has a charge, and perhaps a refund."""

_CHARGE: Final = "deduct"
_REFUND: Final = "refund"
_OK: Final = 200


class _Entry(NamedTuple):
    prediction_id: str
    kind: str
    usd: Decimal


async def read_bills(
    ask: Callable[[dict[str, Any]], Awaitable[Answer]], prediction_ids: Collection[str], *, key: str
) -> list[Bill]:
    """Read all entries of these predictions; those without any are left out.

    Args:
        ask: Sends one request with the given body.
        prediction_ids: WaveSpeed's ids; entries of others are ignored.
        key: The secret to redact from errors.

    Raises:
        ProviderUnavailable: The books could not be read, do not look like a list, or have more pages than expected.
    """
    found: dict[str, _Entry] = {}
    seen = 0
    for page in range(1, MAX_PAGES + 1):
        answer = await ask({"prediction_uuids": [*prediction_ids], "page": page, "page_size": PAGE_SIZE})
        if codes(answer) != {_OK}:
            raise read_failure(answer, key)
        items = data(answer).get("items")
        if not isinstance(items, list):
            raise _odd("are not a list")
        seen += len(items)
        found |= {_identity(item): entry for item in items if (entry := _entry(item)) is not None}
        if not items or not _has_more(data(answer), seen):
            return _bills(found.values(), set(prediction_ids))
    raise _odd(f"have more than {MAX_PAGES} pages about {len(prediction_ids)} predictions")


def _has_more(shown: dict[str, Any], seen: int) -> bool:
    """Return whether another page follows, by whichever way the list says so; a full page may have one."""
    more, total = shown.get("has_more"), shown.get("total")
    if isinstance(more, bool):
        return more
    if isinstance(total, int) and not isinstance(total, bool):
        return seen < total
    return seen % PAGE_SIZE == 0


def _entry(item: Any) -> _Entry | None:
    """Return what an entry books; None if it is of another kind, or cannot be read."""
    prediction = item.get("prediction") if isinstance(item, dict) else None
    prediction_id = prediction.get("uuid") if isinstance(prediction, dict) else None
    usd = amount_in(item.get("price")) if isinstance(item, dict) else None
    if not isinstance(prediction_id, str) or usd is None or abs(usd) >= NO_PRICE_USD:
        return None
    kind = item.get("billing_type")
    # The sign is not documented; the kind says which way the money went.
    return _Entry(prediction_id, kind, abs(usd)) if kind in (_CHARGE, _REFUND) else None


def _identity(item: dict[str, Any]) -> str:
    """Return what tells entries apart, as pages may overlap. The time is not interpreted: its format is not certain."""
    own = item.get("uuid")
    return own if isinstance(own, str) and own else repr(sorted(item.items(), key=str))


def _bills(entries: Iterable[_Entry], asked: Collection[str]) -> list[Bill]:
    bills: dict[str, Bill] = {}
    for entry in entries:
        if entry.prediction_id not in asked:
            continue
        bill = bills.get(entry.prediction_id, Bill(prediction_id=entry.prediction_id))
        changed = (
            {"charged_usd": (bill.charged_usd or Decimal(0)) + entry.usd}
            if entry.kind == _CHARGE
            else {"refunded_usd": bill.refunded_usd + entry.usd}
        )
        bills[entry.prediction_id] = bill.model_copy(update=changed)
    return [bill for bill in bills.values() if max(bill.charged_usd or 0, bill.refunded_usd) < NO_PRICE_USD]


def _odd(what: str) -> ProviderUnavailable:
    return ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"WaveSpeed's billing entries {what}: none is used.")
