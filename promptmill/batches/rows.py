"""What a table consists of on its way to jobs: lines as a source gives them, filled rows, and faults."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Self

MOST_COLUMNS: Final = 200
"""Of a table: more than any model has inputs, with room for words and labels."""

CELL_CHARACTERS: Final = 20_000
"""Of one text in a table."""

KEY_CHARACTERS: Final = 100
"""Of a row's key."""

VALUE_SHOWN: Final = 100
"""How many characters of a value a fault shows."""

NAME_SHOWN: Final = 100
"""How many characters of a column's name a fault shows."""

_NEVER_SHOWN: Final = re.compile("[\x00\ud800-\udfff]")
"""What Postgres and UTF-8 cannot hold."""

WHOLE_TABLE: Final = 0
"""The line of a fault that concerns the header, or the table as a whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row as its source gives it.

    Attributes:
        number: Its place in the source, from 1 and without the header. Empty lines count, so that it is easily found.
        values: What it gives for its columns; of a table in CSV, texts.
    """

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row.

    Attributes:
        line: The row's number; 0 for the header, or the table as a whole.
        column: The column at fault; None if no single one is.
        value: What it has there, cut.
        message: What is wrong and what would be right, as a sentence.
        suggestion: What was probably meant; None without a good guess.
    """

    line: int
    column: str | None
    value: str | None
    message: str
    suggestion: str | None = None

    @classmethod
    def of(
        cls, line: int, column: str | None, message: str, *, value: Any = None, suggestion: str | None = None
    ) -> Self:
        """Return a fault that shows no more of the table than it should."""
        return cls(line, _cut(column, NAME_SHOWN), _cut(as_text(value), VALUE_SHOWN), message, suggestion)


@dataclass(frozen=True, slots=True)
class ColumnFault(Fault):
    """What is wrong with a column as such: the same for each row that has a value in it, and told once."""


@dataclass(frozen=True, slots=True)
class FilledRow:
    """One row as the body of a job.

    Attributes:
        key: What names it in its batch: its column `key`, else its number.
        values: What the row gives, without what is empty.
        body: The JSON of a request to create a job.
    """

    number: int
    key: str
    values: dict[str, Any]
    body: dict[str, Any]


def as_text(value: Any) -> str | None:
    """Return a value as it would stand in a cell; None stays None."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str | None, most: int) -> str | None:
    if text is None:
        return None
    shown = _NEVER_SHOWN.sub("\N{REPLACEMENT CHARACTER}", text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
