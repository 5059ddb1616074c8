"""`make monitor`: real Prometheus and Alertmanager beside a stack, found from its files, gone with Ctrl-C."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from promptmill.config.settings import LOCAL_ENV, load_settings
from promptmill.local.errors import LocalStackError
from promptmill.local.folder import open_data_folder
from promptmill.local.ports import LOOPBACK, Address, free_port, is_free
from promptmill.local.processes import Child, ProcessMark, find_process, stop_process
from promptmill.local.screen import Screen
from promptmill.monitoring.programs import Programs, find_programs
from promptmill.monitoring.running import Monitor
from promptmill.monitoring.samples import KEY_FILE
from tests.fixtures.session import StartProcess
from tests.programs import require_program
from tests.support import eventually_sync

GRAFANA = """#!{python}
import json, os, pathlib
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
pathlib.Path({told!r}).write_text(json.dumps(dict(os.environ)))
HTTPServer((os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])), Handler).serve_forever()
"""
"""Grafana is in no Debian package: what listens where it is told, and notes what else it is told."""

KEY = "pm_01234567ofprometheus"


class Watched:
    """A data folder as `make up` leaves it while it runs, and what watches it."""

    def __init__(self, folder: Path, start: StartProcess) -> None:
        self.folder, self.start = folder, start
        self.api, self.worker = free_port(), free_port()
        self.programs = folder / "bin"
        self.programs.mkdir()
        for name in ("prometheus", "prometheus-alertmanager"):
            (self.programs / name).symlink_to(require_program(name, name))
        lines = {"PROMPTMILL_PORT": self.api, "PROMPTMILL_METRICS_PORT": self.worker}
        (folder / LOCAL_ENV).write_text("".join(f"{name}='{value}'\n" for name, value in lines.items()))

    def run(self) -> Child:
        """Start `promptmill monitor`."""
        environment = {
            "PROMPTMILL_DATA_DIR": str(self.folder),
            "PROMPTMILL_SIMULATED_ONLY": "",
            "PROMPTMILL_KEY": KEY,
            "PATH": str(self.programs),
        }
        child = self.start("monitor", "-m", "promptmill", "monitor", environment=environment)
        eventually_sync(lambda: child.process.poll() is not None or "Ctrl-C" in child.log.read_text(), what="it runs")
        assert child.process.poll() is None, child.log.read_text()
        return child

    @property
    def marks(self) -> list[ProcessMark]:
        """What runs."""
        with suppress(FileNotFoundError):
            record = json.loads((self.folder / "monitoring" / "run.json").read_text())
            return [ProcessMark(**mark) for mark in record["parts"]]
        return []


@pytest.fixture
def watched(tmp_path: Path, start_process: StartProcess) -> Iterator[Watched]:
    found = Watched(tmp_path, start_process)
    yield found
    for mark in found.marks:
        stop_process(mark, 10)


def ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or "null")


def addresses_in(text: str) -> dict[str, str]:
    return dict(re.findall(r"(Prometheus|Alertmanager|Grafana) +(http://[\d.:]+)", text))


def ports_of_commands(folder: Path) -> set[int]:
    """Return which ports the alerts' commands ask."""
    rules = (folder / "monitoring" / "rules" / "alerts.yml").read_text()
    return {int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", rules)}


def test_it_watches_the_stack_tells_the_terminal_and_leaves_nothing(watched: Watched, tmp_path: Path) -> None:
    told = tmp_path / "grafana.json"
    # Of what it has told, which is another terminal's.
    (watched.folder / "monitoring" / "alertmanager").mkdir(parents=True)
    (watched.folder / "monitoring" / "alertmanager" / "nflog").write_text("not told here")
    grafana = watched.programs / "grafana"
    grafana.write_text(GRAFANA.format(python=sys.executable, told=str(told)))
    grafana.chmod(0o755)
    with ExitStack() as busy:
        if is_free(9090):  # as where Debian's package has started its own
            busy.enter_context(socket.create_server((LOOPBACK, 9090)))
        killed = watched.run()
        first = watched.marks
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait(30)
        assert [mark.name for mark in first] == ["Alertmanager", "Prometheus", "Grafana"]
        (watched.folder / "monitoring" / "grafana" / "dashboards" / "of-an-older-release.json").write_text("{}")
        child = watched.run()
    assert not [mark for mark in first if find_process(mark) is not None], "what a killed one has left"
    shown = addresses_in(child.log.read_text())
    assert not shown["Prometheus"].endswith(":9090")
    config = ask(f"{shown['Prometheus']}/api/v1/status/config")["data"]["yaml"]
    for port in (watched.api, watched.worker):
        assert f"{LOOPBACK}:{port}" in config
    assert "credentials_file" in config
    assert (watched.folder / "monitoring" / "metrics-key").read_text() == KEY
    assert (watched.folder / "monitoring" / "metrics-key").stat().st_mode & 0o077 == 0
    groups = ask(f"{shown['Prometheus']}/api/v1/rules?type=alert")["data"]["groups"]
    assert "WorkerGone" in {rule["name"] for group in groups for rule in group["rules"]}
    eventually_sync(
        lambda: ask(f"{shown['Prometheus']}/api/v1/alertmanagers")["data"]["activeAlertmanagers"], what="it tells"
    )
    passed = json.loads(told.read_text())
    assert "PROMPTMILL_KEY" not in passed
    dashboards = sorted(file.stem for file in Path(passed["PROMPTMILL_DASHBOARDS"]).iterdir())
    assert dashboards == ["money", "objectives", "postgres", "queue", "temporal"]
    assert shown["Prometheus"] in Path(passed["GF_PATHS_PROVISIONING"], "datasources", "prometheus.yml").read_text()

    assert ports_of_commands(watched.folder) == {watched.api, watched.worker}
    # What Alertmanager would post, to where it would: it waits some seconds before the first.
    url = re.search(r'url: "(\S+)/product"', (watched.folder / "monitoring" / "alertmanager.yml").read_text())
    assert url is not None
    alert = {
        "status": "firing",
        "labels": {"alertname": "BalanceLow", "severity": "warning"},
        "annotations": {"summary": "9 USD\x1b[2J are left", "action": "look", "runbook_url": "docs/runbooks/B.md"},
    }
    ask(f"{url[1]}/product", {"alerts": [alert, alert | {"status": "resolved"}]})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(f"{url[1].rpartition('/')[0]}/product", {"alerts": [alert]})
    lines = child.log.read_text()
    assert re.search(r"warning   BalanceLow \(product\): 9 USD\\x1b\[2J are left", lines)
    assert lines.count("BalanceLow") == 2
    assert re.search(r"(?s)read docs/runbooks/B.md\n.*over      BalanceLow \(product\)", lines)

    running = watched.marks
    child.process.send_signal(signal.SIGINT)
    assert child.process.wait(60) == 0, child.log.read_text()
    assert "nothing is left running" in child.log.read_text()
    assert not [mark for mark in running if find_process(mark) is not None]
    assert watched.marks == []
    assert not (watched.folder / "monitoring" / "metrics-key").exists()


def test_a_killed_runs_key_is_not_left(tmp_path: Path) -> None:
    with open_data_folder(tmp_path) as folder, ExitStack() as parts:
        (tmp_path / KEY_FILE).write_text(KEY)
        programs = Programs("/bin/false", "/bin/false", ())
        monitor = Monitor(load_settings({"PROMPTMILL_ENV_FILE": ""}), folder, Screen(), programs, None)
        with pytest.raises(LocalStackError, match="Prometheus"):
            monitor._start_prometheus(parts, Address(LOOPBACK, free_port()))
    assert not (tmp_path / KEY_FILE).exists()


def test_without_a_stack_there_is_nothing_to_watch(watched: Watched) -> None:
    (watched.folder / LOCAL_ENV).unlink()
    environment = {"PROMPTMILL_DATA_DIR": str(watched.folder), "PROMPTMILL_SIMULATED_ONLY": ""}
    child = watched.start("monitor", "-m", "promptmill", "monitor", environment=environment)

    assert child.process.wait(60) == 1
    assert "`make up` is not running here" in child.log.read_text()


def test_what_is_missing_is_named_with_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=r"Prometheus and Alertmanager cannot be found: run `apt install"):
        find_programs(str(tmp_path))
    for name in ("prometheus", "alertmanager", "grafana-server"):
        shutil.copy("/bin/sh", tmp_path / name)
    found = find_programs(str(tmp_path))
    names = [Path(each).name for each in (found.prometheus, found.alertmanager, found.grafana[0])]
    assert names == ["prometheus", "alertmanager", "grafana-server"]
