"""Runs all SQL statements and returns rows of `sql.models`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import inspect
from sqlmodel import SQLModel

from promptmill import tracing
from promptmill.contracts.errors import RecordNotFound, RecordUnavailable
from promptmill.metrics import statement_seconds, statements_failed
from promptmill.store.failures import translated
from promptmill.store.pool import Pool
from promptmill.store.statement_names import statement_name

Row = TypeVar("Row", bound=SQLModel)

RowMapping = Mapping[str, Any]
"""One row by the names of its columns. JSON is objects, times are in UTC, money is `Decimal`."""

_POSTGRES: Final = {"db.system.name": "postgresql"}
_PARAMETER: Final = re.compile(r"(?<![:\w]):(\w+)")
"""`:name`, but not the type after `::`."""


@cache
def column_list(model: type[SQLModel], of: str = "") -> str:
    """Return a table's columns by name, for SELECT, so that columns added by a newer release are ignored.

    Args:
        model: The class of the table.
        of: What they are selected from, for instance `(c.job)`.
    """
    prefix = f"{of}." if of else ""
    return ", ".join(f'{prefix}"{name}"' for name, _ in _attributes(model))


@cache
def _attributes(model: type[SQLModel]) -> tuple[tuple[str, str], ...]:
    """Return each column's name and attribute."""
    return tuple((attribute.columns[0].name, attribute.key) for attribute in inspect(model).column_attrs)


@cache
def _numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """Return a query with `$n` parameters, as Postgres has them, and the name of each."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(query)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", query), names


def to_row(model: type[Row], values: RowMapping) -> Row:
    """Build a row object, for reading, from a result that has the table's columns, and possibly others.

    It is filled as SQLAlchemy fills one that it loads: without `__init__`, which would note every column as a change
    to be written (measured: 30 times as long).
    """
    row: Row = model.__new__(model)
    row.__dict__.update({attribute: values[column] for column, attribute in _attributes(model)})
    return row


@dataclass(frozen=True)
class Database:
    """Runs statements with `:name` parameters, each in its own transaction.

    A parameter has the type that Postgres infers from where it stands; for `jsonb` it is JSON as text.

    Every method raises `RecordUnavailable` while Postgres is unavailable, otherwise as in `promptmill.store.failures`.
    """

    pool: Pool

    async def mappings(self, query: str, /, **values: Any) -> list[RowMapping]:
        """Return all rows of a query as mappings."""
        return [dict(record) for record in await self._records(query, values)]

    async def rows(self, model: type[Row], query: str, /, **values: Any) -> list[Row]:
        """Return all rows of a query that gives a table's columns."""
        return [to_row(model, record) for record in await self._records(query, values)]

    async def mapping(self, query: str, /, **values: Any) -> RowMapping:
        """Return the one row of a query as a mapping.

        Raises:
            RecordNotFound: There is none.
        """
        for row in await self.mappings(query, **values):
            return row
        raise RecordNotFound

    async def row(self, model: type[Row], query: str, /, **values: Any) -> Row:
        """Return the one row of a query that gives a table's columns.

        Raises:
            RecordNotFound: There is none.
        """
        for row in await self.rows(model, query, **values):
            return row
        raise RecordNotFound

    async def value(self, query: str, /, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        for record in await self._records(query, values):
            return record[0]
        return None

    async def run(self, query: str, /, **values: Any) -> None:
        """Run a statement, ignoring its result."""
        await self._records(query, values)

    async def _records(self, query: str, values: Mapping[str, Any]) -> Sequence[Any]:
        numbered, names = _numbered(query)
        try:
            name = statement_name(query)
            with statement_seconds.labels(name).time(), translated(), tracing.step(name, **_POSTGRES):
                return await self.pool.fetch(numbered, [values[name] for name in names])
        except RecordUnavailable as error:
            statements_failed.labels(error.code).inc()
            raise
