"""How a file of SQL is run: whole, in the transaction that is open, or printed in a dry run."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text


def run_script(connection: Connection, script: str) -> None:
    """Run any number of statements, separated as `psql` wants them, in the connection's transaction.

    SQLAlchemy prepares what it runs, and a prepared statement is one statement. The driver itself takes scripts.

    Raises:
        asyncpg.PostgresError: Postgres refused one of them.
    """
    connection.execute(text("SELECT"))  # SQLAlchemy begins the driver's transaction with the first statement it runs
    connection.connection.run_async(lambda driver: driver.execute(script))


def run_file(path: Path) -> None:
    """Run a revision's file inside Alembic, or print it in a dry run."""
    from alembic import op  # noqa: PLC0415  # the API and the worker import this module too, and run no revision

    script = path.read_text(encoding="utf-8")
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(script)
    else:
        run_script(op.get_bind(), script)
