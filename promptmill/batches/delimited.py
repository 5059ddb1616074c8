"""Tables in CSV, as spreadsheets write them: with commas, semicolons or tabs, quotes, and line ends of any kind.

Python's `csv` reads the cells; here is what it does not say: in which cell a table breaks, and on which line of its
file. A row may take several lines of the file, because a quoted cell may have line ends in it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from promptmill.batches.rows import CELL_CHARACTERS, MOST_COLUMNS, WHOLE_TABLE, Fault, Line
from promptmill.strict_json import text_error

DELIMITERS: Final = (",", ";", "\t")
"""What may stand between cells: the most frequent in the header, of equally frequent ones the first."""

_NAMES: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*+"?')
_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n|[\r\n])|[^\r\n]+")
_ESCAPED: Final = range(0xDC80, 0xDD00)
"""What a byte that is not UTF-8 is decoded to."""

_SAVE: Final = "Save the table as UTF-8; Excel calls it “CSV UTF-8”."
_QUOTES: Final = 'A text with quotes in it is written "like ""this"" one".'


class _Cell(NamedTuple):
    """A cell of a broken row: its place in the row, and the line of the row on which it begins, both from 0."""

    place: int
    line: int
    text: str


def lines_of(table: str) -> Iterator[str]:
    """Return the physical lines of a table with their ends.

    A byte of a file that is not UTF-8 is a lone surrogate (`surrogateescape`), which is told as a fault of its cell.
    """
    return (found[0] for found in _LINE.finditer(table))


def csv_lines(lines: Iterable[str]) -> Iterator[Line | Fault]:
    """Read the rows of a table whose first line names the columns."""
    return _Table(lines).rows()


class _Table:
    """One table being read.

    Attributes:
        header: The columns' names; an empty one where the header has none.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.header: Sequence[str] = ()
        self._lines = iter(lines)
        self._delimiter = DELIMITERS[0]
        self._read = 0
        self._row: list[str] = []
        """The physical lines of the current row, of all `_read` the last."""

    def rows(self) -> Iterator[Line | Fault]:
        """Return the rows, and what is wrong with those that cannot be read."""
        first = next(self._lines, "").removeprefix(_BOM)
        if not first.strip():
            yield Fault.of(WHOLE_TABLE, None, "The table is empty: its first line must name the columns.")
            return
        unquoted = _QUOTED.sub("", first)
        self._delimiter = max(DELIMITERS, key=unquoted.count)
        rows = csv.reader(self._physical(first), delimiter=self._delimiter, strict=True)
        header = self._next(rows, WHOLE_TABLE)
        faults = [header] if isinstance(header, Fault) else [*_header_faults(header or [])]
        if faults or not isinstance(header, list):
            yield from faults
            return
        self.header = [name.strip() for name in header]
        yield from self._body(rows)

    def _body(self, rows: Iterator[list[str]]) -> Iterator[Line | Fault]:
        number = 1
        while (row := self._next(rows, number)) is not None:
            if isinstance(row, Fault):
                yield row
                if not self._goes_on():
                    yield Fault.of(WHOLE_TABLE, None, f"The rows after row {number} cannot be read until it is fixed.")
                    return
            elif any(map(str.strip, row)):
                yield from self._cells(number, row)
            number += 1
        if number == 1:
            yield Fault.of(WHOLE_TABLE, None, "The table has a header, but no rows.")

    def _physical(self, first: str) -> Iterator[str]:
        """Return the physical lines; those of the current row are at hand if it breaks."""
        line: str | None = first
        while line is not None:
            self._read += 1
            self._row.append(line)
            yield line
            line = next(self._lines, None)

    def _next(self, rows: Iterator[list[str]], number: int) -> list[str] | Fault | None:
        """Return the cells of the next row, or why they cannot be read; None after the last."""
        self._row.clear()
        try:
            return next(rows, None)
        except csv.Error:
            return self._broken(number)

    def _broken(self, number: int) -> Fault:
        """Return why `csv` gave the current row up."""
        cell, why = _breaking_cell(self._row, self._delimiter)
        column = self.header[cell.place] if cell.place < len(self.header) else None
        line = self._read - len(self._row) + 1 + cell.line
        return Fault.of(number, column, f"Line {line:,} of the file, cell {cell.place + 1:,}: {why}", value=cell.text)

    def _goes_on(self) -> bool:
        """Whether the next line begins a new row: the broken one is a single line, whose quotes are closed."""
        return len(self._row) == 1 and self._row[0].count('"') % 2 == 0

    def _cells(self, number: int, row: Sequence[str]) -> Iterator[Line | Fault]:
        """Return a row, or what is wrong with its cells."""
        more = [cell for cell in row[len(self.header) :] if cell.strip()]
        if more or len(row) < len(self.header):
            message = (
                f"Cells: {len(row):,} in the row, {len(self.header)} in the header. "
                f"A text with {_NAMES[self._delimiter]} in it needs quotes around it."
            )
            yield Fault.of(number, None, message, value=more[0] if more else None)
            return
        faults = [
            Fault.of(number, name, why, value=cell)
            for name, cell in zip(self.header, row, strict=False)
            if (why := _wrong_text(cell)) is not None
        ]
        faults += [
            Fault.of(number, None, f"Cell {place} has no column: the header names none here.", value=cell)
            for place, (name, cell) in enumerate(zip(self.header, row, strict=False), 1)
            if not name and cell.strip()
        ]
        if faults:
            yield from faults
        else:
            yield Line(number, {name: cell for name, cell in zip(self.header, row, strict=False) if name})


def _header_faults(header: Sequence[str]) -> Iterator[Fault]:
    if len(header) > MOST_COLUMNS:
        message = f"The header has {len(header):,} columns; at most {MOST_COLUMNS} are allowed."
        yield Fault.of(WHOLE_TABLE, None, message)
        return
    if any("\x00" in name for name in header):
        yield Fault.of(WHOLE_TABLE, None, f"The header has NUL characters: the table is probably UTF-16. {_SAVE}")
        return
    for name in header:
        if (why := _wrong_text(name)) is not None:
            yield Fault.of(WHOLE_TABLE, name, why)
        elif len(name) > CELL_CHARACTERS:
            yield Fault.of(WHOLE_TABLE, name, "The name is far too long. Is the header the table's first line?")
    for name, times in Counter(name.strip() for name in header).items():
        if name and times > 1:
            yield Fault.of(WHOLE_TABLE, name, f"The header has this column {times} times.")


def _wrong_text(cell: str) -> str | None:
    """Return why a cell cannot be stored."""
    if text_error(cell) is None:
        return None
    byte = next((ord(letter) - 0xDC00 for letter in cell if ord(letter) in _ESCAPED), None)
    if byte is not None:
        return f"Is not UTF-8 (it has the byte 0x{byte:02X}). {_SAVE}"
    return f"It {text_error(cell)}: take it out."


def _breaking_cell(lines: Sequence[str], delimiter: str) -> tuple[_Cell, str]:
    """Return the cell at which a row broke, and why."""
    text = "".join(lines)
    unquoted = re.compile(rf"[^{delimiter}\r\n]*+")
    at = place = 0
    while True:
        quoted = text.startswith('"', at)
        found = (_QUOTED if quoted else unquoted).match(text, at)
        assert found is not None
        after = text[found.end() : found.end() + 1]
        why = _why_broken(found[0], after, delimiter, quoted=quoted)
        if why is not None or after != delimiter:
            line = text.count("\n", 0, at) if "\n" in text else text.count("\r", 0, at)
            return _Cell(place, line, found[0]), why or f"The row cannot be read from here on. {_QUOTES}"
        at, place = found.end() + 1, place + 1


def _why_broken(cell: str, after: str, delimiter: str, *, quoted: bool) -> str | None:
    if quoted and cell.count('"') % 2:
        return f"A quote opens and is not closed. {_QUOTES}"
    if quoted and after and after not in f"{delimiter}\r\n":
        return f"More text follows a closing quote. {_QUOTES}"
    length = len(cell[1:-1].replace('""', '"')) if quoted else len(cell)
    if length > CELL_CHARACTERS:
        return f"It has {length:,} characters; a cell has at most {CELL_CHARACTERS:,}."
    return None
