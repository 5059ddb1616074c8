"""The files of deploy/logging at work: lines arrive as written, are rotated and deleted, and alarms are counted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from promptmill.local.ports import free_port
from tests.fixtures.mtail import LOGGING, open_mtail
from tests.programs import require_program, running_server
from tests.support import eventually_sync

KEPT = 2
BEFORE = "{}\n"
LINES = """
import logging, structlog
from promptmill.config.settings import load_settings
from promptmill.telemetry import configure_logging

configure_logging(load_settings({"PROMPTMILL_ENV_FILE": ""}), "worker")
structlog.get_logger("ours").info("job_changed", job_id="1", error="x" * 9000)
structlog.get_logger("ours").error("reconciler_stopped", problem="a\\nb")
logging.getLogger("theirs").warning("any words at all")
"""
RULE_CASE = """
rule_files: [alerts.yml]
tests:
  - interval: 1m
    input_series:
      - series: 'promptmill_log_alarms_total{level="error", process="worker", event="reader_failed"}'
        values: '_x5 1x20'
      - series: 'promptmill_log_lines_read_total'
        values: '0+1x120'
    alert_rule_test:
      - {eval_time: 4m, alertname: PromptmillLogError, exp_alerts: []}
      - eval_time: 8m
        alertname: PromptmillLogError
        exp_alerts:
          - exp_labels: {level: error, process: worker, event: reader_failed, severity: warning}
            exp_annotations:
              summary: worker has written the error reader_failed to its log.
              action: "grep -h '\\"event\\": \\"reader_failed\\"' /var/log/promptmill/*.log | tail"
              runbook: docs/operations.md#alarms
              runbook_url: docs/runbooks/PromptmillLogError.md
      - {eval_time: 17m, alertname: PromptmillLogError, exp_alerts: []}
      - {eval_time: 70m, alertname: PromptmillLogSilent, exp_alerts: []}
"""


@pytest.fixture(scope="module")
def written() -> str:
    """Lines of a real process."""
    return subprocess.run([sys.executable, "-c", LINES], check=True, capture_output=True, text=True).stderr


@dataclass(frozen=True)
class Gathering:
    folder: Path
    port: int

    def send(self, text: str) -> None:
        """Send lines as docs/logging.md says."""
        logger = require_program("logger", "bsdutils")
        to = ["--tcp", "--server", "127.0.0.1", "--port", str(self.port), "--size", "64KiB"]
        subprocess.run([logger, *to, "--tag", "promptmill-worker"], input=text, text=True, check=True)

    def gathered(self, pattern: str = "*.log") -> str:
        return "".join(path.read_text() for path in sorted((self.folder / "logs").glob(pattern)))

    def has(self, text: str) -> Callable[[], bool]:
        return lambda: self.gathered() == text

    def rotate(self) -> None:
        """Rotate as if a day had passed; the system's rsyslog is told by systemd, ours by its pid."""
        pid = (self.folder / "rsyslogd.pid").read_text().strip()
        config = self.folder / "logrotate"
        text = at(self.folder, "logrotate").replace("/usr/lib/rsyslog/rsyslog-rotate", f"kill -{signal.SIGHUP} {pid}")
        config.write_text(text.replace("rotate 14", f"rotate {KEPT}"))
        config.chmod(0o644)
        program = require_program("logrotate", "logrotate")
        subprocess.run([program, "--force", "--state", str(self.folder / "state"), str(config)], check=True)


def at(folder: Path, name: str) -> str:
    return (LOGGING / name).read_text().replace("/var/log/promptmill", str(folder / "logs"))


@contextmanager
def open_gathering(folder: Path) -> Iterator[Gathering]:
    rsyslogd, port = require_program("rsyslogd", "rsyslog"), free_port()
    for name in ("logs", "server"):
        (folder / name).mkdir()
    config = folder / "rsyslog.conf"
    config.write_text(at(folder, "rsyslog.conf").replace('"6514"', f'"{port}"'))
    command = [rsyslogd, "-n", "-f", str(config), "-i", str(folder / "rsyslogd.pid")]
    with running_server(command, folder / "server", port):
        yield Gathering(folder, port)


@contextmanager
def open_counting(folder: Path) -> Iterator[Callable[[str], str]]:
    """Run mtail; yields what asks it for a page."""
    with open_mtail(folder) as port:
        yield lambda page: httpx.get(f"http://127.0.0.1:{port}/{page}", trust_env=False, timeout=60).text


def opened(variables: str) -> int:
    """How often mtail has opened a log."""
    return sum(json.loads(variables)["log_opens_total"].values())


def counted(metrics: str) -> dict[str, int]:
    lines = [line for line in metrics.splitlines() if line.startswith("promptmill_log_alarms_total{")]
    return {line.partition('event="')[2].partition('"')[0]: int(line.rpartition(" ")[2]) for line in lines}


def test_lines_arrive_are_counted_rotated_and_deleted(tmp_path: Path, written: str) -> None:
    with open_gathering(tmp_path) as gathering, open_counting(tmp_path) as mtail:
        for day in range(KEPT + 2):
            # A file that appears while mtail runs is read from its end on: it must be open before what counts.
            gathering.send(BEFORE)
            eventually_sync(lambda day=day: opened(mtail("debug/vars")) > day, what="mtail has opened the file")  # type: ignore[misc]
            gathering.send(written)
            eventually_sync(gathering.has(BEFORE + written), what="the lines as they were written")
            alarms = {"reconciler_stopped": day + 1, "other": day + 1}
            eventually_sync(lambda alarms=alarms: counted(mtail("metrics")) == alarms, what="the alarms are counted")  # type: ignore[misc]
            gathering.rotate()

    kept = sorted(path.suffix for path in (tmp_path / "logs").iterdir())
    assert kept == [".1", ".gz"], "one as it was, one compressed, the first two deleted"
    assert gathering.gathered("*.log.1") == BEFORE + written


def test_the_rules_tell_of_the_first_error_and_only_of_new_ones(tmp_path: Path) -> None:
    promtool = require_program("promtool", "prometheus")
    (tmp_path / "alerts.yml").write_text((LOGGING / "alerts.yml").read_text())
    (tmp_path / "case.yml").write_text(RULE_CASE)
    done = subprocess.run(
        [promtool, "test", "rules", "case.yml"], check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
