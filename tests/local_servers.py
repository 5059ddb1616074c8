"""The servers of the local stack for as long as a test needs them, and the `temporal` command line."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptmill.local.ports import Address
from promptmill.local.postgres import PostgresServer, start_postgres, stop_postgres
from promptmill.local.temporal import STOP_SECONDS, TemporalServer, start_temporal, temporal_binary, wait_for_temporal


@contextmanager
def open_postgres(
    data: Path, *, log: Path, version: int | None = None, options: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run Postgres on a data folder, created if it does not exist, and stop it at the end.

    Args:
        data: Its data; its parent must exist.
        version: Major version for a new folder; by default the highest that the wheel has.
        options: Server settings, `name: value`.
    """
    server = start_postgres(data.resolve(), log=log, version=version, options=options or {})
    try:
        yield server
    finally:
        stop_postgres(server.child)


@contextmanager
def open_temporal(
    *,
    port: int,
    log: Path,
    ui: Address | None = None,
    codec: str | None = None,
    database: Path | None = None,
    config: Mapping[str, Any] | None = None,
) -> Iterator[TemporalServer]:
    """Run the development server, and stop it at the end.

    Args:
        ui: Where the Web UI listens; it is unprotected, see `promptmill.local.web_ui`. None for no Web UI.
        codec: URL of the endpoint where the Web UI has encrypted payloads decrypted.
        database: File that stores everything; None keeps it in memory.
        config: Further values of its dynamic configuration, by key.
    """
    server = start_temporal(
        port=port,
        log=log,
        ui=ui,
        codec=codec,
        database=database,
        namespace="default",
        binary=temporal_binary(),
        config=config,
    )
    try:
        wait_for_temporal(server)
        yield server
    finally:
        server.child.stop(STOP_SECONDS)


def temporal_cli(server: TemporalServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `temporal` command line against a server and return its result; a failure does not raise."""
    command = [str(server.binary), *arguments, "--address", server.address, "--namespace", server.namespace]
    return subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def terminate_workflow(server: TemporalServer, workflow_id: str) -> None:
    """End a workflow from outside."""
    temporal_cli(server, "workflow", "terminate", "--workflow-id", workflow_id, "--reason", "test")


def reset_workflow(server: TemporalServer, workflow_id: str) -> None:
    """Run a workflow again from its beginning."""
    arguments = ("--workflow-id", workflow_id, "--type", "FirstWorkflowTask", "--reason", "test")
    temporal_cli(server, "workflow", "reset", *arguments)
