"""An installation for `drill_alerts.py`: two workers that share the queues, an API, and what watches them.

Postgres and Temporal are behind relays, for the API; what waits for hours in production has its moments moved in the
record, which is the only thing that is written behind the product's back.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
import yaml
from temporalio.client import Client

from promptmill.local.ports import LOOPBACK, free_port
from promptmill.local.processes import Child
from promptmill.local.readiness import answers, wait_ready
from tests.drills.quickened import quickened
from tests.fixtures.alerting import Receiver, open_alerting
from tests.fixtures.certificates import write_certificate
from tests.fixtures.mtail import LOGGING, open_mtail
from tests.fixtures.nginx import running_nginx
from tests.fixtures.relay import Relay, open_relay, relay_to
from tests.fixtures.session import StartProcess, WarmPython
from tests.simulator_control import SimulatorControl
from tests.support import eventually, open_http

MODEL: Final = "wavespeed-ai/flux-dev"
DEAR_MODEL: Final = "google/veo3.1-fast"
SETTINGS: Final = {
    # A pass is late after 14 s, a result is looked for without its webhook, and Grok may be slow for many at once.
    "PROMPTMILL_RECONCILE_SECONDS": "2",
    "PROMPTMILL_RECONCILE_TIMEOUT_SECONDS": "10",
    "PROMPTMILL_POLL_AFTER_SECONDS": "1",
    "PROMPTMILL_GROK_CONCURRENCY": "100",
}
START_SECONDS: Final = 120
PATIENCE: Final = 600
"""Longest wait for an alert, or for its end, once its cause is there or gone. The slowest takes a minute on an idle
machine; on a busy one it may have to begin anew."""


@dataclass
class Part:
    """A process of the installation.

    Attributes:
        ready: URL that answers once it serves.
    """

    name: str
    environment: dict[str, str]
    ready: str
    start_process: StartProcess
    child: Child | None = None

    async def start(self) -> None:
        """Start it, and return once it is ready."""
        self.begin()
        assert self.child is not None
        await asyncio.to_thread(wait_ready, self.child, lambda: answers(self.ready), within=START_SECONDS)

    def begin(self) -> None:
        """Start it."""
        self.child = self.start_process(self.name, "-m", self.name, environment=self.environment)

    async def stop(self) -> None:
        """Tell it to stop, and wait."""
        assert self.child is not None
        await asyncio.to_thread(self.child.stop, 60)

    def freeze(self) -> None:
        """Make it hang."""
        assert self.child is not None
        self.child.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.child is not None
        self.child.process.send_signal(signal.SIGCONT)


@dataclass
class Proxies:
    """An nginx with a server for each of these ports."""

    folder: Path
    ports: tuple[int, ...]
    running: ExitStack

    def serve(self, *days: int) -> None:
        """Serve anew, with certificates that end in so many days; none at the ports that are left."""
        self.running.close()
        sites, listened = [], self.ports[: len(days)]
        for port, left in zip(listened, days, strict=True):
            file = self.folder / f"certificate-{port}-{left}.pem"
            write_certificate(file, days=left)
            sites.append(
                f"server {{ listen {LOOPBACK}:{port} ssl; ssl_certificate {file}; ssl_certificate_key {file}; }}"
            )
        folder = self.folder / f"nginx-{'-'.join(map(str, days))}"
        self.running.enter_context(running_nginx(folder, "\n".join(sites), *listened))


@dataclass
class Scene:
    """What the causes of alerts act upon.

    Attributes:
        hands: The worker that runs workflows, asks Grok and reads results.
        sender: The worker that submits to WaveSpeed.
        newcomer: A worker that is not started yet.
        contacts: Who is told.
        database_url: The record, not through the relay.
    """

    api: Part
    hands: Part
    sender: Part
    newcomer: Part
    postgres: Relay
    newcomers_postgres: Relay
    temporal_relay: Relay
    grok: SimulatorControl
    wavespeed: SimulatorControl
    temporal: Client
    task_queue: str
    database_url: str
    environment: dict[str, str]
    warm_python: WarmPython
    http: httpx.AsyncClient
    proxies: Proxies
    contacts: Receiver

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Open one to the record, that may write even where others may not."""
        settings = {"default_transaction_read_only": "off"}
        connection = await asyncpg.connect(self.database_url, server_settings=settings)
        try:
            yield connection
        finally:
            await connection.close()

    async def sql(self, statement: str, *values: object) -> None:
        """Change the record, past its rules: as if time had passed."""
        async with self.connection() as connection:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statement, *values)

    async def jobs_are_older(self, interval: str) -> None:
        """Let all jobs have been accepted, and have ended, that much earlier."""
        await self.sql(
            f"UPDATE jobs SET created_at = created_at - interval '{interval}', "
            f"completed_at = completed_at - interval '{interval}'"
        )

    async def restart_api(self) -> None:
        """Stop the API, and start it again."""
        await self.api.stop()
        await self.api.start()

    async def run(self, *arguments: str) -> str:
        """Run a command of ours; it must succeed."""
        done = await asyncio.to_thread(
            self.warm_python.run, "-m", "promptmill", *arguments, environment=self.environment
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    async def create(self, **fields: Any) -> UUID:
        """Create a job, by default with a prompt of its own."""
        usual = {"model": MODEL} | ({} if fields.get("useAiPrompt") else {"prompt": "a fox"})
        answer = await self.http.post("/api/jobs/create", json=usual | fields)
        assert answer.is_success, answer.text
        return UUID(answer.json()["jobId"])

    async def create_ai(self, number: int) -> list[UUID]:
        """Create jobs for whose prompts Grok is asked."""
        return [await self.create(useAiPrompt=True, instructions=f"fox {each}") for each in range(number)]

    async def reach(self, status: str, jobs: Sequence[UUID]) -> None:
        """Wait until all these jobs have a status."""
        for job in jobs:
            await eventually(partial(self._is, job, status), PATIENCE, what=f"{job} is {status}")

    async def _is(self, job: UUID, status: str) -> bool:
        found = (await self.http.get(f"/api/jobs/{job}")).json()["status"]
        assert found == status, found
        return True

    async def fires(self, alert: str, since: int) -> None:
        """Wait until somebody is told that it fires."""
        await eventually(
            lambda: any(told.alert == alert and told.status == "firing" for told in self.contacts.told[since:]),
            PATIENCE,
            what=f"{alert} fires",
        )

    async def is_over(self, alert: str) -> None:
        """Wait until the last that was told is that it is over."""
        await eventually(lambda: self.contacts.ended(alert), PATIENCE, what=f"{alert} ends")


def address(port: int, path: str = "") -> str:
    """Return a URL on this machine."""
    return f"http://{LOOPBACK}:{port}{path}"


@asynccontextmanager
async def open_scene(
    environment: dict[str, str],
    start_process: StartProcess,
    warm_python: WarmPython,
    temporal: Client,
    simulators: tuple[SimulatorControl, SimulatorControl],
    folder: Path,
) -> AsyncIterator[Scene]:
    """Start the installation of these settings, and what watches it."""
    database_url, port = environment["DATABASE_URL"], free_port()
    (folder / "logs").mkdir()
    async with (
        open_relay(database_url) as postgres,
        open_relay(database_url) as newcomers_postgres,
        relay_to(environment["TEMPORAL_ADDRESS"]) as temporal_relay,
        open_http(address(port)) as http,
        AsyncExitStack() as opened,
    ):
        proxies = Proxies(folder, (free_port(), free_port(), free_port()), opened.enter_context(ExitStack()))
        common = environment | SETTINGS | {"PROMPTMILL_PUBLIC_URL": address(port)}

        def worker(name: str, queues: str, **more: str) -> Part:
            ports = free_port(), free_port()
            own = {
                "PROMPTMILL_WORKER_QUEUES": queues,
                "PROMPTMILL_METRICS_PORT": str(ports[0]),
                "PROMPTMILL_TEMPORAL_METRICS_PORT": str(ports[1]),
                "PROMPTMILL_LOG_FILE": str(folder / "logs" / f"{name}.log"),
            }
            return Part("worker", common | own | more, address(ports[0], "/readyz"), start_process)

        workers = (
            worker("hands", "workflows,grok", PROMPTMILL_DATABASE_POOL_SIZE="4"),
            worker("sender", "wavespeed"),
            worker("newcomer", "grok", DATABASE_URL=newcomers_postgres.url),
        )
        api = Part(
            "api",
            common
            | {
                "PROMPTMILL_PORT": str(port),
                "DATABASE_URL": postgres.url,
                "TEMPORAL_ADDRESS": temporal_relay.url,
                "PROMPTMILL_CERTIFICATE_ADDRESSES": ",".join(f"{LOOPBACK}:{each}" for each in proxies.ports),
                # Not the workers': they store nothing, and what waits stays.
                "PROMPTMILL_OUTPUTS": str(folder / "outputs"),
            },
            address(port, "/readyz"),
            start_process,
        )
        for part in (api, *workers[:2]):
            await part.start()
        counting = opened.enter_context(open_mtail(folder))

        def edit(text: str) -> str:
            file = yaml.safe_load(quickened(text))
            for job in file.get("scrape_configs", ()):
                name = {"promptmill-worker": "PROMPTMILL_METRICS_PORT"}.get(
                    job["job_name"], "PROMPTMILL_TEMPORAL_METRICS_PORT"
                )
                if job["job_name"].startswith("promptmill-worker"):
                    job["static_configs"] = [{"targets": [f"{LOOPBACK}:{one.environment[name]}" for one in workers]}]
            if "scrape_configs" in file:
                file["scrape_configs"].append(
                    {"job_name": "mtail", "static_configs": [{"targets": [f"{LOOPBACK}:{counting}"]}]}
                )
                file["rule_files"].append(str(folder / "log-alerts.yml"))
            return str(yaml.safe_dump(file, sort_keys=False))

        (folder / "log-alerts.yml").write_text(quickened((LOGGING / "alerts.yml").read_text()))
        contacts = opened.enter_context(open_alerting(folder / "alerting", {3000: port}, edit))
        yield Scene(
            api=api,
            hands=workers[0],
            sender=workers[1],
            newcomer=workers[2],
            postgres=postgres,
            newcomers_postgres=newcomers_postgres,
            temporal_relay=temporal_relay,
            grok=simulators[0],
            wavespeed=simulators[1],
            temporal=temporal,
            task_queue=environment["PROMPTMILL_TASK_QUEUE"],
            database_url=database_url,
            environment=common | {"PROMPTMILL_BACKUP_DIR": str(folder / "backups")},
            warm_python=warm_python,
            http=http,
            proxies=proxies,
            contacts=contacts,
        )
