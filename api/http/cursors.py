"""Pages of long lists, and their cursors: opaque to callers, validated when they come back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from api.http.errors import invalid

Id = TypeVar("Id", UUID, int)
Row = TypeVar("Row")

LARGEST_NUMBER: Final = 2**63 - 1
"""Of a bigint."""


def cursor_after(at: datetime, last: UUID | int) -> str:
    """Return the cursor of a page whose last row has this time and id."""
    text = f"{at.isoformat()} {last}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def entry_number(text: str) -> int:
    """Return the id of a row that is numbered.

    Raises:
        ValueError: It cannot be one.
    """
    number = int(text)
    if not 0 < number <= LARGEST_NUMBER:
        raise ValueError(text)
    return number


def cut(found: Sequence[Row], limit: int) -> tuple[Sequence[Row], Row | None]:
    """Return the first `limit` rows, and the last of them if more were found: a query asks for one more to tell."""
    page = found[:limit]
    return page, page[-1] if len(found) > limit else None


def read_cursor(cursor: str | None, id_of: Callable[[str], Id]) -> tuple[datetime, Id] | None:
    """Return the time and id of the previous page's last row; None for the first page.

    Args:
        cursor: What `cursor_after` returned.
        id_of: Reads an id, or raises ValueError.

    Raises:
    Refused: The cursor is not one of ours.
    """
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        at_text, _, id_text = text.partition(" ")
        at, last = datetime.fromisoformat(at_text), id_of(id_text)
    except (ValueError, binascii.Error):
        raise invalid("/query/cursor", "Not a valid cursor: pass nextCursor unchanged.") from None
    if at.tzinfo is None or cursor_after(at, last) != cursor:
        raise invalid("/query/cursor", "Not a valid cursor: pass nextCursor unchanged.")
    return at, last
