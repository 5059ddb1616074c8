"""A database that one test has used is as good as new for the next."""

from __future__ import annotations

import pytest

from promptmill.local.errors import LocalStackError
from promptmill.local.postgres import PostgresServer
from tests.fixtures.postgres import databases_of


def ask(server: PostgresServer, name: str, statement: str) -> str:
    return server.psql(name, "-At", "-c", statement).strip()


def test_its_rows_are_those_of_the_template_and_nothing_reaches_it_by_its_old_name(
    postgres_server: PostgresServer,
) -> None:
    databases = databases_of(postgres_server)
    with databases.lend() as first:
        as_new = postgres_server.psql(first, "-At", "-c", "SELECT version_num FROM alembic_version")
        ask(
            postgres_server,
            first,
            "UPDATE alembic_version SET version_num = 'x'; SELECT nextval('submissions_number_seq')",
        )
    with databases.lend() as second:
        assert postgres_server.psql(second, "-At", "-c", "SELECT version_num FROM alembic_version") == as_new
        assert ask(postgres_server, second, "SELECT nextval('submissions_number_seq')") == "1"
        with pytest.raises(LocalStackError, match="does not exist"):
            ask(postgres_server, first, "SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more ()",
        "DROP TABLE jobs CASCADE",
        "ALTER TABLE jobs DISABLE TRIGGER ALL",
        """CREATE OR REPLACE FUNCTION transition_allowed(p_table text, p_from text, p_to text) RETURNS boolean
           LANGUAGE sql AS 'SELECT true'""",
        "DROP INDEX jobs_kept_idx",
        "ALTER TABLE jobs ALTER priority SET DEFAULT 7",
        "GRANT SELECT ON jobs TO PUBLIC",
        "ANALYZE alembic_version",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public', current_database()); END $$",
    ],
)
def test_one_whose_schema_a_test_has_changed_is_not_lent_again(postgres_server: PostgresServer, change: str) -> None:
    databases = databases_of(postgres_server)
    with databases.lend() as name:
        before = set(databases.spare)
        ask(postgres_server, name, change)

    assert set(databases.spare) == before
    assert ask(postgres_server, "postgres", f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"
