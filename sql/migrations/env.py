"""How Alembic runs here: on the connection that `promptmill.store.migrations` hands over, or as text for a dry run.

Whoever hands over a connection holds the advisory lock of migrations on it.
"""

from __future__ import annotations

from alembic import context


def run() -> None:
    """Run the chosen revisions, each in a transaction of its own."""
    if context.is_offline_mode():
        # Without a named style every % would be doubled, as if a driver were to read it.
        named = {"paramstyle": "named"}
        context.configure(dialect_name="postgresql", dialect_opts=named, transaction_per_migration=True)
    else:
        context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run()
