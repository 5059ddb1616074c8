"""Sections 8 to 10: what monitoring has, asked of a Prometheus that watches this installation."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import ROOT, Line
from promptmill.checklist.target import Target
from promptmill.commands.instance import Failed, Instance

RULES: Final = ROOT / "deploy" / "monitoring" / "rules" / "alerts.yml"
LATELY: Final = "5m"

_ALERT: Final = re.compile(r"^ *- alert: (\w+)$", re.MULTILINE)


async def series_are_there(target: Target, line: Line) -> str:
    """Look for data of the last minutes of each series in Prometheus; without one, whether the processes tell them."""
    if target.options.prometheus is None:
        await _processes_tell(target, line)
    without = [name for name in line.of if not await _has_data(target, name)]
    if not without:
        return f"data of the last {LATELY}: {', '.join(line.of)}"
    known = await target.prometheus("/api/v1/metadata?limit=100000")
    strangers = [name for name in without if name.removesuffix("_total") not in known and name not in known]
    if strangers:
        raise Fails(f"Prometheus has no {', '.join(strangers)}")
    raise NotSeen(f"Prometheus knows {', '.join(without)}, without a value in the last {LATELY}: nothing happened")


async def alerts_are_loaded(target: Target, line: Line) -> str:
    """Look whether Prometheus has loaded each alert, and has an Alertmanager that takes them."""
    if target.options.prometheus is None:
        raise NotSeen(f"{_in_file(line)}; whether a Prometheus has loaded it was not asked (--prometheus URL)")
    loaded = {
        rule["name"]: rule["health"]
        for group in (await target.prometheus("/api/v1/rules?type=alert"))["groups"]
        for rule in group["rules"]
    }
    wrong = [name for name in line.of if loaded.get(name) in {None, "err"}]
    if wrong:
        raise Fails(f"not loaded, or failing: {', '.join(wrong)}")
    await _require_alertmanager(target)
    return f"loaded, and told to an Alertmanager: {', '.join(line.of)}"


def _in_file(line: Line) -> str:
    """Say which of the alerts the file of this release has."""
    if not RULES.is_file():
        return "the rules of this release are not here"
    known = _ALERT.findall(RULES.read_text(encoding="utf-8"))
    missing = ", ".join(name for name in line.of if name not in known)
    return f"{RULES.relative_to(ROOT)} " + (f"lacks {missing}" if missing else f"has {', '.join(line.of)}")


async def _require_alertmanager(target: Target) -> None:
    """Look whether Prometheus has an Alertmanager, and whether one of them answers here."""
    found = (await target.prometheus("/api/v1/alertmanagers"))["activeAlertmanagers"]
    if not found:
        raise Fails("Prometheus has no Alertmanager, so nobody is notified", "Set `alerting` in prometheus.yml.")
    parts = [urlsplit(one["url"]) for one in found]
    for scheme, host, *_ in parts:
        try:
            answer = await asyncio.to_thread(Instance(f"{scheme}://{host}", None).ask, "GET", "/-/ready")
        except Failed:
            continue
        if answer.status == HTTPStatus.OK:
            return
    raise NotSeen(f"loaded, but no Alertmanager answers here ({', '.join(part.netloc for part in parts)})")


async def _has_data(target: Target, name: str) -> bool:
    found: dict[str, Any] = await target.prometheus(
        f"/api/v1/query?query=count(present_over_time(%7B__name__=~%22{name}(_count)?%22%7D%5B{LATELY}%5D))"
    )
    return bool(found["result"])


async def _processes_tell(target: Target, line: Line) -> None:
    """Say which of the series the API, or the worker beside us, tells whoever asks.

    Raises:
        NotSeen: Always: telling is not collecting.
        Fails: A series is told by none, though both were asked.
    """
    worker = await target.worker_metrics()
    texts = [await target.metrics(), worker or ""]
    told = {family.name for text in texts for family in text_string_to_metric_families(text)}
    missing = [name for name in line.of if name.removesuffix("_total") not in told]
    if missing and worker is not None:
        raise Fails(f"neither the API nor the worker tells {', '.join(missing)}")
    if missing:
        raise NotSeen(f"the API does not tell {', '.join(missing)}, and no worker was asked, nor a Prometheus")
    raise NotSeen("told by API and worker; whether a Prometheus collects it was not asked (--prometheus URL)")
