"""Where a drill takes place: an installation whose providers are simulators, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from promptmill.commands.instance import Failed, Instance, caller_key, instance_url
from promptmill.config.settings import Settings
from promptmill.contracts.errors import PromptmillError
from promptmill.contracts.jobs import FINAL_STATUSES, ProviderMode
from promptmill.contracts.messages import Message

MODEL: Final = "wavespeed-ai/flux-dev"
PATIENCE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.2


class DrillRefused(PromptmillError):
    """The scene was not set, or cannot be checked."""

    code = "drill_refused"


class Scene(Message):
    """A scene that was set.

    Attributes:
        name: The drill.
        run: What its jobs have in their metadata (`drill`) and prompts, so that no other run is taken for it.
        facts: What the check has to know.
    """

    name: str
    run: str
    facts: dict[str, str] = Field(default_factory=dict)


class Finding(NamedTuple):
    """What the check asked for, and what is missing for it; None if nothing is."""

    fact: str
    missing: str | None = None


@dataclass(frozen=True)
class Simulator:
    """A simulator's control interface, for our account."""

    name: str
    at: Instance
    account: str

    def order(self, where: str, kind: str, **fault: Any) -> None:
        """Let the next requests to a place fail."""
        self.at.expect(HTTPStatus.CREATED, "POST", self.path("/faults"), [{"where": where, "kind": kind, **fault}])

    def clear(self) -> None:
        """Let everything succeed again."""
        self.at.expect(HTTPStatus.NO_CONTENT, "DELETE", self.path("/faults"))

    def book(self) -> dict[str, Any]:
        """Return what this simulator knows of the account."""
        book: dict[str, Any] = self.at.expect(HTTPStatus.OK, "GET", self.path()).body
        return book

    def path(self, more: str = "") -> str:
        """Return where the account is."""
        return f"/_simulator/accounts/{quote(self.account, safe='')}{more}"


@dataclass(frozen=True)
class Ground:
    """The installation of a drill."""

    settings: Settings
    api: Instance
    grok: Simulator
    wavespeed: Simulator
    checkout: Path

    def clear(self) -> None:
        """Let both providers succeed again."""
        self.grok.clear()
        self.wavespeed.clear()

    def create(self, scene: Scene, case: str, **fields: Any) -> str:
        """Create a job of a scene and return its id."""
        body = {"model": MODEL, "metadata": {"drill": scene.run, "case": case}} | fields
        return str(self.api.expect(HTTPStatus.ACCEPTED, "POST", "/api/jobs/create", body).body["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job as its callers see it."""
        job: dict[str, Any] = self.api.expect(HTTPStatus.OK, "GET", f"/api/jobs/{job_id}").body
        return job

    def jobs(self, scene: Scene, case: str) -> list[dict[str, Any]]:
        """Return the jobs of a scene, newest first."""
        found = self.api.expect(HTTPStatus.OK, "GET", f"/api/jobs?q={quote(scene.run)}&limit=100").body["items"]
        return [job for job in found if job["metadata"] == {"drill": scene.run, "case": case}]

    def reaches(self, job_id: str, status: str) -> dict[str, Any]:
        """Wait until a job has a status.

        Raises:
            Failed: It has ended otherwise, or does not get there.
        """
        return wait_for(lambda: self._there(job_id, status), f"job {job_id} did not become {status}")

    def _there(self, job_id: str, status: str) -> dict[str, Any] | None:
        job = self.job(job_id)
        if job["status"] != status and job["status"] in FINAL_STATUSES:
            raise Failed(f"job {job_id} became {job['status']} instead of {status}")
        return job if job["status"] == status else None


def wait_for(look: Callable[[], dict[str, Any] | None], otherwise: str) -> dict[str, Any]:
    """Look until there is something.

    Raises:
        Failed: There was nothing for two minutes.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > give_up:
            raise Failed(f"{otherwise} within {PATIENCE_SECONDS:.0f} s: is a worker running, and nothing stopped?")
        time.sleep(LOOK_SECONDS)
    return found


def open_ground(settings: Settings, checkout: Path) -> Ground:
    """Return the installation that the settings name, if nothing there can cost anything.

    Raises:
        DrillRefused: A provider is real, or may be, or is no simulator.
        Failed: The installation does not answer.
    """
    api = Instance(instance_url(), caller_key())
    report = api.ask("GET", "/api/init").body
    states = report.get("providers") if isinstance(report, Mapping) else None
    if not states or not isinstance(states, Mapping):
        raise DrillRefused(f"{api.url} does not say which providers it uses: set PROMPTMILL_URL and PROMPTMILL_KEY.")
    real = [name for name, state in states.items() if state != "simulated"]
    if real or ProviderMode.REAL in {settings.grok_mode, settings.wavespeed_mode}:
        raise DrillRefused("A drill needs simulators alone: make an installation without keys, such as by `make up`.")
    return Ground(
        settings,
        api,
        _simulator("grok", settings.xai_api_base, settings.xai_api_key),
        _simulator("wavespeed", settings.wavespeed_api_base, settings.wavespeed_api_key),
        checkout,
    )


def _simulator(name: str, base: str, key: SecretStr | None) -> Simulator:
    parts = urlsplit(base)
    simulator = Simulator(
        name, Instance(f"{parts.scheme}://{parts.netloc}", None), key.get_secret_value() if key else ""
    )
    try:
        body = simulator.at.ask("GET", "/_simulator/health").body
    except Failed:
        body = None
    if not simulator.account or not isinstance(body, Mapping) or str(body.get("simulator", "")).lower() != name:
        raise DrillRefused(f"There is no simulator of {name} at {base}: start one with `make up`.")
    return simulator
