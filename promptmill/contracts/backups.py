"""What a backup of the record holds, and what a restored one is compared with."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, Field

from promptmill.contracts.messages import Message


class TableContents(Message):
    """What a table holds.

    Attributes:
        hash: Over all rows, whatever their order.
        amounts: Sums of its numeric columns, by name: the money.
        highest: The highest values of its numbered columns, by name.
    """

    rows: int
    hash: str
    amounts: dict[str, str] = Field(default_factory=dict)
    highest: dict[str, int] = Field(default_factory=dict)


class Manifest(Message):
    """A backup: a file beside this one, and what was in the record when it was taken.

    Attributes:
        taken_at: The time of the snapshot, by Postgres' clock.
        release: The version of Promptmill that wrote it.
        revision: The record's.
        schema_name: The schema of Postgres that it holds.
        server_version: Major version of the server.
        program_version: Major version of the `pg_dump` that wrote it: `pg_restore` must not be older.
        file: Name of the file.
        size: Of the file, in bytes.
        sha256: Of the file.
        key_id: The key that it is encrypted with; None if it is not encrypted.
        tables: What each table held.
        verified_at: When it was last restored elsewhere, and held this.
    """

    name: str = Field(pattern=r"^promptmill-\w{1,64}$")
    taken_at: AwareDatetime
    release: str
    revision: str
    schema_name: str
    server_version: int
    program_version: int
    file: str = Field(pattern=r"^promptmill-\w{1,64}\.dump(\.sealed)?$")
    size: int = Field(ge=0, lt=2**63)
    sha256: str
    key_id: str | None
    tables: dict[str, TableContents]
    verified_at: datetime | None = None

    @property
    def rows(self) -> int:
        """How many rows it holds in all."""
        return sum(table.rows for table in self.tables.values())


def differences(told: dict[str, TableContents], found: dict[str, TableContents]) -> list[str]:
    """Return in what a restored record differs from what its manifest tells, one sentence for each difference."""
    lines = [f"{name} is missing" for name in sorted(told.keys() - found.keys())]
    lines += [f"{name} should not be there" for name in sorted(found.keys() - told.keys())]
    for name in sorted(told.keys() & found.keys()):
        meant, has = told[name], found[name]
        if meant.rows != has.rows:
            lines.append(f"{name} has {has.rows:,} rows instead of {meant.rows:,}")
        lines += [
            f"{name}.{column} is {numbers.get(column)} instead of {value}"
            for before, numbers in ((meant.amounts, has.amounts), (meant.highest, has.highest))
            for column, value in before.items()
            if numbers.get(column) != value
        ]
        if meant.hash != has.hash and meant.rows == has.rows:
            lines.append(f"{name} has other contents")
    return lines
