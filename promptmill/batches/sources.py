"""The sources of a batch's rows. Each gives its lines one by one, so that memory stays constant.

What a source cannot read is a fault among its lines; none of them raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from promptmill.batches.delimited import csv_lines
from promptmill.batches.rows import CELL_CHARACTERS, MOST_COLUMNS, WHOLE_TABLE, Fault, Line
from promptmill.contracts.batches import MOST_ROWS
from promptmill.strict_json import InvalidJson, parse, problems, text_error


def read_csv(lines: Iterable[str]) -> Iterator[Line | Fault]:
    """Read a table in CSV whose first line names the columns, from its physical lines with their ends."""
    return _bounded(csv_lines(lines))


def read_jsonl(lines: Iterable[str]) -> Iterator[Line | Fault]:
    """Read a table with one JSON object a line, from its physical lines."""
    return _bounded(_objects(lines))


def of_rows(rows: Iterable[Any]) -> Iterator[Line | Fault]:
    """Read rows given as JSON objects."""
    return _bounded(_row(number, row) for number, row in enumerate(rows, 1))


def of_matrix(lists: Mapping[str, Sequence[Any]]) -> Iterator[Line | Fault]:
    """Combine each value of each column with each of the others; the last column changes fastest."""
    if len(lists) > MOST_COLUMNS:
        yield Fault.of(WHOLE_TABLE, None, f"The matrix has {len(lists):,} columns; at most {MOST_COLUMNS} are allowed.")
        return
    size = prod(len(values) for values in lists.values())
    if size > MOST_ROWS:
        sizes = " by ".join(str(len(values)) for values in lists.values())
        message = f"The matrix would have {size:,} rows ({sizes}); at most {MOST_ROWS:,} are allowed."
        yield Fault.of(WHOLE_TABLE, None, message)
        return
    combined = (dict(zip(lists, values, strict=True)) for values in product(*lists.values())) if lists else ()
    yield from of_rows(combined)


def of_repeat(times: int, seed: int | None) -> Iterator[Line | Fault]:
    """Repeat the template: with `seed`, `seed + 1` and so on; without one, each job draws its own."""
    return of_rows({} if seed is None else {"seed": seed + place} for place in range(times))


def of_pictures(urls: Iterable[str]) -> Iterator[Line | Fault]:
    """Make one row of each picture."""
    return of_rows({"image": url} for url in urls)


def _objects(lines: Iterable[str]) -> Iterator[Line | Fault]:
    for number, text in enumerate(lines, 1):
        line = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}") if number == 1 else text
        if line.strip():
            yield _object(number, line)


def _object(number: int, text: str) -> Line | Fault:
    if text_error(text) is not None:
        return Fault.of(number, None, "The line is not UTF-8, or has NUL characters: save the table as UTF-8.")
    try:
        row = parse(text)
    except InvalidJson as error:
        message = str(error)
        return Fault.of(number, None, message if message[0].isupper() else f"The line {message}", value=text.strip())
    wrong = next(problems(row), None)
    if wrong is not None:
        path, why = wrong
        return Fault.of(number, str(path[0]) if path else None, f"The value {why}.")
    return _row(number, row)


def _row(number: int, row: Any) -> Line | Fault:
    """Return one row, if it is an object of a bearable size."""
    if not isinstance(row, dict):
        return Fault.of(number, None, 'Must be a JSON object, such as {"prompt": "a lighthouse"}.', value=row)
    if len(row) > MOST_COLUMNS:
        return Fault.of(number, None, f"The row has {len(row):,} columns; at most {MOST_COLUMNS} are allowed.")
    return Line(number, row)


def _bounded(lines: Iterable[Line | Fault]) -> Iterator[Line | Fault]:
    """Pass on lines up to the most rows of a batch, except those with a text that is too long."""
    rows = 0
    empty = True
    for line in lines:
        empty = False
        rows += isinstance(line, Line) or line.line != WHOLE_TABLE
        if rows > MOST_ROWS:
            yield Fault.of(WHOLE_TABLE, None, f"The table has more than {MOST_ROWS:,} rows: send it in parts.")
            return
        yield from _cells(line) if isinstance(line, Line) else (line,)
    if empty:
        yield Fault.of(WHOLE_TABLE, None, "The table has no rows.")


def _cells(line: Line) -> Iterable[Line | Fault]:
    faults = [
        Fault.of(
            line.number,
            column,
            f"It has {len(value):,} characters; a cell has at most {CELL_CHARACTERS:,}.",
            value=value,
        )
        for column, value in line.values.items()
        if isinstance(value, str) and len(value) > CELL_CHARACTERS
    ]
    return faults or (line,)
