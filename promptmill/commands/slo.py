"""`promptmill slo`: whether the objectives were met, from the record and the API's metrics."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from promptmill.commands.audit_record import audit_record
from promptmill.commands.instance import Failed, this_instance
from promptmill.config.settings import Settings
from promptmill.contracts.objectives import ApiTimes, Measures, Objective, Verdict, judge
from promptmill.store import open_store

REQUEST_SECONDS: Final = "promptmill_http_request_seconds"
"""The API's histogram of its requests, by route."""

_MARKS: Final = {Verdict.PASS: ("✓", "green"), Verdict.FAIL: ("✗", "bold red"), Verdict.UNKNOWN: ("?", "yellow")}


async def read_objectives(settings: Settings, window: timedelta) -> list[Objective]:
    """Measure everything and judge it.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        TemporalUnavailable: Temporal is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    api, api_problem = await asyncio.to_thread(_read_api)
    async with open_store(settings.require_database_url(), pool_size=1, command_seconds=None) as store:
        measures = Measures(
            throughput=await store.objectives.throughput(window),
            ended=await store.objectives.ended(window),
            waiting=await store.objectives.waiting(),
            api=api,
            api_problem=api_problem,
            ratings=await store.objectives.ratings(window),
            uptime=await store.uptime.read(window),
            retries=await store.objectives.retries(window),
            checks=await audit_record(settings),
            backups_restored=await store.objectives.backups_restored(window),
        )
    return judge(measures)


def objective_lines(objectives: Sequence[Objective]) -> Iterator[tuple[str, str]]:
    """Describe the objectives: lines with their styles."""
    for each in objectives:
        mark, style = _MARKS[each.verdict]
        unknown = f", {each.verdict}" if each.verdict is Verdict.UNKNOWN else ""
        yield (
            f"{mark} {each.line} {each.name}: {each.measured} (target: {each.target}){unknown}; {each.rests_on}",
            style,
        )


def objectives_json(objectives: Sequence[Objective]) -> str:
    """Return the objectives as JSON."""
    shown = [each.model_dump() for each in objectives]
    return json.dumps({"ok": not failed(objectives), "objectives": shown}, indent=2)


def failed(objectives: Sequence[Objective]) -> bool:
    """Return whether a target is missed."""
    return any(each.verdict is Verdict.FAIL for each in objectives)


def _read_api() -> tuple[ApiTimes | None, str]:
    """Return the times of the API's requests, or why they cannot be read."""
    instance = this_instance()
    try:
        answer = instance.ask("GET", "/metrics")
    except Failed as error:
        return None, str(error)
    if answer.status != HTTPStatus.OK:
        return None, f"{instance.url}/metrics answers {answer.status}: PROMPTMILL_KEY must be allowed to read metrics"
    return api_times(str(answer.body)), ""


def api_times(text: str) -> ApiTimes:
    """Add up the histogram of the API's own routes.

    Live streams are none: they last as long as somebody listens. Nor are wrong keys: they are answered late on purpose.
    """
    within: defaultdict[float, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            route = sample.labels.get("route", "")
            if (
                sample.name == f"{REQUEST_SECONDS}_bucket"
                and route.startswith("/api/")
                and not route.endswith("/events")
                and sample.labels["status"] != "401"
            ):
                within[float(sample.labels["le"])] += sample.value
    requests = within.pop(float("inf"), 0)
    return ApiTimes(sorted(within.items()), requests)
