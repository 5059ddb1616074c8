"""The metrics that the alarms of docs/operations.md name are those that real processes expose, with these labels."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from promptmill.config.settings import load_settings
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.contracts.names import DEFAULT_TASK_QUEUE, JOB_WORKFLOW
from promptmill.local.ports import free_port
from promptmill.store import Store
from promptmill.temporal.installation import initialize
from tests.fixtures.api import open_api
from tests.fixtures.session import StartProcess
from tests.markdown import MarkdownPage
from tests.support import eventually, open_http

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
SELECTOR = re.compile(r"\b((?:promptmill|temporal)_\w+)(?:\{(\w+)=\"([^\"]*)\"\})?")
COMES_AND_GOES = {"status", "status_code"}
"""Labels whose value is what triggers the alarm."""


class Selector(NamedTuple):
    metric: str
    label: str | None
    value: str | None


OF_THE_SDK = re.compile(r"\btemporal_\w+")


def of_the_files() -> set[Selector]:
    """Return the metrics of Temporal's SDK that rules and dashboards ask for."""
    files = [*(MONITORING / "rules").glob("*.yml"), *(MONITORING / "dashboards").glob("*.json")]
    asked = {name for file in files if file.name != "cases.yml" for name in OF_THE_SDK.findall(file.read_text())}
    assert len(asked) > 10
    return {Selector(name, None, None) for name in asked}


def documented() -> set[Selector]:
    """Return what the alarms select, with the task queue of a documented installation."""
    page = MarkdownPage.of(OPERATIONS).section("Alarms")
    conditions = " ".join(code for condition, _ in page.rows("condition", "means") for code in condition.code)
    return {Selector(name, label or None, value or None) for name, label, value in SELECTOR.findall(conditions)}


class Series(NamedTuple):
    metric: str
    labels: dict[str, str]


def exposed(text: str) -> list[Series]:
    """Return all series; a histogram also by its own name, which people select parts of."""
    families = list(text_string_to_metric_families(text))
    own = [Series(family.name, sample.labels) for family in families for sample in family.samples]
    return own + [Series(sample.name, sample.labels) for family in families for sample in family.samples]


def fits(selector: Selector, series: Series, task_queue: str) -> bool:
    """Return whether an alarm selects a series."""
    if series.metric != selector.metric or selector.label is None:
        return series.metric == selector.metric
    found = series.labels.get(selector.label)
    wanted = (selector.value or "").replace(DEFAULT_TASK_QUEUE, task_queue, 1)
    return found is not None and (selector.label in COMES_AND_GOES or found == wanted)


async def test_every_metric_of_an_alarm_is_exposed_with_its_label(
    start_process: StartProcess, settings_environment: dict[str, str], temporal: Client, store: Store
) -> None:
    port, settings = free_port(), load_settings(settings_environment)
    # What already exists is refused when the worker creates it again; and one workflow's tasks fail.
    await initialize(settings, store, temporal)
    # Without a budget there is nothing to tell of one.
    await store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, Decimal(100))
    stuck = await temporal.start_workflow(
        JOB_WORKFLOW, "no job", id=f"{settings.task_queue}-bad", task_queue=settings.task_queue
    )
    start_process(
        "worker", "-m", "worker", environment=settings_environment | {"PROMPTMILL_TEMPORAL_METRICS_PORT": str(port)}
    )
    async with open_api(settings) as api, open_http(f"http://127.0.0.1:{port}") as http:
        await api.post("/api/jobs/create", json={"model": "wavespeed-ai/flux-dev", "prompt": "a fox"})

        async def everything() -> bool:
            try:
                of_temporal = (await http.get("/metrics")).text
            except httpx.TransportError:
                return False
            series = exposed(of_temporal) + exposed((await api.get("/metrics")).text)
            missing = {
                selector
                for selector in documented() | of_the_files()
                if not any(fits(selector, one, settings.task_queue) for one in series)
            }
            assert missing == set()
            return True

        await eventually(everything, what="every metric is exposed")
        await stuck.terminate()
        codes = {
            each.labels["status_code"]
            for each in exposed((await http.get("/metrics")).text)
            if "status_code" in each.labels
        }

    assert all(re.fullmatch(r"[A-Z_]+", code) for code in codes), "as the alarm spells RESOURCE_EXHAUSTED"
