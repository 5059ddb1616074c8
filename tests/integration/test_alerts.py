"""Alerts reach their contacts, and so does their end: a real Prometheus and a real Alertmanager watch a real stack."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
from temporalio.client import Client

from promptmill.checklist.findings import State
from promptmill.checklist.lines import read_checklist
from promptmill.checklist.run import judge
from promptmill.checklist.target import Options, Target
from promptmill.commands.instance import Instance
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.names import reconcile_schedule_id
from promptmill.local.ports import LOOPBACK, free_port
from promptmill.local.readiness import answers, wait_ready
from tests.fixtures.alerting import open_alerting
from tests.fixtures.api import open_api
from tests.fixtures.certificates import write_certificate
from tests.fixtures.nginx import running_nginx
from tests.fixtures.relay import open_relay
from tests.fixtures.session import StartProcess
from tests.simulator_control import SimulatorControl
from tests.support import eventually


async def test_whoever_is_on_call_is_told(
    start_process: StartProcess,
    settings_environment: dict[str, str],
    database_url: str,
    task_queue: str,
    temporal: Client,
    wavespeed_control: SimulatorControl,
    tmp_path: Path,
) -> None:
    """One test, because two servers and two processes start for it."""
    api_port, worker_port, settings = free_port(), free_port(), load_settings(settings_environment)
    worker = start_process(
        "worker", "-m", "worker", environment=settings_environment | {"PROMPTMILL_METRICS_PORT": str(worker_port)}
    )
    wait_ready(worker, lambda: answers(f"http://127.0.0.1:{worker_port}/readyz"), within=60)
    schedule = temporal.get_schedule_handle(reconcile_schedule_id(task_queue))
    async with open_relay(database_url) as postgres, AsyncExitStack() as servers:
        proxy = servers.enter_context(a_proxy_whose_certificate_ends(tmp_path))
        behind = settings.model_copy(update={"database_url": postgres.secret_url, "certificate_addresses": (proxy,)})
        async with open_api(behind, api_port) as api:
            with open_alerting(tmp_path, {3000: api_port, 9464: worker_port}) as contacts:
                await eventually(lambda: contacts.fired("infrastructure", "CertificateEnds"), what="its end")
                job_id = await an_unclear_job(api, wavespeed_control)
                await schedule.pause(note="a test")
                await eventually(lambda: contacts.fired("product", "SubmissionUnclear"), what="unclear")
                await eventually(lambda: contacts.fired("infrastructure", "ReconcilerPaused"), what="paused")
                # A worker that hangs; to Prometheus it makes no difference that it comes back.
                worker.process.send_signal(signal.SIGSTOP)
                await eventually(lambda: contacts.fired("infrastructure", "WorkerGone"), what="no worker")
                postgres.refuse()
                await eventually(lambda: contacts.fired("database", "PostgresGone"), what="no Postgres")

                postgres.refusing = False
                worker.process.send_signal(signal.SIGCONT)
                await schedule.unpause(note="a test")
                await eventually(lambda: abandoned(api, job_id), what="a decision")
                for alert in ("PostgresGone", "WorkerGone", "ReconcilerPaused", "SubmissionUnclear"):
                    await eventually(partial(contacts.ended, alert), what=f"the end of {alert}")
                await the_checklist_sees_it(settings, str(api.base_url), contacts.prometheus)


@contextmanager
def a_proxy_whose_certificate_ends(folder: Path) -> Iterator[str]:
    """A real nginx, with a certificate that was not renewed; yields its address."""
    port, certificate = free_port(), folder / "certificate.pem"
    write_certificate(certificate, days=10)
    site = (
        f"server {{ listen {LOOPBACK}:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}; }}"
    )
    with running_nginx(folder / "nginx", site, port):
        yield f"{LOOPBACK}:{port}"


async def the_checklist_sees_it(settings: Settings, url: str, prometheus: str) -> None:
    """The deployment checklist's lines about monitoring pass; some series have no value where little has happened."""
    target = Target(settings, Instance(url, None), Options(prometheus=prometheus), None)
    lines = [line for line in read_checklist().lines if line.check in {"alerts", "series"}]
    found = {line.number: await judge(target, line) for line in lines}
    assert {number: each for number, each in found.items() if each.state is State.FAIL} == {}
    passed = {number for number, each in found.items() if each.state is State.PASS}
    assert passed >= {line.number for line in lines if line.check == "alerts"} | {"8.1", "9.3", "10.2"}


async def an_unclear_job(api: httpx.AsyncClient, wavespeed: SimulatorControl) -> str:
    """Return the id of a job whose submission may have been charged."""
    await wavespeed.order("submit", "cut", after=True)
    await wavespeed.order("history", "status", status=500, times=1000)
    created = await api.post("/api/jobs/create", json={"model": "wavespeed-ai/flux-dev", "prompt": "a fox"})
    job_id: str = created.json()["jobId"]

    async def unclear() -> bool:
        return bool((await api.get(f"/api/jobs/{job_id}")).json()["status"] == "submit_unknown")

    await eventually(unclear, what="an unclear submission")
    return job_id


async def abandoned(api: httpx.AsyncClient, job_id: str) -> bool:
    answer = await api.post(f"/api/jobs/{job_id}/resolve", json={"decision": "abandon"})
    return answer.status_code in {httpx.codes.OK, httpx.codes.ACCEPTED, httpx.codes.CONFLICT}
