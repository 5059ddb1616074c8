"""`promptmill smoke`: a handful of requests against a running instance, reported line by line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from promptmill.commands.instance import NAMED_BY, Answer, Failed, Instance, caller_key, instance_url, short
from promptmill.contracts.jobs import JobStatus
from promptmill.formats import duration
from promptmill.terminal import visible

JOB_SECONDS: Final = 120.0
EXAMPLE: Final = {"model": "wavespeed-ai/flux-dev", "useAiPrompt": True, "instructions": "A lighthouse in the fog"}
UNKNOWN_ID: Final = "01890000-0000-7000-8000-000000000000"


@dataclass
class Probed(Instance):
    """A running instance, and the job created there."""

    job: dict[str, Any] = field(default_factory=dict)


def run_smoke(*, pay: bool = False) -> int:
    """Run all probes; return the exit code: 0 when each passed.

    Args:
        pay: Generate an image even if the instance uses the real WaveSpeed.
    """
    instance = Probed(instance_url(), caller_key(), named_by=NAMED_BY)
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


def _probes(instance: Probed, *, pay: bool) -> Iterator[tuple[str, Callable[[], str]]]:
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


def _providers(instance: Probed) -> str:
    report = instance.expect(HTTPStatus.OK, "GET", "/api/init").body
    return ", ".join(f"{name} {state}" for name, state in report["providers"].items())


def _is_paid(instance: Probed) -> bool:
    """Return whether a job here costs money, or might: unknown counts as paid."""
    try:
        states = instance.ask("GET", "/api/init").body["providers"].values()
    except (Failed, KeyError, TypeError):
        return True
    return any(state != "simulated" for state in states)


def _refused(instance: Probed) -> str:
    answer = instance.expect(HTTPStatus.UNPROCESSABLE_ENTITY, "POST", "/api/jobs/create", {"useAiPrompts": True})
    if answer.kind != "application/problem+json":
        raise Failed(f"the answer is {answer.kind}")
    return ""


def _numbers(instance: Probed) -> str:
    numbers = instance.expect(HTTPStatus.OK, "GET", "/api/prompt/queue").body
    return f"{numbers['totalQueued']} queued, {numbers['totalProcessing']} processing"


def _create(instance: Probed) -> str:
    instance.job = instance.expect(HTTPStatus.ACCEPTED, "POST", "/api/jobs/create", EXAMPLE).body
    return str(instance.job["jobId"])


def _wait(instance: Probed) -> str:
    give_up = time.monotonic() + JOB_SECONDS
    while True:
        job = instance.expect(HTTPStatus.OK, "GET", f"/api/jobs/{instance.job['jobId']}").body
        if JobStatus(job["status"]).final:
            break
        if time.monotonic() > give_up:
            raise Failed(f"it is still {job['status']} after {duration(JOB_SECONDS)}: {job.get('statusText')}")
        time.sleep(0.25)
    if job["status"] != JobStatus.COMPLETED or not job["outputs"]:
        raise Failed(f"it is {job['status']}: {short(job.get('error'))}")
    return str(job["outputs"][0]["url"])


def _timeline(instance: Probed) -> str:
    timeline = instance.expect(HTTPStatus.OK, "GET", f"/api/jobs/{instance.job['jobId']}/events").body
    statuses = [event["status"] for event in timeline["items"]]
    if not statuses or statuses[-1] != JobStatus.COMPLETED:
        raise Failed(f"it ends with {statuses[-1:]}")
    return " → ".join(dict.fromkeys(statuses))


def _nothing(_: Answer) -> str:
    return ""


def _say(line: str) -> None:
    sys.stdout.write(f"{visible(line)}\n")
    sys.stdout.flush()
