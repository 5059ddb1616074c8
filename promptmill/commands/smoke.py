"""`promptmill smoke`: a handful of requests against a running instance, reported line by line."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from promptmill.config.settings import merged_environment
from promptmill.contracts.jobs import JobStatus
from promptmill.formats import duration
from promptmill.terminal import visible

DEFAULT_URL: Final = "http://127.0.0.1:3000"
SECONDS: Final = 15.0
JOB_SECONDS: Final = 120.0
EXAMPLE: Final = {"model": "wavespeed-ai/flux-dev", "useAiPrompt": True, "instructions": "A lighthouse in the fog"}
UNKNOWN_ID: Final = "01890000-0000-7000-8000-000000000000"


class Failed(Exception):
    """The message says what was expected and what was received."""


@dataclass(frozen=True)
class Answer:
    """An answer of the instance."""

    status: int
    kind: str
    body: Any


@dataclass
class Instance:
    """A running instance, and the job created there."""

    url: str
    token: str | None
    job: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send one request.

        Raises:
            Failed: There is no response.
        """
        request = urllib.request.Request(self.url.rstrip("/") + path, method=method)  # noqa: S310  # the user's own
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # the user's own address
                return _read(answer.status, answer.headers.get_content_type(), answer.read())
        except urllib.error.HTTPError as error:
            return _read(error.code, error.headers.get_content_type(), error.read())
        except OSError as error:
            raise Failed(f"no response from {self.url} ({error}): set PROMPTMILL_URL") from None

    def expect(self, status: int, method: str, path: str, body: object = None) -> Answer:
        """Send one request and check the status.

        Raises:
            Failed: The status differs.
        """
        answer = self.ask(method, path, body)
        if answer.status != status:
            raise Failed(f"{method} {path}: expected {status}, got {answer.status} {_short(answer.body)}")
        return answer


def run_smoke(*, pay: bool = False) -> int:
    """Run all probes; return the exit code: 0 when each passed.

    Args:
        pay: Generate an image even if the instance uses the real WaveSpeed.
    """
    settings = merged_environment()
    instance = Instance(os.environ.get("PROMPTMILL_URL") or _local_url(settings), settings.get("PROMPTMILL_API_TOKEN"))
    _say(f"Trying {instance.url}")
    failed = 0
    for fact, probe in _probes(instance, pay=pay):
        try:
            remark = probe()
        except Failed as error:
            failed += 1
            _say(f"fail  {fact}: {error}")
        else:
            _say(f"pass  {fact}{f': {remark}' if remark else ''}")
    _say(f"{failed} failed" if failed else "All passed.")
    return 1 if failed else 0


def _probes(instance: Instance, *, pay: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "it is alive", lambda: _nothing(instance.expect(HTTPStatus.OK, "GET", "/healthz"))
    yield (
        "it is ready: Postgres and Temporal respond",
        lambda: _nothing(instance.expect(HTTPStatus.OK, "GET", "/readyz")),
    )
    yield "nothing that it needs is missing", lambda: _providers(instance)
    yield "an invalid request is refused with a problem document", lambda: _refused(instance)
    yield (
        "an unknown job is not found",
        lambda: _nothing(instance.expect(HTTPStatus.NOT_FOUND, "GET", f"/api/jobs/{UNKNOWN_ID}")),
    )
    yield "the prompt queue reports its statistics", lambda: _numbers(instance)
    if not pay and _is_paid(instance):
        _say("skip  an image is generated: the providers are real; `promptmill smoke --pay` generates one")
        return
    yield "a job is accepted", lambda: _create(instance)
    if instance.job:
        yield "its image is generated", lambda: _wait(instance)
        yield "its timeline is complete", lambda: _timeline(instance)


def _providers(instance: Instance) -> str:
    report = instance.expect(HTTPStatus.OK, "GET", "/api/init").body
    return ", ".join(f"{name} {state}" for name, state in report["providers"].items())


def _is_paid(instance: Instance) -> bool:
    """Return whether a job here costs money, or might: unknown counts as paid."""
    try:
        states = instance.ask("GET", "/api/init").body["providers"].values()
    except (Failed, KeyError, TypeError):
        return True
    return any(state != "simulated" for state in states)


def _refused(instance: Instance) -> str:
    answer = instance.expect(HTTPStatus.UNPROCESSABLE_ENTITY, "POST", "/api/jobs/create", {"useAiPrompts": True})
    if answer.kind != "application/problem+json":
        raise Failed(f"the answer is {answer.kind}")
    return ""


def _numbers(instance: Instance) -> str:
    numbers = instance.expect(HTTPStatus.OK, "GET", "/api/prompt/queue").body
    return f"{numbers['totalQueued']} queued, {numbers['totalProcessing']} processing"


def _create(instance: Instance) -> str:
    instance.job = instance.expect(HTTPStatus.ACCEPTED, "POST", "/api/jobs/create", EXAMPLE).body
    return str(instance.job["jobId"])


def _wait(instance: Instance) -> str:
    give_up = time.monotonic() + JOB_SECONDS
    while True:
        job = instance.expect(HTTPStatus.OK, "GET", f"/api/jobs/{instance.job['jobId']}").body
        if JobStatus(job["status"]).final:
            break
        if time.monotonic() > give_up:
            raise Failed(f"it is still {job['status']} after {duration(JOB_SECONDS)}: {job.get('statusText')}")
        time.sleep(0.25)
    if job["status"] != JobStatus.COMPLETED or not job["outputs"]:
        raise Failed(f"it is {job['status']}: {_short(job.get('error'))}")
    return str(job["outputs"][0]["url"])


def _timeline(instance: Instance) -> str:
    timeline = instance.expect(HTTPStatus.OK, "GET", f"/api/jobs/{instance.job['jobId']}/events").body
    statuses = [event["status"] for event in timeline["items"]]
    if not statuses or statuses[-1] != JobStatus.COMPLETED:
        raise Failed(f"it ends with {statuses[-1:]}")
    return " → ".join(dict.fromkeys(statuses))


def _nothing(_: Answer) -> str:
    return ""


def _read(status: int, kind: str, raw: bytes) -> Answer:
    try:
        return Answer(status, kind, json.loads(raw))
    except ValueError:
        return Answer(status, kind, raw.decode(errors="replace"))


def _local_url(settings: dict[str, str]) -> str:
    port = settings.get("PROMPTMILL_PORT")
    return f"http://127.0.0.1:{port}" if port else DEFAULT_URL


def _short(body: object, limit: int = 200) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return " ".join(text.split())[:limit]


def _say(line: str) -> None:
    sys.stdout.write(f"{visible(line)}\n")
    sys.stdout.flush()
