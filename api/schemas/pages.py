"""How a long list is asked for, a page at a time."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

CURSOR_CHARACTERS: Final = 200

Cursor = Annotated[
    Annotated[str, StringConstraints(max_length=CURSOR_CHARACTERS)] | None,
    Field(description="`nextCursor` of the previous page."),
]
"""What a request continues after; None: it begins at the first page."""

NextCursor = Annotated[str | None, Field(description="Send it as `cursor` for the next page; null on the last one.")]
"""Where a response says that there is more."""
