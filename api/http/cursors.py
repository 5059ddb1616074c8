"""Pagination cursors: opaque to callers, validated when they come back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

from api.http.errors import invalid


def cursor_after(created_at: datetime, job_id: UUID) -> str:
    """Return the cursor of a page whose last row is this job."""
    text = f"{created_at.isoformat()} {job_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return the last job of the previous page.

    Raises:
    Refused: The cursor is not one of ours.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        at, _, job_id = text.partition(" ")
        created_at, last = datetime.fromisoformat(at), UUID(job_id)
    except (ValueError, binascii.Error):
        raise invalid("/query/cursor", "Not a valid cursor: pass nextCursor unchanged.") from None
    if created_at.tzinfo is None or cursor_after(created_at, last) != cursor:
        raise invalid("/query/cursor", "Not a valid cursor: pass nextCursor unchanged.")
    return created_at, last
