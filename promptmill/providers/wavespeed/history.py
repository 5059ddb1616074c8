"""WaveSpeed's list of predictions: the only way to resolve a submission whose response was lost.

Conclusions from it are worth money, so a list that may be incomplete is not used at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer
from promptmill.providers.http.redaction import storable
from promptmill.providers.wavespeed.answers import codes, data, prediction_id_of, read_failure
from promptmill.providers.wavespeed.predictions import read_time

PAGE_SIZE: Final = 100
"""Predictions per page; WaveSpeed's maximum."""

_OK: Final = 200


class HistoryItem(Message):
    """One prediction of the list. `inputs` is what was submitted; None if WaveSpeed does not return it."""

    id: str
    model: str
    created_at: datetime
    status: str
    inputs: dict[str, Any] | None = None


async def read_history(
    ask: Callable[[dict[str, Any]], Awaitable[Answer]],
    question: dict[str, Any],
    *,
    limit_pages: int,
    key: str,
) -> list[HistoryItem]:
    """Read all pages of a list, newest first.

    A prediction that is deleted meanwhile moves all older ones up, so that one may change to a page that has been read.
    A total shows it. Without one the pages are read again, backwards: that way, what moves up is met twice.

    Args:
        ask: Sends one request with the given body.
        question: The filters, without page and size.
        limit_pages: Maximum pages to read.
        key: The secret to redact from errors.

    Raises:
        ProviderUnavailable: It could not be read, has more pages than that, changed meanwhile so that something may be
            missing, or does not look like a list of predictions.
    """
    found: dict[str, HistoryItem] = {}
    promised = 0
    for page in range(1, limit_pages + 1):
        answer = await ask({**question, "page": page, "page_size": PAGE_SIZE})
        items, total = _page(answer, page, key)
        promised = max(promised, total)
        fresh = {item.id: item for item in items if item.id not in found}
        if items and not fresh and len(items) >= PAGE_SIZE:
            raise _odd("keeps returning the same page")
        found |= fresh
        if not fresh or (promised and len(items) < PAGE_SIZE and len(found) >= promised):
            break
        # A short page alone is not the end: WaveSpeed may return fewer per page than requested.
    else:
        raise _odd(f"has more than {limit_pages} pages")
    if found and not promised:
        for earlier in range(page - 1, 0, -1):
            items, _ = _page(await ask({**question, "page": earlier, "page_size": PAGE_SIZE}), earlier, key)
            found |= {item.id: item for item in items}
    if len(found) < promised:
        raise _odd(f"announced {promised} predictions but listed {len(found)}")
    return list(found.values())


def moment(at: datetime) -> str:
    """Return a time in the format of WaveSpeed's filters: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _page(answer: Answer, page: int, key: str) -> tuple[list[HistoryItem], int]:
    """Return the predictions of one page and the total; 0 if that is not stated."""
    if codes(answer) != {_OK}:
        raise read_failure(answer, key)
    shown = data(answer)
    items, total = shown.get("items"), shown.get("total")
    if not isinstance(items, list) or shown.get("page", page) != page:
        raise _odd(f"is not a list, or not page {page}")
    return [_item(item) for item in items], total if isinstance(total, int) else 0


def _item(item: object) -> HistoryItem:
    if not isinstance(item, dict):
        raise _odd("contains an entry that is not a prediction")
    found_id = prediction_id_of(item)
    model, status, created_at = item.get("model"), item.get("status"), read_time(item.get("created_at"))
    if found_id is None or created_at is None or not isinstance(model, str) or not isinstance(status, str):
        raise _odd("contains a prediction without id, model, status or time")
    inputs = next((value for name in ("inputs", "input") if isinstance(value := item.get(name), dict) and value), None)
    return HistoryItem(
        id=storable(found_id), model=storable(model), created_at=created_at, status=storable(status), inputs=inputs
    )


def _odd(what: str) -> ProviderUnavailable:
    return ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"WaveSpeed's history {what}: it proves nothing.")
