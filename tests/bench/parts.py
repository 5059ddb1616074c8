"""The servers and processes of one measurement: started as `make up` starts them, in their own folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
from uuid_utils import uuid7

from promptmill.config.settings import Settings, load_settings
from promptmill.local.plan import SIMULATOR_KEY
from promptmill.local.ports import LOOPBACK, free_port
from promptmill.local.postgres import PostgresServer
from promptmill.local.processes import Child, start_child
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.stack import DATABASE
from promptmill.local.temporal import PRIORITY_LEVELS
from tests.bench import bare_worker, dbos_app
from tests.bench.progress import Progress
from tests.fixtures.postgres import SCHEMA
from tests.fixtures.session import ROOT, Session
from tests.local_servers import open_postgres, open_temporal

START_SECONDS = 60.0
STOP_SECONDS = 10.0
DBOS_DATABASE = "dbos"

NO_BRAKE = {
    # Limits that protect providers are not measured: simulators need no protection.
    "PROMPTMILL_GROK_PER_SECOND": "1000",
    "PROMPTMILL_WAVESPEED_PER_SECOND": "1000",
    "PROMPTMILL_POLLS_PER_SECOND": "1000",
    "PROMPTMILL_GROK_CONCURRENCY": "100",
    "PROMPTMILL_WAVESPEED_CONCURRENCY": "100",
    "PROMPTMILL_STREAMS_PER_OWNER": "2000",
    "PROMPTMILL_MAX_CONNECTIONS": "2000",
}


@dataclass
class Parts:
    """What runs.

    Attributes:
        environment: The settings of every process of ours.
        dbos_database_url: The record of DBOS, on the same Postgres: nobody else starts or reads its jobs.
        pids: Root of each part's process tree, by the part's name.
    """

    session: Session
    environment: dict[str, str]
    postgres: PostgresServer
    dbos_database_url: str
    pids: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _children: dict[str, Child] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings as the processes read them."""
        return load_settings(self.environment)

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://{LOOPBACK}:{self.environment['PROMPTMILL_PORT']}"

    @property
    def dbos_url(self) -> str:
        """Where the service that runs DBOS is."""
        return f"http://{LOOPBACK}:{self.environment[dbos_app.PORT]}"

    def sql(self, statements: str) -> str:
        """Run statements in the record; return their rows, columns separated by `|`."""
        return self.postgres.psql(DATABASE, "-At", "-c", statements).strip()

    def set_generation(self, shortest: float, longest: float | None = None) -> None:
        """Set how many seconds WaveSpeed's simulator takes for a prediction."""
        account = f"{self.environment['WAVESPEED_API_BASE']}/_simulator/accounts/{SIMULATOR_KEY}"
        timing = {"min_seconds": shortest, "max_seconds": shortest if longest is None else longest}
        httpx.put(f"{account}/timing", json=timing, trust_env=False).raise_for_status()

    def start(self, name: str, *arguments: str, **settings: str) -> Child:
        """Start `python *arguments`, with these settings of its own, stopped with the rest at the end."""
        child = start_child(
            name,
            [sys.executable, *arguments],
            log=self.session.folder / f"{name.replace(' ', '-')}.log",
            environment=_without(os.environ, "PYTHONDONTWRITEBYTECODE") | self.environment | settings,
            folder=ROOT,
        )
        self.session.guard(child)
        self._stack.callback(child.stop, STOP_SECONDS)
        self._children[name] = child
        self.pids[name] = child.mark.pid
        return child

    def stop(self, name: str) -> None:
        """Stop a part now."""
        self._children[name].stop(STOP_SECONDS)
        del self.pids[name]

    def require_alive(self) -> None:
        """Do nothing while all parts run.

        Raises:
            PartFailed: One has exited; the message contains the end of its log.
        """
        for name, child in self._children.items():
            if name in self.pids:
                child.require_alive()


@contextmanager
def open_parts(session: Session, progress: Progress, limits: Mapping[str, str]) -> Iterator[Parts]:
    """Start everything, with these settings of limits, and stop it at the end."""
    with ExitStack() as servers:
        with progress.step("Postgres, with durable settings"):
            postgres = servers.enter_context(
                open_postgres(session.folder / "postgres", log=session.folder / "postgres.log")
            )
            session.guard(postgres.child)
            database_url = postgres.ensure_database(DATABASE)
            postgres.psql(DATABASE, "-f", os.fspath(SCHEMA))
            dbos_url = postgres.ensure_database(DBOS_DATABASE)
            postgres.psql(DBOS_DATABASE, "-f", os.fspath(SCHEMA))
        with progress.step("Temporal, with a database file"):
            temporal = servers.enter_context(
                open_temporal(
                    port=free_port(),
                    log=session.folder / "temporal.log",
                    database=session.folder / "temporal" / "temporal.db",
                )
            )
            session.guard(temporal.child)
        parts = Parts(session, _environment(database_url, temporal.address, limits), postgres, dbos_url)
        parts.pids |= {"Temporal": temporal.child.mark.pid, "Postgres": postgres.child.mark.pid}
        servers.push(parts._stack)
        with progress.step("Simulators, worker, API, bare worker, DBOS"):
            _start_processes(parts)
        yield parts


def _start_processes(parts: Parts) -> None:
    environment = parts.environment
    simulators = parts.start("simulators", "-m", "promptmill", "simulators", "--instant")
    for base in (environment["XAI_API_BASE"], environment["WAVESPEED_API_BASE"]):
        _wait(simulators, f"{base}/_simulator/health")
    worker = parts.start("worker", "-m", "worker")
    _wait(worker, f"http://{LOOPBACK}:{environment['PROMPTMILL_METRICS_PORT']}/readyz")
    api = parts.start("API", "-m", "api")
    _wait(api, f"{parts.api_url}/readyz")
    dbos = parts.start("DBOS", "-m", dbos_app.__name__, DATABASE_URL=parts.dbos_database_url)
    _wait(dbos, f"{parts.dbos_url}/healthz")
    bare = parts.start("bare worker", "-m", bare_worker.__name__)
    wait_ready(bare, lambda: bare_worker.READY in bare.log.read_text(), within=START_SECONDS)


def _without(environment: Mapping[str, str], name: str) -> dict[str, str]:
    """Return an environment without a variable: here one with which every workflow would compile its modules anew."""
    return {each: value for each, value in environment.items() if each != name}


def _wait(child: Child, url: str) -> None:
    wait_ready(child, lambda: answers(url), within=START_SECONDS)


def _environment(database_url: str, temporal_address: str, limits: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of `make up`, with our own ports and nothing that throttles callers on purpose."""
    grok, wavespeed, api, health, metrics, dbos = (free_port() for _ in range(6))
    own: Mapping[str, str] = {
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_DATA_DIR": os.environ["PROMPTMILL_DATA_DIR"],
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES": "true",
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "PROMPTMILL_TEMPORAL_PRIORITY_LEVELS": str(PRIORITY_LEVELS),
        "PROMPTMILL_TASK_QUEUE": f"bench-{uuid7()}",
        "PROMPTMILL_PORT": str(api),
        "PROMPTMILL_METRICS_PORT": str(health),
        "PROMPTMILL_TEMPORAL_METRICS_PORT": str(metrics),
        "PROMPTMILL_LOCAL_GROK_PORT": str(grok),
        "PROMPTMILL_LOCAL_WAVESPEED_PORT": str(wavespeed),
        "PROMPTMILL_SHUTDOWN_SECONDS": "5",
        dbos_app.PORT: str(dbos),
        "XAI_API_KEY": SIMULATOR_KEY,
        "XAI_API_BASE": f"http://{LOOPBACK}:{grok}",
        "WAVESPEED_API_KEY": SIMULATOR_KEY,
        "WAVESPEED_API_BASE": f"http://{LOOPBACK}:{wavespeed}",
    }
    return {**own, **limits}
