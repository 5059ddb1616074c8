"""`make up` keeps its logs below a size, and no line of API and worker is lost on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promptmill.local.rotation import KEPT, old_log, rotate, set_aside
from promptmill.local.tail import LogTail

WRITER = """
import os, sys
import structlog
from promptmill.config.settings import load_settings
from promptmill.telemetry import configure_logging

configure_logging(load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_LOG_FILE": sys.argv[1]}), "worker")
log = structlog.get_logger("ours")
for number in sys.stdin:
    log.info("line", count=int(number))
    os.write(int(sys.argv[2]), b".")
raise RuntimeError("the end")
"""


def test_lines_go_on_in_a_new_file_and_none_is_lost(tmp_path: Path) -> None:
    log, tail = tmp_path / "worker.log", LogTail("worker", tmp_path / "worker.log")
    seen: list[str] = []
    reading, writing = os.pipe()
    command = [sys.executable, "-c", WRITER, str(log), str(writing)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[writing], text=True) as process:
        assert process.stdin is not None
        os.close(writing)
        for number in range(8):
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            os.read(reading, 1)  # it is written
            if number in {1, 4}:
                rotate(log, follows=True, limit=1)
            seen += tail.lines()
    os.close(reading)

    files = [old_log(log, 2), old_log(log), log]
    assert [file.read_text().count('"event": "line"') for file in files] == [2, 3, 3]
    assert "RuntimeError: the end" in log.read_text(), "what the log does not write goes along"
    assert len(seen) == 8


def test_the_oldest_is_deleted(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    for text in "abcdef":
        log.write_text(text)
        set_aside(log)

    assert [old_log(log, age).read_text() for age in range(1, KEPT + 1)] == ["f", "e", "d"]
    assert len(list(tmp_path.iterdir())) == KEPT


@pytest.mark.parametrize("follows", [True, False])
def test_only_a_full_log_is_set_aside(tmp_path: Path, follows: bool) -> None:  # noqa: FBT001
    log = tmp_path / "postgres.log"
    with log.open("a") as writer:
        writer.write("12345\n")
        writer.flush()
        rotate(log, follows=follows, limit=7)
        assert log.read_text() == "12345\n"
        rotate(log, follows=follows, limit=6)
        writer.write("6\n")

    assert old_log(log).read_text() == ("12345\n6\n" if follows else "12345\n")
    assert log.read_text() == ("" if follows else "6\n")
