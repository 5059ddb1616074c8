"""Lines of CSV (RFC 4180) that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from promptmill.contracts.budgets import Spend, SpendBy

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets. The last four are the wide
signs of East Asian keyboards."""


def csv_line(values: Iterable[Any]) -> str:
    """Return one line. Times are in RFC 3339 with Z, objects are JSON, None is empty."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(value) for value in values])
    return line.getvalue()


def spend_csv(by: SpendBy, rows: Sequence[Spend]) -> str:
    """Return spending with a head line, and by key with the key's id. Amounts have six decimal places."""
    with_id = by is SpendBy.KEY
    head = (by, *(["key_id"] if with_id else []), "spent_usd", "reserved_usd", "grok_usd")
    lines = [
        (
            row.name,
            *([row.key_id] if with_id else []),
            *(f"{usd:.6f}" for usd in (row.spent_usd, row.reserved_usd, row.grok_usd)),
        )
        for row in rows
    ]
    return "".join(map(csv_line, [head, *lines]))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
