"""The metrics that docs/monitoring.md lists are those that an API and a worker expose, in these words."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.installation.figures import Figures
from api.installation.gauges import InstallationGauges
from promptmill.config.settings import Settings
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.local.ports import LOOPBACK, free_port
from promptmill.metrics import BoundedNames
from promptmill.store import Store
from promptmill.store.statement_names import OTHER, statement_name
from tests.fixtures.api import open_api
from tests.markdown import MarkdownPage
from tests.support import eventually, open_http
from worker.health import Health, serve_health

PAGE = Path(__file__).parents[2] / "docs" / "monitoring.md"
KNOWN, COUNTED = "Known of the installation", "Counted by each process"


class Metric(NamedTuple):
    """A metric: its name as people ask for it, its type, and its meaning."""

    name: str
    type: str
    meaning: str


def exposed(text: str) -> dict[Metric, set[frozenset[str]]]:
    """Return our own metrics with the labels of their series. Number and sum of a gauge histogram are parts of it."""
    return {
        Metric(
            f"{family.name}_total" if family.type == "counter" else family.name, family.type, family.documentation
        ): {frozenset(sample.labels) - {"le"} for sample in family.samples}
        for family in text_string_to_metric_families(text)
        if family.name.startswith("promptmill_") and not family.name.endswith(("_gcount", "_gsum"))
    }


def documented(section: str) -> dict[Metric, frozenset[str]]:
    """Return the metrics of one of the page's tables with their labels."""
    rows = MarkdownPage.of(PAGE).section(section).rows("metric", "type", "labels", "meaning")
    return {
        Metric(name.code[0], kind.text, meaning.text): frozenset(labels.code) for name, kind, labels, meaning in rows
    }


async def test_the_documented_metrics_are_those_that_exist(lonely_settings: Settings, store: Store) -> None:
    await store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, Decimal(100))
    port = free_port()
    async with (
        open_api(lonely_settings) as api,
        serve_health(Health(()), LOOPBACK, port),
        open_http(f"http://{LOOPBACK}:{port}") as worker,
    ):
        await eventually(lambda: _alive(worker), what="the health server")
        # The first scrape is a request that the second one counts.
        texts = [(await http.get("/metrics")).text for http in (api, api, worker)]

    found: dict[Metric, set[frozenset[str]]] = {}
    for text in texts:
        for metric, labels in exposed(text).items():
            shown = metric._replace(meaning=metric.meaning.replace("`", ""))
            found[shown] = found.get(shown, set()) | labels
    known, counted = documented(KNOWN), documented(COUNTED)
    told = known | counted
    assert told.keys() - found.keys() == set(), "these do not exist"
    assert found.keys() - told.keys() == set(), "these are not documented"
    assert {metric: labels for metric, labels in found.items() if not labels <= {told[metric]}} == {}, "other labels"
    assert {metric.name for metric in known} == {family.name for family in InstallationGauges(Figures()).collect()}


async def _alive(http: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await http.get("/healthz")).status_code == httpx.codes.OK
    return False


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT id, status FROM advance_job(:id, :status)", "advance_job"),
        ("SELECT a FROM jobs WHERE id = ANY (SELECT f(1)) FOR UPDATE OF j", "select jobs"),
        ("WITH done AS (UPDATE jobs SET a = 1) INSERT INTO audit_log SELECT 1", "update jobs"),
        ("SELECT FROM note_candidates(:id)", "note_candidates"),
        ("DO $$ BEGIN END $$", OTHER),
    ],
)
def test_statements_have_few_names(query: str, name: str) -> None:
    assert statement_name(query) == name


def test_callers_cannot_invent_values_of_a_label() -> None:
    names = BoundedNames(most=2)

    assert [names(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", "(other)", "a", "(other)"]
