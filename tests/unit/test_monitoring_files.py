"""deploy/monitoring: the rules are valid, tested, about metrics that exist, and say what to do."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.markdown import MarkdownPage
from tests.programs import require_program

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
FOLDER = ROOT / "deploy" / "monitoring"
CONTACTS = {"database", "api", "frontend", "infrastructure", "product"}


def rules_of(name: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "rules" / name).read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = rules_of("alerts.yml")
RECORDED = rules_of("recording.yml")
BOARDS = sorted((FOLDER / "dashboards").glob("*.json"))


def panel_queries(board: Path) -> list[str]:
    return [target["expr"] for panel in json.loads(board.read_text())["panels"] for target in panel["targets"]]


@pytest.mark.parametrize(
    ("program", "package", "arguments"),
    [
        ("promtool", "prometheus", ("check", "config", "prometheus.yml")),
        ("promtool", "prometheus", ("test", "rules", "rules/cases.yml")),
        ("amtool", "prometheus-alertmanager", ("check-config", "alertmanager.yml")),
    ],
)
def test_the_programs_accept_the_files(program: str, package: str, arguments: tuple[str, ...]) -> None:
    """The cases show that each alert is silent before, and fires."""
    command = [require_program(program, package), *arguments]

    checked = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_has_a_case() -> None:
    tried = re.findall(r'count\(ALERTS\{alertname="(\w+)"', (FOLDER / "rules" / "cases.yml").read_text())

    assert tried == [rule["alert"] for rule in ALERTS]


def test_every_metric_that_is_asked_for_exists() -> None:
    """Those of Temporal's SDK are seen by tests/integration/test_alarms.py."""
    page = MarkdownPage.of(ROOT / "docs" / "monitoring.md")
    listed = {
        (row[0].code[0], row[1].text)
        for section in ("Known of the installation", "Counted by each process")
        for row in page.section(section).rows("metric", "type", "labels", "meaning")
    }
    exist = {name for name, _ in listed}
    parts = {f"{name}{part}" for name, kind in listed if kind == "histogram" for part in ("_bucket", "_count", "_sum")}
    parts -= {"promptmill_ended_job_seconds_count", "promptmill_ended_job_seconds_sum"}  # of gauges: `_gcount`, `_gsum`
    recorded = {rule["record"] for rule in RECORDED}
    queries = [rule["expr"] for rule in ALERTS + RECORDED] + [
        query for board in BOARDS for query in panel_queries(board)
    ]

    asked = {name for query in queries for name in re.findall(r"\bpromptmill[_:][\w:]+", query)}

    assert asked - exist - parts - recorded == set()


def test_alerts_say_whom_they_concern_and_what_to_do() -> None:
    anchors = {f"docs/operations.md#{heading.anchor}" for heading in MarkdownPage.of(OPERATIONS).headings}

    for rule in ALERTS:
        name, labels, told = rule["alert"], rule["labels"], rule["annotations"]
        assert labels.keys() == {"severity", "contact"}, name
        assert labels["severity"] in {"critical", "warning"}, name
        assert labels["contact"] in CONTACTS, name
        assert told.keys() == {"summary", "action", "runbook", "runbook_url"}, name
        assert told["runbook"] in anchors, name
        assert told["runbook_url"] == f"docs/runbooks/{name}.md"


def test_the_contacts_are_receivers() -> None:
    document = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())

    assert {receiver["name"] for receiver in document["receivers"]} == CONTACTS
    routed = {route["matchers"][0]: route["receiver"] for route in document["route"]["routes"]}
    assert {*routed.values(), document["route"]["receiver"]} == CONTACTS
    assert routed == {f'contact="{contact}"': contact for contact in routed.values()}
    named = set(
        re.findall(
            r"[A-Z][A-Za-z]+",
            " ".join(text for rule in document["inhibit_rules"] for texts in rule.values() for text in texts),
        )
    )
    assert named <= {rule["alert"] for rule in ALERTS}


def test_the_dashboards_are_what_grafana_reads() -> None:
    boards = {board.stem: json.loads(board.read_text()) for board in BOARDS}

    assert boards.keys() == {"queue", "money", "temporal", "postgres", "objectives"}
    for name, board in boards.items():
        assert board["uid"] == f"promptmill-{name}"
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
        assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
        for panel in panels:
            targets = panel["targets"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert len({target["refId"] for target in targets}) == len(targets) > 0
            # A legend's label is one that the query keeps.
            for target in targets:
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    assert re.search(rf"\b{label}\b|promptmill:\w+:", target["expr"]), panel["title"]


def test_the_dashboards_queries_parse(tmp_path: Path) -> None:
    """As rules, because promtool checks nothing else without a server."""
    queries = [query for board in BOARDS for query in panel_queries(board)]
    rules = [{"record": f"panel:query:{place}", "expr": query} for place, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}))
    command = [require_program("promtool", "prometheus"), "check", "rules", str(file)]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
