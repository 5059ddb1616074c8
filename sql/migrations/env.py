"""How Alembic runs here: on the connection that `promptmill.store.migrations` hands over, or as text for a dry run.

Whoever hands over a connection holds the advisory lock of migrations on it.
"""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Run the chosen revisions: upwards each in a transaction of its own, downwards all in one.

    So a revision that refuses to go down leaves everything as it was.
    """
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", transaction_per_migration=True)
    else:
        given = context.config.attributes
        context.configure(connection=given["connection"], transaction_per_migration=not given["down"])
    with context.begin_transaction():
        context.run_migrations()


run()
