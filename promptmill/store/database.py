"""Runs all SQL statements and returns rows of `sql.models`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Executable, RowMapping, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from promptmill.contracts.errors import RecordNotFound
from promptmill.store.failures import translated

Row = TypeVar("Row", bound=SQLModel)


@cache
def column_list(model: type[SQLModel], of: str = "") -> str:
    """Return a table's columns by name, for SELECT, so that columns added by a newer release are ignored.

    Args:
        model: The class of the table.
        of: What they are selected from, for instance `(c.job)`.
    """
    prefix = f"{of}." if of else ""
    return ", ".join(f'{prefix}"{name}"' for name in _attributes(model))


@cache
def _attributes(model: type[SQLModel]) -> dict[str, str]:
    """Return column name -> attribute name."""
    return {attribute.columns[0].name: attribute.key for attribute in inspect(model).column_attrs}


@cache
def _statement(query: str, model: type[SQLModel]) -> Executable:
    """Return a query whose columns have a table's types, so that JSON is returned as objects."""
    return text(query).columns(**{c.name: c.type for c in inspect(model).columns})


def to_row(model: type[Row], values: RowMapping) -> Row:
    """Build a row object from a result that has the table's columns, and possibly others."""
    return model(**{attribute: values[column] for column, attribute in _attributes(model).items()})


@dataclass(frozen=True)
class Database:
    """Runs statements, each in its own transaction.

    Every method raises `RecordUnavailable` while Postgres is unavailable, otherwise as in `promptmill.store.failures`.
    """

    engine: AsyncEngine

    async def mappings(self, query: str, model: type[SQLModel] | None = None, /, **values: Any) -> Sequence[RowMapping]:
        """Return all rows of a query as mappings; with `model`, its columns have the table's types."""
        with translated():
            async with self.engine.connect() as connection:
                statement = text(query) if model is None else _statement(query, model)
                return (await connection.execute(statement, values)).mappings().all()

    async def rows(self, model: type[Row], query: str, /, **values: Any) -> list[Row]:
        """Return all rows of a query that gives a table's columns."""
        return [to_row(model, row) for row in await self.mappings(query, model, **values)]

    async def mapping(self, query: str, model: type[SQLModel] | None = None, /, **values: Any) -> RowMapping:
        """Return the one row of a query as a mapping.

        Raises:
            RecordNotFound: There is none.
        """
        for row in await self.mappings(query, model, **values):
            return row
        raise RecordNotFound

    async def row(self, model: type[Row], query: str, /, **values: Any) -> Row:
        """Return the one row of a query that gives a table's columns.

        Raises:
            RecordNotFound: There is none.
        """
        return to_row(model, await self.mapping(query, model, **values))

    async def value(self, query: str, /, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        for row in await self.mappings(query, **values):
            return next(iter(row.values()))
        return None

    async def run(self, query: str, /, **values: Any) -> None:
        """Run a statement, ignoring its result."""
        with translated():
            async with self.engine.connect() as connection:
                await connection.execute(text(query), values)
