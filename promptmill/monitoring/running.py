"""Prometheus, Alertmanager and, where it is installed, Grafana beside a local stack, until Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from promptmill.config.contacts import ROLES, Contact
from promptmill.config.settings import Settings
from promptmill.local.folder import DataFolder
from promptmill.local.interrupts import Interrupts, StopAsked
from promptmill.local.ports import LOOPBACK, Address, hidden_address, is_free
from promptmill.local.processes import Child, start_child, stop_process
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.rotation import rotate
from promptmill.local.screen import Screen
from promptmill.local.typed_ports import next_free
from promptmill.monitoring.programs import Programs
from promptmill.monitoring.receivers import alertmanager_file
from promptmill.monitoring.samples import (
    ALERTMANAGER,
    API,
    FILES,
    KEY_FILE,
    WORKER,
    WORKERS_SDK,
    at_addresses,
    prometheus_file,
    sample,
)
from promptmill.monitoring.told import receiver

PROMETHEUS_PORT: Final = 9090
GRAFANA_PORT: Final = 3001
"""Grafana's own, 3000, is the API's."""

START_SECONDS: Final = 120.0
"""Grafana makes its database at its first start."""

STOP_SECONDS: Final = 10.0
LOOK_EVERY_SECONDS: Final = 0.2
MOST_DATA: Final = "512MB"
RULES: Final = ("recording.yml", "alerts.yml")
AT_ONCE: Final = {"group_wait": "5s", "group_interval": "15s"}
"""A terminal is not a person's telephone: what follows is told soon, and so is an alert's end."""

_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
"""What the programs need of our environment; keys and passwords are none of their business."""


@dataclass
class Monitor:
    """What watches one stack.

    Attributes:
        key: What the API is asked with, once it wants a key.
    """

    settings: Settings
    folder: DataFolder
    screen: Screen
    programs: Programs
    key: str | None
    children: list[Child] = field(default_factory=list)
    interrupts: Interrupts = field(init=False)

    def __post_init__(self) -> None:
        """Make a second Ctrl-C kill everything at once."""
        self.interrupts = Interrupts(at_once=self.kill_everything)

    def run(self) -> int:
        """Run until a stop is requested; return the exit code.

        Raises:
            LocalStackError: A program did not start, or exited; everything is stopped by then.
        """
        with self.interrupts.handling(), suppress(StopAsked), ExitStack() as parts:
            parts.callback(self.folder.forget_run)
            for mark in reversed(self.folder.read_marks()):
                stop_process(mark, STOP_SECONDS)
            told = parts.enter_context(receiver(self.screen.say))
            alertmanager = self._start_alertmanager(parts, told)
            prometheus = self._start_prometheus(parts, alertmanager)
            grafana = self._start_grafana(parts, prometheus) if self.programs.grafana else None
            self._show(prometheus, alertmanager, grafana)
            self._watch()
        return 0

    def kill_everything(self) -> None:
        """Kill every program and this process."""
        for child in reversed(self.children):
            child.kill()
        self.folder.forget_run()
        os._exit(128 + signal.SIGINT)

    def _start_alertmanager(self, parts: ExitStack, told: str) -> Address:
        contacts = [Contact(role, "this terminal", f"{told}/{role}") for role in ROLES]
        text = alertmanager_file(contacts, None)
        for name, time in AT_ONCE.items():
            text = re.sub(rf"(?<=\b{name}: )\w+", time, text)
        file = self._write("alertmanager.yml", text)
        data = self._data("alertmanager")
        # What it told another terminal, it would not repeat for hours.
        (data / "nflog").unlink(missing_ok=True)
        address = hidden_address()  # it takes alerts from any page in a browser, and they say what to run
        arguments = [
            *(f"--config.file={file}", f"--storage.path={data}"),
            *(f"--web.listen-address={address}", "--cluster.listen-address="),
        ]
        self._start(parts, "Alertmanager", [self.programs.alertmanager, *arguments], f"http://{address}/-/ready")
        return address

    def _start_prometheus(self, parts: ExitStack, alertmanager: Address) -> Address:
        settings = self.settings
        watched = {
            API: Address(reached(settings.host), settings.port),
            WORKER: Address(reached(settings.metrics_host), settings.metrics_port),
            ALERTMANAGER: alertmanager,
        }
        if settings.temporal_metrics_port:
            watched[WORKERS_SDK] = Address(reached(settings.metrics_host), settings.temporal_metrics_port)
        (self.folder.path / KEY_FILE).unlink(missing_ok=True)  # a killed run leaves its own
        if self.key is not None:
            parts.callback(self._write(KEY_FILE, self.key).unlink)
        file = self._write("prometheus.yml", prometheus_file(watched, with_key=self.key is not None))
        self._copy("rules", "rules")
        for name in RULES:  # what an alert says to run names the ports as well
            self._write(f"rules/{name}", at_addresses(sample(f"rules/{name}"), watched))
        address = self._address(PROMETHEUS_PORT)
        arguments = [
            *(f"--config.file={file}", f"--storage.tsdb.path={self._data('prometheus')}"),
            *(f"--storage.tsdb.retention.size={MOST_DATA}", f"--web.listen-address={address}"),
            "--web.cors.origin=none",  # by default, any page may read everything
        ]
        self._start(parts, "Prometheus", [self.programs.prometheus, *arguments], f"http://{address}/-/ready")
        return address

    def _start_grafana(self, parts: ExitStack, prometheus: Address) -> Address:
        """Start Grafana with our dashboards, for whoever is on this machine to look at."""
        address = self._address(GRAFANA_PORT, besides={prometheus.port})
        provisioning = self._data("grafana/provisioning")
        (provisioning / "datasources").mkdir(exist_ok=True)
        (provisioning / "dashboards").mkdir(exist_ok=True)
        self._write(
            "grafana/provisioning/datasources/prometheus.yml",
            "apiVersion: 1\ndatasources:\n"
            f"  - {{name: Prometheus, type: prometheus, url: 'http://{prometheus}', isDefault: true}}\n",
        )
        dashboards = self._copy("dashboards", "grafana/dashboards")
        self._write(
            "grafana/provisioning/dashboards/promptmill.yml",
            "apiVersion: 1\nproviders:\n  - name: Promptmill\n    options: {path: $PROMPTMILL_DASHBOARDS}\n",
        )
        environment = {
            "PROMPTMILL_DASHBOARDS": str(dashboards),
            "GF_PATHS_DATA": str(self._data("grafana/data")),
            "GF_PATHS_LOGS": str(self._data("grafana/data")),
            "GF_PATHS_PROVISIONING": str(provisioning),
            "GF_SERVER_HTTP_ADDR": address.host,
            "GF_SERVER_HTTP_PORT": str(address.port),
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        }
        url = f"http://{address}/api/health"
        self._start(parts, "Grafana", self.programs.grafana, url, environment)
        return address

    def _start(
        self, parts: ExitStack, name: str, command: Sequence[str], ready: str, more: Mapping[str, str] | None = None
    ) -> None:
        self.folder.set_old_log_aside(name)
        environment = {each: os.environ[each] for each in _PASSED_ON if each in os.environ} | dict(more or {})
        child = start_child(name, command, log=self.folder.log(name), environment=environment, folder=self.folder.path)
        self.children.append(child)
        parts.callback(child.stop, STOP_SECONDS)
        self.folder.write_marks([each.mark for each in self.children])

        def is_ready() -> bool:
            self.interrupts.check()
            return answers(ready)

        with self.screen.step(name):
            wait_ready(child, is_ready, within=START_SECONDS)

    def _watch(self) -> None:
        while True:
            for child in self.children:
                rotate(child.log, follows=False)
                child.require_alive()
            self.interrupts.wait(LOOK_EVERY_SECONDS)

    def _show(self, prometheus: Address, alertmanager: Address, grafana: Address | None) -> None:
        say = self.screen.say
        say("")
        say(f"  Prometheus    http://{prometheus}/alerts")
        say(f"  Alertmanager  http://{alertmanager}")
        if grafana is None:
            say("  Grafana       is not installed (https://grafana.com/grafana/download): no dashboards")
        else:
            say(f"  Grafana       http://{grafana}/dashboards")
        say("")
        say("Alerts are shown here, and told to nobody else. Ctrl-C stops this; what was measured is kept.\n")

    def _address(self, port: int, besides: set[int] | frozenset[int] = frozenset()) -> Address:
        """Return a free address, with that port if possible: a package may have started the same program."""
        free = port not in besides and is_free(port)
        return Address(LOOPBACK, port if free else next_free(port, besides=besides))

    def _data(self, name: str) -> Path:
        path = self.folder.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _copy(self, source: str, name: str) -> Path:
        """Copy a folder of ours anew: what an older release had in it, or nobody may write, is gone."""
        path = self.folder.path / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(FILES / source, path)
        return path

    def _write(self, name: str, text: str) -> Path:
        """Write a file that only this user can read: it may hold a key."""
        path = self.folder.path / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path


def reached(host: str) -> str:
    """Return where a server that listens on all addresses is reached."""
    return LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared, not bound
