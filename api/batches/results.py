"""The results of a batch as a table, page by page: memory for one page, however many rows there are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

from api.batches.reading import row_answers
from api.jobs.reading import Addresses
from promptmill.contracts.batches import RowFilter
from promptmill.spreadsheets import csv_line
from promptmill.store import Store
from promptmill.store.batches import BatchRowSeen

PAGE: Final = 500

COLUMNS: Final = ("row", "key", "state", "status", "reason", "error", "prompt", "outputs", "cost_usd", "job_id")
"""Of the table in CSV, followed by `input.` and the name of each column that the rows were given."""


async def csv_of(store: Store, batch_id: UUID) -> AsyncIterator[str]:
    """Return the results as CSV that no spreadsheet takes for formulas."""
    columns = await store.batches.columns(batch_id)
    yield csv_line([*COLUMNS, *(f"input.{name}" for name in columns)])
    async for rows in _pages(store, batch_id):
        yield "".join(_line(row, columns) for row in rows)


async def jsonl_of(store: Store, addresses: Addresses, batch_id: UUID) -> AsyncIterator[str]:
    """Return the results as lines of JSON, each as `GET /api/batches/{batchId}/rows` has it."""
    async for rows in _pages(store, batch_id):
        yield "".join(f"{row.model_dump_json()}\n" for row in await row_answers(store, addresses, rows))


async def _pages(store: Store, batch_id: UUID) -> AsyncIterator[list[BatchRowSeen]]:
    after: tuple[int, str] | None = None
    while rows := await store.batches.rows(batch_id, RowFilter(limit=PAGE, after=after)):
        yield rows
        after = rows[-1].number, rows[-1].key


def _line(row: BatchRowSeen, columns: Sequence[str]) -> str:
    outputs = [output.get("url") or output.get("text") or "" for output in row.outputs]
    error = row.error or " ".join(str(fault.get("message")) for fault in row.faults) or None
    values: list[Any] = [
        str(row.number),
        row.key,
        row.state.value,
        row.status,
        row.reason_code,
        error,
        row.prompt,
        " ".join(outputs),
        None if row.cost_usd is None else f"{row.cost_usd:f}",
        None if row.job_id is None else str(row.job_id),
    ]
    return csv_line([*values, *(_cell(row.given.get(name)) for name in columns)])


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
