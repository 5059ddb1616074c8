"""Accepts batches: a table is judged as a whole, stored piece by piece, and begins only once all of it is there."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Final, NamedTuple

from uuid_utils.compat import uuid7

from api.batches.checking import CheckedRow, Checker
from api.batches.planning import TableReport
from api.http.errors import MAX_ERRORS, FieldError, Refused, pointer_to
from api.http.strict_json import canonical
from api.schemas.batch_runs import CreateBatch
from promptmill.batches.rows import WHOLE_TABLE, Fault
from promptmill.contracts.access import By
from promptmill.contracts.batches import NewBatch, NewRow
from promptmill.store import Store
from sql.models import Batch

ROWS_AT_ONCE: Final = 500
"""Rows stored in one statement,"""

BYTES_AT_ONCE: Final = 1_048_576
"""or so many bytes of them, if that is less."""

IN_MEMORY: Final = 2_097_152
"""Bytes of a judged table that are kept in memory; a larger one waits in a file that has no name."""


class Accepted(NamedTuple):
    """A batch with the rows of a request: how many were new to it, and what is wrong with those that were skipped.

    `new`: the request has changed something.
    """

    batch: Batch
    added: int
    report: TableReport
    new: bool


async def accept_batch(
    request: CreateBatch, *, key: str | None, key_id: str | None, checker: Checker, store: Store, by: By
) -> Accepted:
    """Store a batch, or what is new of one; it begins once all rows are stored. Safe to repeat with the same key.

    Memory stays constant. Whatever interrupts it, nothing is made of a table that is not whole: the same request goes
    on from there.

    Raises:
        Refused: `faulty_rows`, or as `Checker.rows`. Nothing was stored.
        IntakeStopped, AiPromptsOff, BudgetExhausted, OwnerPaused: As for a job. Nothing was stored.
        RecordConflict: `row_differs`, `batch_ended`, `batch_differs`, `too_many`.
    """
    template = request.filled_template()
    with open_table() as table:
        known = await store.batches.row_keys(checker.owner, key=key) if key is not None else frozenset[str]()
        async for row in checker.rows(template, request.lines, known=known):
            table.take(row)
        table.refuse(skip_faulty=request.skip_faulty)
        wanted = new_batch(request, key=key, key_id=key_id, owner=checker.owner)
        wanted = wanted.model_copy(update={"asks_grok": bool(template.get("useAiPrompt"))})
        batch, created = await store.batches.create(wanted, by=by)
        if not created:
            for rows in table.pieces():
                _refuse_others(await store.batches.differing(batch.id, rows))
        return await table.store(batch, store)


def new_batch(request: CreateBatch, *, key: str | None, key_id: str | None, owner: str) -> NewBatch:
    """Return the batch that a request asks for."""
    return NewBatch(
        id=uuid7(),
        owner=owner,
        key=key,
        name=request.name,
        template=request.template,
        max_cost_usd=request.max_cost_usd,
        max_open=request.max_open,
        stop_after_failures=request.stop_after_failures,
        priority=request.used_priority(),
        callback_url=request.callback_url,
        key_id=key_id,
    )


@contextmanager
def open_table() -> Iterator[JudgedTable]:
    """Yield an empty table, which is gone afterwards."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8") as spool:
        yield JudgedTable(spool)


@dataclass
class JudgedTable:
    """A judged table: its rows on their way to the record, and the first of its faults."""

    spool: IO[str]
    report: TableReport = field(default_factory=TableReport)

    def take(self, row: CheckedRow | Fault) -> None:
        """Keep what the checker says of a row."""
        if isinstance(row, Fault):
            self.report.note(row)
            return
        self.report.good += 1
        self._write(
            NewRow(
                key=row.row.key,
                number=row.row.number,
                given=row.row.values,
                request=row.job.model_dump(mode="json"),
                content_hash=hashlib.sha256(canonical(row.row.body).encode()).hexdigest(),
                job_id=row.job.id,
            )
        )

    def refuse(self, *, skip_faulty: bool) -> None:
        """Refuse a table with faults, unless they are to be skipped and there is something else.

        Raises:
            Refused: `faulty_rows`, with the first faults.
        """
        report = self.report
        if report.fault_count and not (skip_faulty and report.readable and report.good):
            errors = [
                FieldError(pointer=pointer_to(("line", one.line, *filter(None, [one.column]))), message=_told(one))
                for one in report.faults[:MAX_ERRORS]
            ]
            first = report.faults[0]
            where = "The table" if first.line == WHOLE_TABLE else f"Row {first.line}"
            column = "" if first.column is None else f", column {first.column}"
            more = f" There are {report.fault_count:,} faults in all." if report.fault_count > 1 else ""
            raise Refused("faulty_rows", f"{where}{column}: {_told(first)}{more} Nothing was stored.", errors=errors)
        told: dict[int, list[dict[str, Any]]] = {number: [] for number in sorted(report.faulty)}
        for fault in (*report.faults, *report.repeated):
            told[fault.line].append(asdict(fault))
        for number, faults in told.items():
            self._write(NewRow(key=f"line {number}", number=number, given={}, faults=tuple(faults)))

    async def store(self, batch: Batch, store: Store) -> Accepted:
        """Add the rows to a batch, which begins then. Safe to repeat.

        Raises:
            RecordConflict: `row_differs`, `batch_ended`, `too_many`.
        """
        added = 0
        for rows in self.pieces():
            added += await store.batches.add(batch.id, rows)
        return Accepted(await store.batches.open(batch.id), added, self.report, new=added > 0)

    def pieces(self) -> Iterator[list[NewRow]]:
        """Return the rows, a piece at a time."""
        self.spool.seek(0)
        piece: list[NewRow] = []
        size = 0
        for line in self.spool:
            if piece and (len(piece) >= ROWS_AT_ONCE or size + len(line) > BYTES_AT_ONCE):
                yield piece
                piece, size = [], 0
            piece.append(NewRow.model_validate_json(line))
            size += len(line)
        if piece:
            yield piece

    def _write(self, row: NewRow) -> None:
        self.spool.write(row.model_dump_json() + "\n")


def _refuse_others(found: Sequence[tuple[int, str]]) -> None:
    """Refuse rows that the batch has with another content.

    Raises:
        Refused: `row_differs`, with their lines.
    """
    if found:
        errors = [
            FieldError(pointer=pointer_to(("line", number, "key")), message=f"The batch has another row {key}.")
            for number, key in found[:MAX_ERRORS]
        ]
        number, key = found[0]
        raise Refused(
            "row_differs",
            f"Row {number}: the batch has a row with the key {key} but different content. Nothing was added.",
            errors=errors,
        )


def _told(fault: Fault) -> str:
    """Return a fault's message with what was probably meant: an error has no field of its own for that."""
    return fault.message if fault.suggestion is None else f"{fault.message} Did you mean {fault.suggestion}?"
