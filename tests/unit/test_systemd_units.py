"""The systemd units: systemd accepts them, they are closed to the rest of the machine, and a stop loses nothing."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from promptmill.config.settings import Settings
from tests.programs import require_program
from worker.__main__ import open_files

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
SERVICES = sorted(path.name for path in SYSTEMD.glob("*.service"))
SERVING = ("promptmill-api.service", "promptmill-worker.service", "promptmill-worker@.service")
PROGRAM = re.compile(r"/opt/promptmill\S*/\.venv/bin/\w+")
MOST_EXPOSED = 20
"""Tenths of what `systemd-analyze security` counts: up to 10 for a service that is open to everything, 20 of 100."""


def unit(name: str) -> dict[str, list[str]]:
    """The values of each key of a unit, whichever section it is in."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (SYSTEMD / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with a program that this machine has."""
    folder = tmp_path_factory.mktemp("units")
    for path in SYSTEMD.iterdir():
        (folder / path.name).write_text(PROGRAM.sub("/bin/true", path.read_text()))
    return folder


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_program("systemd-analyze", "systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_systemd_accepts_the_units(units: Path) -> None:
    checked = analyze("verify", "--man=no", *map(str, sorted(units.iterdir())))

    assert (checked.returncode, checked.stderr) == (0, "")


def test_each_service_is_closed_to_the_rest_of_the_machine(units: Path) -> None:
    for name in SERVICES:
        judged = analyze("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", str(units / name))
        assert judged.returncode == 0, f"{name}: {judged.stdout[-400:]}"


@pytest.mark.parametrize("name", SERVICES)
def test_each_program_is_one_of_ours(name: str) -> None:
    [command] = unit(name)["ExecStart"]
    program, *words = command.split()
    assert PROGRAM.fullmatch(program)
    assert Path(program).name in {"promptmill", "python"}
    if Path(program).name == "python":
        assert words in (["-m", "api"], ["-m", "worker"])


def test_stopping_waits_longer_than_what_is_stopped() -> None:
    drain = Settings.model_fields["shutdown_seconds"].default
    for name in SERVING:
        [grace] = unit(name)["TimeoutStopSec"]
        assert int(grace) > (drain if "worker" in name else 10), name
        assert unit(name)["KillMode"] == ["mixed"], "the main process stops the others"


def test_a_service_comes_back_unless_a_setting_is_invalid() -> None:
    for name in SERVING:
        assert unit(name)["Restart"] == ["always"], name
        assert unit(name)["RestartPreventExitStatus"] == ["2"], name
        assert unit(name)["StartLimitIntervalSec"] == ["0"], "it never gives up on servers that are away"


def test_files_and_memory_suffice() -> None:
    settings = Settings()
    for name in SERVING:
        assert int(unit(name)["LimitNOFILE"][0]) > 2 * open_files(settings), name
    compose = (ROOT / "docker-compose.base.yml").read_text()
    limits = dict(re.findall(r"^  (\w[\w-]*):\n(?:    .*\n|\n)*?    mem_limit: (\w+)", compose, re.MULTILINE))
    assert unit("promptmill-api.service")["MemoryMax"] == [limits["api"].upper()]
    assert unit("promptmill-worker.service")["MemoryMax"] == [limits["worker"].upper()]


def test_a_worker_beside_another_release_differs_only_by_that() -> None:
    plain, release = (unit(f"promptmill-worker{end}.service") for end in ("", "@"))
    differing = {key for key in plain.keys() | release.keys() if plain[key] != release[key]}
    assert differing == {"Description", "ExecStart", "WorkingDirectory", "EnvironmentFile", "Environment"}
    assert [each.replace("-%i", "") for each in release["ExecStart"]] == plain["ExecStart"]
    assert "PROMPTMILL_WORKER_VERSIONING=true" in release["Environment"][0].split()
