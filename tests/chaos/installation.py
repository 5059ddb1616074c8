"""The servers and processes of one run: started, killed, restarted, and stopped by their own pids.

Everything here blocks; the run calls it in threads, so that the load continues meanwhile.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from promptmill.local.plan import SIMULATOR_KEY
from promptmill.local.ports import LOOPBACK, free_port
from promptmill.local.postgres import PostgresServer, start_postgres, stop_postgres
from promptmill.local.processes import Child
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.stack import DATABASE
from promptmill.local.temporal import (
    PRIORITY_LEVELS,
    TemporalServer,
    start_temporal,
    temporal_binary,
    wait_for_temporal,
)
from tests.chaos.faults import ABSENT_AFTER_SECONDS, SUBMIT_TIMEOUT_SECONDS
from tests.fixtures.payload_keys import NEW, OLD, setting
from tests.fixtures.postgres import SCHEMA
from tests.fixtures.session import Session, WarmPython, open_warm_python

START_SECONDS = 180.0
STOP_SECONDS = 5.0
POST_WITHIN_SECONDS = 2.0
APIS = ("API 1", "API 2")
WORKERS = ("worker 1", "worker 2")
NOT_YET_TOLD = {"API 2", "worker 2"}
"""What still encrypts with the old key when payloads are encrypted: a change of keys that is half done."""

# Only processes fail here, never the machine: what Postgres has passed to the OS is safe.
POSTGRES_OPTIONS = {"fsync": "off", "max_connections": "200"}

SHORT_WAITS = {
    "PROMPTMILL_SUBMIT_TIMEOUT_SECONDS": f"{SUBMIT_TIMEOUT_SECONDS:g}",
    "PROMPTMILL_POST_WITHIN_SECONDS": f"{POST_WITHIN_SECONDS:g}",
    "PROMPTMILL_ABSENT_AFTER_SECONDS": f"{ABSENT_AFTER_SECONDS:g}",
    # Not the default: so that a wrong proof of absence, or a sender that wakes too late, pays twice and is detected.
    "PROMPTMILL_RESUBMIT_WHEN_ABSENT": "true",
    "PROMPTMILL_POLL_AFTER_SECONDS": "3",
    "PROMPTMILL_POLL_IMAGE_SECONDS": "0.5",
    "PROMPTMILL_POLL_IMAGE_MAX_SECONDS": "2",
    "PROMPTMILL_POLLS_PER_SECOND": "50",
    "PROMPTMILL_RATE_LIMIT_WAIT_SECONDS": "1",
    "PROMPTMILL_GROK_TIMEOUT_SECONDS": "5",
    "PROMPTMILL_RECONCILE_SECONDS": "2",
    "PROMPTMILL_RECONCILE_TIMEOUT_SECONDS": "20",
    "PROMPTMILL_MISSING_CONFIRM_SECONDS": "6",
    "PROMPTMILL_CANCEL_AGAIN_SECONDS": "2",
    "PROMPTMILL_STICKY_SECONDS": "2",
    "PROMPTMILL_TEMPORAL_BREAKER_SECONDS": "1",
    "PROMPTMILL_SHUTDOWN_SECONDS": "3",
    # A named tier's rate is fixed: `auto` would take the faults' 429s for the account's and slow down the whole run.
    "PROMPTMILL_WAVESPEED_TIER": "silver",
    "PROMPTMILL_WAVESPEED_PER_SECOND": "50",
    "PROMPTMILL_GROK_PER_SECOND": "50",
    "PROMPTMILL_LOG_FORMAT": "json",
}


@dataclass
class Installation:
    """What runs.

    Attributes:
        python: Starts our processes as forks of a warm one: a short run starts nine, for seconds of CPU time each.
        account: The key of both providers' simulators.
        environment: The settings of every process of ours.
        worker_command: Arguments to Python that run a worker; sabotages have their own.
        encrypted: Whether payloads at Temporal are encrypted.
    """

    session: Session
    python: WarmPython
    account: str
    environment: dict[str, str]
    postgres: PostgresServer
    temporal: TemporalServer
    temporal_port: int
    worker_command: Sequence[str]
    ports: dict[str, int]
    encrypted: bool = False
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """Postgres's URL, unchanged by restarts."""
        return self.environment["DATABASE_URL"]

    @property
    def api_urls(self) -> list[str]:
        """Where the API's processes listen."""
        return [f"http://{LOOPBACK}:{self.ports[name]}" for name in APIS]

    @property
    def temporal_files(self) -> list[Path]:
        """The files that hold all that Temporal has stored."""
        return sorted((self.session.folder / "temporal").iterdir())

    def start(self, name: str) -> Child:
        """Start a worker or an API process without waiting for it."""
        if name in APIS:
            return self._spawn(name, ["-m", "api"], PROMPTMILL_PORT=str(self.ports[name]))
        return self._spawn(name, self.worker_command, PROMPTMILL_METRICS_PORT=str(self.ports[name]))

    def start_extra_worker(self, name: str, **changed: str) -> Child:
        """Start another worker with changed settings, and wait until it polls."""
        self.ports[name] = free_port()
        child = self._spawn(name, self.worker_command, PROMPTMILL_METRICS_PORT=str(self.ports[name]), **changed)
        self.wait(name)
        return child

    def wait(self, name: str) -> None:
        """Return once a worker or an API process is ready."""
        wait_ready(
            self.children[name],
            lambda: answers(f"http://{LOOPBACK}:{self.ports[name]}/readyz"),
            within=START_SECONDS,
        )

    def kill(self, name: str) -> bool:
        """Kill a process; return whether it was still running."""
        child = self.children[name]
        lived = child.process.poll() is None
        child.kill()
        return lived and child.process.poll() == -signal.SIGKILL

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process."""
        self.children[name].process.send_signal(number)

    def restart_postgres(self) -> bool:
        """Stop Postgres in immediate mode, like a crash, and restart it; return whether it was running."""
        process = self.postgres.child.process
        lived = process.poll() is None
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_SECONDS)
        self.postgres = start_postgres(
            self.session.folder / "postgres",
            log=self.session.folder / "postgres.log",
            version=None,
            options=POSTGRES_OPTIONS,
        )
        self.session.guard(self.postgres.child)
        return lived

    def stop_temporal(self, *, hard: bool) -> bool:
        """Stop Temporal, gracefully or by killing it; return whether it was running."""
        lived = self.temporal.child.process.poll() is None
        if hard:
            self.temporal.child.kill()
        else:
            self.temporal.child.stop(STOP_SECONDS)
        return lived

    def start_temporal(self) -> None:
        """Restart Temporal on its database file."""
        self.temporal = _temporal(self.session, self.temporal_port)
        wait_for_temporal(self.temporal)

    def close(self) -> None:
        """Stop everything."""
        for child in (*reversed(list(self.children.values())), self.temporal.child):
            child.kill()
        stop_postgres(self.postgres.child)

    def _spawn(self, name: str, arguments: Sequence[str], **changed: str) -> Child:
        if self.encrypted and name in NOT_YET_TOLD:
            changed["PROMPTMILL_PAYLOAD_KEYS"] = setting(OLD, NEW)
        self.children[name] = child = self.python.start(
            name,
            *arguments,
            log=self.session.folder / f"{name.replace(' ', '-')}.log",
            environment=dict(os.environ) | self.environment | changed,
        )
        return self.session.guard(child)


@contextmanager
def open_installation(
    session: Session, account: str, *, worker_command: Sequence[str] = ("-m", "worker"), encrypted: bool = False
) -> Iterator[Installation]:
    """Start everything, and stop it at the end, whatever happened."""
    with open_warm_python(session) as python:
        postgres = start_postgres(
            session.folder / "postgres", log=session.folder / "postgres.log", version=None, options=POSTGRES_OPTIONS
        )
        session.guard(postgres.child)
        temporal_port = free_port()
        temporal = _temporal(session, temporal_port)
        ports = {name: free_port() for name in (*APIS, *WORKERS, "Grok", "WaveSpeed")}
        database_url = postgres.ensure_database(DATABASE)
        opened = Installation(
            session,
            python,
            account,
            _environment(database_url, temporal.address, account, ports)
            | ({"PROMPTMILL_PAYLOAD_KEYS": setting(NEW, OLD)} if encrypted else {}),
            postgres,
            temporal,
            temporal_port,
            worker_command,
            ports,
            encrypted,
        )
        try:
            postgres.psql(DATABASE, "-f", os.fspath(SCHEMA))
            opened._spawn("simulators", ["-m", "promptmill", "simulators"])
            wait_for_temporal(temporal)
            for base in (opened.environment["XAI_API_BASE"], opened.environment["WAVESPEED_API_BASE"]):
                wait_ready(
                    opened.children["simulators"],
                    partial(answers, f"{base}/_simulator/health"),
                    within=START_SECONDS,
                )
            for name in (*WORKERS, *APIS):
                opened.start(name)
            for name in (*WORKERS, *APIS):
                opened.wait(name)
            yield opened
        finally:
            opened.close()


def _temporal(session: Session, port: int) -> TemporalServer:
    server = start_temporal(
        port=port,
        log=session.folder / "temporal.log",
        ui=None,
        database=session.folder / "temporal" / "temporal.db",
        namespace="default",
        binary=temporal_binary(),
    )
    session.guard(server.child)
    return server


def _environment(database_url: str, temporal_address: str, account: str, ports: Mapping[str, int]) -> dict[str, str]:
    """Return the settings of a real installation with short waits."""
    own = {
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_DATA_DIR": os.environ["PROMPTMILL_DATA_DIR"],
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES": "true",
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "PROMPTMILL_TEMPORAL_PRIORITY_LEVELS": str(PRIORITY_LEVELS),
        "PROMPTMILL_TASK_QUEUE": "chaos",
        "PROMPTMILL_TEMPORAL_METRICS_PORT": "0",
        "PROMPTMILL_PUBLIC_URL": f"http://{LOOPBACK}:{ports[APIS[0]]}",
        "PROMPTMILL_LOCAL_GROK_PORT": str(ports["Grok"]),
        "PROMPTMILL_LOCAL_WAVESPEED_PORT": str(ports["WaveSpeed"]),
        "XAI_API_KEY": account or SIMULATOR_KEY,
        "XAI_API_BASE": f"http://{LOOPBACK}:{ports['Grok']}",
        "WAVESPEED_API_KEY": account,
        "WAVESPEED_API_BASE": f"http://{LOOPBACK}:{ports['WaveSpeed']}",
        "PYTHONUNBUFFERED": "1",
    }
    return own | SHORT_WAITS
