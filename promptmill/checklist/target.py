"""The installation that is looked at: its settings, its API, its record, and what was made there to be undone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

from uuid_utils.compat import uuid7

from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.secrets import told
from promptmill.commands.instance import Answer, Failed, Instance, short, this_instance
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobStatus, ProviderMode
from promptmill.contracts.prompts import FINAL_PROMPT_STATUSES
from promptmill.store import Store

ENDS_SECONDS: Final = 120.0
"""How long something that was made for the checklist may take to end."""

PAUSE_SECONDS: Final = 0.25

NEEDS_KEY: Final = "Set PROMPTMILL_KEY to the key of an operator or an admin."

JOBS: Final = "/api/jobs"
PROMPTS: Final = "/api/prompt/queue"

Found = TypeVar("Found")


@dataclass(frozen=True)
class Options:
    """What the caller gives besides the settings.

    Attributes:
        prometheus: Where a Prometheus answers that watches this installation.
        load_report: What `promptmill load --json` printed.
        test_reports: What the suite and the drills of this release wrote as JUnit XML (`--junitxml`).
        logs: A file, or a folder, in which the lines of all processes come together, as JSON.
        ask_grok: Whether a prompt may be asked of a real Grok, for a fraction of a cent.
    """

    prometheus: str | None = None
    load_report: Path | None = None
    test_reports: Sequence[Path] = ()
    logs: Path | None = None
    ask_grok: bool = False


@dataclass
class Target:
    """One installation, as one caller.

    Attributes:
        run: Marks in `metadata` what was made for this run.
        made: Paths of the jobs and prompt jobs that are to be undone.
        left: What could not be undone, a sentence for each.
        record: None if `DATABASE_URL` is not set.
    """

    settings: Settings
    instance: Instance
    options: Options
    record: Store | None
    run: str = field(default_factory=lambda: str(uuid7()))
    made: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The record."""
        if self.record is None:
            raise Fails("DATABASE_URL is not set", "Set DATABASE_URL to the installation's record.")
        return self.record

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send one request as this caller."""
        return await asyncio.to_thread(self.instance.ask, method, path, body)

    async def expect(self, status: int, method: str, path: str, body: object = None) -> Any:
        """Send one request and return its answer's body.

        Raises:
            Fails: The status is another.
        """
        answer = await self.ask(method, path, body)
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Fails(f"{method} {path}: {answer.status} {_title(answer.body)}", NEEDS_KEY)
        if answer.status != status:
            raise Fails(f"{method} {path}: expected {status}, got {answer.status} {short(answer.body)}")
        return answer.body

    async def as_caller(self, key: str | None, method: str, path: str, body: object = None) -> Answer:
        """Send one request as another caller."""
        return await asyncio.to_thread(replace(self.instance, key=key).ask, method, path, body)

    async def once(self, name: str, make: Callable[[], Awaitable[Found]]) -> Found:
        """Find something for the first line that needs it; later ones are told the same, also why it is not there."""
        if name not in self._known:
            try:
                self._known[name] = await make()
            except Exception as why:  # noqa: BLE001  # whatever it was: what was made once is not made again
                self._known[name] = why
        found: Found | Exception = self._known[name]
        if isinstance(found, Exception):
            raise found
        return found

    async def report(self) -> Mapping[str, Any]:
        """Return what `GET /api/init` says: also a report of what is missing is one."""

        async def ask() -> Mapping[str, Any]:
            answer = await self.ask("GET", "/api/init")
            if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "temporal" in answer.body:
                return dict(answer.body)
            return dict(await self.expect(HTTPStatus.OK, "GET", "/api/init"))

        return await self.once("report", ask)

    async def simulated(self) -> bool:
        """Return whether both providers are known to be simulators."""
        states = (await self.report())["providers"].values()
        return all(state == ProviderMode.SIMULATED for state in states)

    async def metrics(self) -> str:
        """Return what the API tells Prometheus."""

        async def ask() -> str:
            return str(await self.expect(HTTPStatus.OK, "GET", "/metrics"))

        return await self.once("metrics", ask)

    async def worker_metrics(self) -> str | None:
        """Return what the worker beside us tells Prometheus; None if none answers at the settings' address."""

        async def ask() -> str | None:
            host = self.settings.metrics_host
            named = f"[{host}]" if ":" in host else host
            worker = Instance(f"http://{named}:{self.settings.metrics_port}", None, named_by="PROMPTMILL_METRICS_PORT")
            try:
                answer = await asyncio.to_thread(worker.ask, "GET", "/metrics")
            except Failed:
                return None
            return str(answer.body) if answer.status == HTTPStatus.OK else None

        return await self.once("worker metrics", ask)

    async def prometheus(self, path: str) -> Any:
        """Return what Prometheus answers, the part under `data`."""
        if self.options.prometheus is None:
            raise NotSeen("no Prometheus was asked (--prometheus URL)")
        url = self.options.prometheus
        try:
            answer = await asyncio.to_thread(Instance(url, None, named_by="--prometheus").ask, "GET", path)
        except Failed:
            raise Fails(f"no response from {url}", "Check the address that --prometheus names.") from None
        if answer.status != HTTPStatus.OK or not isinstance(answer.body, dict):
            told = f"{url}{path}: {answer.status} {short(answer.body)}"
            raise Fails(told, "Let --prometheus name a Prometheus that asks for no key.")
        return answer.body["data"]

    async def make(self, path: str, id_field: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a job or prompt job that `undo` takes back, and return it."""
        marked = {**body, "metadata": {"checklist": self.run}}
        address = f"{JOBS}/create" if path == JOBS else path
        try:
            created: dict[str, Any] = await self.expect(HTTPStatus.ACCEPTED, "POST", address, marked)
        except Failed as error:
            self.left.append(f"POST {address}: {error}; it may have made one with checklist={self.run} in its metadata")
            raise
        self.made.append(f"{path}/{created[id_field]}")
        return created

    async def ended(self, path: str) -> dict[str, Any]:
        """Wait until a job or prompt job has ended, and return it."""
        final = {*map(str, FINAL_PROMPT_STATUSES), *(str(status) for status in JobStatus if status.final)}
        give_up = time.monotonic() + ENDS_SECONDS
        while True:
            found: dict[str, Any] = await self.expect(HTTPStatus.OK, "GET", path)
            if found["status"] in final:
                return found
            if time.monotonic() > give_up:
                raise Fails(f"{path} is still {found['status']} after {ENDS_SECONDS:.0f} s: {found['statusText']}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def undo(self) -> int:
        """Cancel what was made and has not ended, and erase the words of each job; once for each.

        Returns:
            How many were undone. What could not be is in `left`.
        """
        undone = 0
        while self.made:
            path = self.made.pop()
            try:
                await self._undo(path)
            except Exception as error:  # noqa: BLE001  # whatever it is, the others must be undone, and the sheet written
                self.left.append(f"{path}: {told(self.settings, error)}")
            except BaseException:
                self.made.append(path)
                raise
            else:
                undone += 1
        return undone

    async def _undo(self, path: str) -> None:
        await self.ask("DELETE", path)
        await self.ended(path)
        if path.startswith(JOBS):
            answer = await self.ask("POST", f"{path}/erase")
            if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
                raise Failed(f"POST {path}/erase: {answer.status} {short(answer.body)}")


@asynccontextmanager
async def open_target(settings: Settings, options: Options, warn: Callable[[str], None]) -> AsyncIterator[Target]:
    """Open an installation, whose API is named by `PROMPTMILL_URL` and a key as for `make smoke`.

    At the end, what was made and is not undone yet is undone, or else told to `warn`.
    """
    async with AsyncExitStack() as stack:
        store = None
        if settings.database_url is not None:
            store = await stack.enter_async_context(open_record(settings))
        target = Target(settings, this_instance(), options, store)
        try:
            yield target
        finally:
            known = len(target.left)
            await target.undo()
            for sentence in target.left[known:]:
                warn(f"Not undone: {sentence}")


def _title(body: Any) -> str:
    return str(body.get("title", "")) if isinstance(body, dict) else ""
