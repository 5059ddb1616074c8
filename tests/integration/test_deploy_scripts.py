"""The scripts that docker-compose.yml mounts, on real servers. Not schema.sh: temporal-sql-tool has no wheel."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from uuid_utils import uuid7

from promptmill.local.errors import LocalStackError
from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import TemporalServer
from tests.local_servers import temporal_cli

DEPLOY = Path(__file__).parents[2] / "deploy"
DATABASES = ("promptmill", "temporal", "temporal_visibility")


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as an image does, with the folder of its programs first on the path."""
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", os.fspath(DEPLOY / script)],
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def databases(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    done = run(
        "postgres/create-databases.sh",
        postgres_server.programs,
        POSTGRES_USER="postgres",
        PGHOST=os.fspath(postgres_server.sockets),
        PGPASSWORD="it's ours",
        SQL_PASSWORD="it's theirs",
    )
    try:
        assert done.returncode == 0, done.stderr
        yield postgres_server
    finally:
        for name in DATABASES:
            postgres_server.psql("postgres", "-c", f"DROP DATABASE IF EXISTS {name}")
        for role in ("promptmill", "temporal"):
            postgres_server.psql("postgres", "-c", f"DROP ROLE IF EXISTS {role}")


def as_user(server: PostgresServer, user: str, database: str, query: str) -> str:
    return server.psql("postgres", "-At", "-d", server.uri(database).replace("postgres@", f"{user}@"), "-c", query)


def test_each_user_owns_its_databases_and_cannot_enter_the_others(databases: PostgresServer) -> None:
    assert as_user(databases, "promptmill", "promptmill", "CREATE TABLE kept (id int); SELECT current_user") == (
        "promptmill\n"
    )
    for name in ("temporal", "temporal_visibility"):
        as_user(databases, "temporal", name, "CREATE TABLE kept (id int)")
        with pytest.raises(LocalStackError, match="permission denied for database"):
            as_user(databases, "promptmill", name, "SELECT 1")
    with pytest.raises(LocalStackError, match="permission denied for database"):
        as_user(databases, "temporal", "promptmill", "SELECT 1")


def test_neither_user_is_more_than_a_user(databases: PostgresServer) -> None:
    rights = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    query = f"SELECT count(*), bool_or({rights}) FROM pg_roles WHERE rolname IN ('promptmill', 'temporal')"
    assert databases.psql("postgres", "-At", "-c", query) == "2|f\n"


def test_our_user_may_apply_the_whole_schema(databases: PostgresServer) -> None:
    """The migrations run as the database's owner, not as the superuser."""
    address = databases.uri("promptmill").replace("postgres@", "promptmill@")
    databases.psql("postgres", "-d", address, "-f", os.fspath(DEPLOY.parent / "sql" / "prompt-queue-schema.sql"))


def test_the_namespace_is_made_once(temporal_server: TemporalServer) -> None:
    namespace = f"made-{uuid7()}"
    for _ in range(2):
        done = run(
            "temporal/namespace.sh",
            temporal_server.binary.parent,
            TEMPORAL_ADDRESS=temporal_server.address,
            TEMPORAL_NAMESPACE=namespace,
            RETENTION="30d",
        )
        assert done.returncode == 0, done.stderr
    described = temporal_cli(temporal_server, "operator", "namespace", "describe", namespace, "--output", "json")
    found = json.loads(described.stdout)
    assert found["config"]["workflowExecutionRetentionTtl"] == f"{30 * 24 * 3600}s"
