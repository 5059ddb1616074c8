"""Each import contract of pyproject.toml fails when it is broken, and none is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in RULES["contracts"]}
LAYERS = CONTRACTS["Imports only go downwards"]["layers"]

BREAKS = [
    # Each layer imports one above it, or one beside it.
    ("Imports only go downwards", "promptmill/cli/switches.py", "import promptmill.__main__"),
    ("Imports only go downwards", "promptmill/checklist/run.py", "import promptmill.cli"),
    ("Imports only go downwards", "promptmill/commands/up.py", "import promptmill.checklist"),
    ("Imports only go downwards", "promptmill/local/stack.py", "import promptmill.commands.up"),
    ("Imports only go downwards", "promptmill/backups/folder.py", "import promptmill.commands.up"),
    ("Imports only go downwards", "promptmill/local/stack.py", "import promptmill.backups.folder"),
    ("Imports only go downwards", "api/app.py", "import worker.build"),
    ("Imports only go downwards", "worker/build.py", "import api.app"),
    ("Imports only go downwards", "workflows/policies.py", "import worker.build"),
    ("Imports only go downwards", "activities/media.py", "import worker.build"),
    ("Imports only go downwards", "promptmill/worker_resources.py", "import activities.media"),
    ("Imports only go downwards", "promptmill/worker_resources.py", "import promptmill.api_resources"),
    ("Imports only go downwards", "promptmill/api_resources.py", "import promptmill.worker_resources"),
    ("Imports only go downwards", "promptmill/temporal/installation.py", "import promptmill.api_resources"),
    ("Imports only go downwards", "promptmill/providers/grok/client.py", "import promptmill.store"),
    ("Imports only go downwards", "promptmill/store/jobs.py", "import promptmill.temporal"),
    ("Imports only go downwards", "promptmill/config/settings.py", "import promptmill.temporal"),
    ("Temporal's package may use the record only", "promptmill/temporal/gate.py", "import promptmill.telemetry"),
    (
        "Temporal's package may use the record only",
        "promptmill/temporal/installation.py",
        "import promptmill.providers.http.answers",
    ),
    ("Imports only go downwards", "promptmill/telemetry.py", "import promptmill.providers.grok.client"),
    ("Imports only go downwards", "sql/models.py", "import promptmill.store"),
    ("Imports only go downwards", "promptmill/config/settings.py", "import sql.models"),
    ("Imports only go downwards", "promptmill/addresses.py", "import promptmill.config.values"),
    ("Imports only go downwards", "promptmill/contracts/jobs.py", "import promptmill.config.settings"),
    ("Contracts depend only on pydantic", "promptmill/contracts/jobs.py", "import temporalio.common"),
    ("Workflows do no I/O", "workflows/policies.py", "import promptmill.store"),
    ("Workflows do no I/O", "workflows/policies.py", "from promptmill.config.settings import Settings"),
    ("Neither the API nor an activity", "api/app.py", "from workflows import policies"),
    ("Neither the API nor an activity", "activities/media.py", "import workflows.generate_media"),
    ("Activities receive their dependencies", "activities/media.py", "import promptmill.worker_resources"),
    ("Activities receive their dependencies", "activities/records.py", "from sql.models import Job"),
    ("Activity modules never import each other", "activities/records.py", "import activities.media"),
    (
        "The API may make only",
        "api/app.py",
        "from promptmill.providers.wavespeed.client import WaveSpeedClient",
    ),
    ("The API may make only", "api/routes/jobs.py", "import promptmill.providers.grok.client"),
    ("The API's process never loads", "promptmill/api_resources.py", "import promptmill.providers.grok.client"),
    (
        "The API's process never loads",
        "promptmill/temporal/installation.py",
        "import promptmill.providers.wavespeed.client",
    ),
    ("Only the provider clients use httpx", "api/app.py", "import httpx"),
    ("Only the provider clients use httpx", "promptmill/local/stack.py", "from httpx import get"),
    ("Only the store and sql access Postgres", "worker/build.py", "from sqlalchemy.exc import SQLAlchemyError"),
    ("Only the store and sql access Postgres", "promptmill/commands/check.py", "import asyncpg"),
    ("Only the command line and the tests use", "api/app.py", "from promptmill.local import ports"),
    ("Only the command line and the tests use", "promptmill/store/jobs.py", "import promptmill.local.ports"),
    ("No production code imports a simulator", "worker/build.py", "import promptmill.simulators.serving"),
    ("No production code imports a simulator", "promptmill/local/stack.py", "import promptmill.simulators.accounts"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages: a killed test must not leave a broken tree behind."""
    folder = tmp_path_factory.mktemp("rooms")
    for room in RULES["root_packages"]:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> tuple[bool, str]:
    """Return whether the contracts hold in a tree, and what the linter said."""
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run(
        [sys.executable, program, "--no-cache"],
        cwd=folder,
        env=os.environ | {"COLUMNS": "500"},  # it wraps longer lines
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


@contextmanager
def added(file: Path, line: str) -> Iterator[int]:
    """Append a line to a file, and yield its number."""
    before = file.read_text()
    file.write_text(f"{before}{line}\n")
    try:
        yield before.count("\n") + 1
    finally:
        file.write_text(before)


@dataclass(frozen=True)
class Broken:
    """The linter's report on a tree with every line of `BREAKS`.

    Attributes:
        numbers: The line number of each line of `BREAKS` in its file.
        sections: The report on each broken contract.
    """

    held: bool
    numbers: dict[tuple[str, str, str], int]
    sections: dict[str, str]


@pytest.fixture(scope="module")
def broken(copy: Path) -> Broken:
    """One run for all: it names each import with its line, under the contract that it breaks."""
    with ExitStack() as lines:
        numbers = {each: lines.enter_context(added(copy / each[1], each[2])) for each in BREAKS}
        held, said = lint(copy)
    _, *parts = re.split(r"(?m)^(.+)\n-+\n", said.partition("Broken contracts\n")[2])
    return Broken(held, numbers, dict(zip(parts[::2], parts[1::2], strict=True)))


def test_contracts_hold(copy: Path) -> None:
    held, said = lint(copy)

    assert held, said


@pytest.mark.parametrize(("contract", "file", "line"), BREAKS, ids=lambda value: value.replace(" ", "-"))
def test_broken_contract_fails(broken: Broken, contract: str, file: str, line: str) -> None:
    (name,) = [name for name in CONTRACTS if name.startswith(contract)]
    module = file.removesuffix(".py").replace("/", ".")
    number = broken.numbers[contract, file, line]

    assert not broken.held
    assert re.search(rf"\b{re.escape(module)} -> [\w.]+ \(l\.{number}\)", broken.sections[name])


def test_each_contract_is_broken_once() -> None:
    untried = [name for name in CONTRACTS if not any(name.startswith(contract) for contract, _, _ in BREAKS)]

    assert untried == []


def test_unpaid_calls_of_wavespeed_are_open_to_the_api(copy: Path) -> None:
    with added(copy / "api/app.py", "from promptmill.providers.wavespeed.account import WaveSpeedAccount"):
        held, said = lint(copy)

    assert held, said


def test_every_module_of_the_shared_room_stands_in_a_layer() -> None:
    """A new module that no layer names would be free to import anything."""
    modules = {
        f"promptmill.{path.stem}"
        for path in (ROOT / "promptmill").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__"
    }

    assert modules <= {module.strip() for layer in LAYERS for module in layer.split("|")}
