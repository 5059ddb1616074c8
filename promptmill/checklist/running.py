"""Sections 3 and 4: the release is what runs, it was set up, and works in the background; flags and emergency stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from api.web.files import workspace
from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import Line
from promptmill.checklist.target import Target
from promptmill.version import installed_version

_PAGE_VERSION: Final = re.compile(r"/web/workspace-(\w+)/")


async def release_runs(target: Target, _: Line) -> str:
    """Compare the version of the API and of every worker with this release's."""
    wanted = installed_version()
    api = (await target.report())["versions"]["promptmill"]
    if api != wanted:
        raise Fails(f"the API is {api}, this release {wanted}")
    workers = await _worker_versions(target)
    if not workers:
        raise NotSeen(f"the API is {api}; no worker told its version at PROMPTMILL_METRICS_PORT, nor to a Prometheus")
    others = sorted({version for version in workers if version != wanted})
    if others:
        raise Fails(f"the API is {api}, but a worker is {', '.join(others)}")
    return f"the API is {wanted}, and so is every other process that told its version ({len(workers)})"


async def page_is_served(target: Target, _: Line) -> str:
    """Compare the hash over the page's modules and style sheets with this release's, and load what it begins with."""
    wanted = workspace()
    page = str(await target.expect(HTTPStatus.OK, "GET", "/"))
    versions = set(_PAGE_VERSION.findall(page))
    if versions != {wanted.version}:
        raise Fails(f"the page is version {', '.join(versions) or 'none'}, this release's {wanted.version}")
    names = [*wanted.first_modules, *wanted.styles]
    for name in names:
        await target.expect(HTTPStatus.OK, "GET", wanted.address(name))
    return f"the page and the {len(names)} files that it begins with are this release's ({wanted.version})"


async def was_set_up(target: Target, _: Line) -> str:
    """Set up, which may be repeated: `POST /api/init`."""
    answer = await target.ask("POST", "/api/init")
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise Fails(f"POST /api/init: {_problems(answer.body)}")
    await target.expect(HTTPStatus.OK, "POST", "/api/init")
    return "POST /api/init: search attributes, schedule and Temporal's identity are in place"


async def service_runs(target: Target, _: Line) -> str:
    """Ask what is missing: `GET /api/init`."""
    report = await target.report()
    if not report["ok"]:
        raise Fails(f"GET /api/init: {_problems(report)}")
    return f"GET /api/init: nothing is missing; Temporal {report['temporal']['version']}"


async def background_works(target: Target, _: Line) -> str:
    """Look at who polls each queue, and at the reconciler's schedule."""
    temporal = (await target.report())["temporal"]
    if not temporal["answers"]:
        raise Fails("Temporal does not answer the API")
    wrong = [*_queue_problems(temporal["queues"]), *_schedule_problems(temporal["schedule"])]
    if wrong:
        raise Fails("; ".join(sentence for sentence, _ in wrong), " ".join(advice for _, advice in wrong))
    pollers = ", ".join(f"{queue['name']} {queue['pollers']}" for queue in temporal["queues"])
    return f"pollers: {pollers}; the reconciler last finished at {temporal['schedule']['lastFinishedAt']}"


async def starts_without_errors(target: Target, _: Line) -> str:
    """Count the lines at error level since the start of the API and of the worker beside us."""
    texts = {"API": await target.metrics(), "worker": await target.worker_metrics()}
    counts = {name: _errors_in(text) for name, text in texts.items() if text is not None}
    wrong = {name: loggers for name, loggers in counts.items() if loggers}
    if wrong:
        raise Fails("; ".join(f"{name}: {', '.join(loggers)}" for name, loggers in wrong.items()))
    if texts["worker"] is None:
        raise NotSeen("the API has logged no error since its start; no worker answers at PROMPTMILL_METRICS_PORT")
    return "API and worker have logged no error since their start"


async def flags_are_known(target: Target, _: Line) -> str:
    """Look for what can be switched off without a restart: AI prompts, intake, submissions."""
    report = await target.report()
    names = {"aiPrompts": "ai-prompts", "drain": "intake", "submissionsHeld": "submissions"}
    unknown = [words for name, words in names.items() if report.get(name) is None]
    if unknown:
        raise Fails(f"unknown: {', '.join(unknown)}")
    return "known without a restart: " + ", ".join(names.values())


async def brakes_are_open(target: Target, _: Line) -> str:
    """Look whether the brakes can be read, and none was forgotten."""
    queues = (await target.report())["temporal"]["queues"]
    stopped = [f"{queue['name']} ({queue['reason']})" for queue in queues if queue["stopped"]]
    if stopped:
        raise Fails(f"stopped: {', '.join(stopped)}")
    if not queues:
        raise NotSeen("Temporal's queues cannot be read")
    return f"{len(queues)} queues can be stopped, and none is"


async def _worker_versions(target: Target) -> list[str]:
    """Return the versions of the workers that told theirs, from Prometheus or from the one beside us."""
    if target.options.prometheus is not None:
        data = await target.prometheus("/api/v1/query?query=promptmill_build_info%20and%20on(instance)%20up")
        return [found["metric"]["version"] for found in data["result"]]
    text = await target.worker_metrics()
    return [] if text is None else [labels["version"] for labels, _ in _samples(text, "promptmill_build_info")]


def _queue_problems(queues: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for queue in queues:
        if queue["pollers"] == 0:
            yield f"nobody polls {queue['name']}", "Start a worker: python -m worker."
        if queue["stopped"]:
            yield f"{queue['name']} is stopped ({queue['reason']})", "promptmill brake off"


def _schedule_problems(schedule: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if schedule is None:
        yield "the reconciler has no schedule", "promptmill init"
    elif schedule["paused"]:
        told = f" ({schedule['reason']})" if schedule["reason"] else ""
        yield (
            f"the reconciler's schedule is paused{told}",
            f"temporal schedule toggle --unpause --schedule-id {schedule['id']}, see docs/operations.md#the-reconciler",
        )
    elif schedule["late"]:
        yield "no pass of the reconciler has finished for too long", "See docs/operations.md#the-reconciler."


def _errors_in(text: str) -> list[str]:
    return [
        f"{value:.0f} of {labels['logger']}"
        for labels, value in _samples(text, "promptmill_log_lines")
        if labels.get("level") in {"error", "critical"} and value > 0
    ]


def _samples(text: str, family: str) -> Iterator[tuple[dict[str, str], float]]:
    """Yield labels and value of each sample of a family; a counter's is named without `_total`."""
    for found in text_string_to_metric_families(text):
        if found.name == family:
            for sample in found.samples:
                if not sample.name.endswith("_created"):
                    yield sample.labels, sample.value


def _problems(report: Any) -> str:
    problems = report.get("problems") if isinstance(report, dict) else None
    return " ".join(problems) if problems else "it did not say what is missing"
