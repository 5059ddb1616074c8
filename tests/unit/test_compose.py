"""docker-compose.yml: what can be proved of it without a container engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from promptmill.config.settings import TEMPORAL_VARIABLES, Settings, variable_name
from promptmill.local.temporal import DYNAMIC_CONFIG

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
OURS = ("migrate", "api", "worker")
FRONT = "web-ui"
"""Ours too, but it has nothing to do with providers or the record: it gets none of their settings."""

SETTINGS = {variable_name(field) for field in Settings.model_fields if field != "temporal"} | set(TEMPORAL_VARIABLES)

LOCAL_ALONE = {name for name in SETTINGS if "_LOCAL_" in name} | {
    "PROMPTMILL_DATA_DIR",
    "PROMPTMILL_ENV_FILE",
    "PROMPTMILL_SIMULATED_ONLY",
    "PROMPTMILL_TEMPORAL_CLI",
}
"""Settings of the one-command stack and of tests: a container has no use for them."""

FIXED_PER_SERVICE = {"PROMPTMILL_HOST", "PROMPTMILL_PORT", "PROMPTMILL_METRICS_HOST", "PROMPTMILL_METRICS_PORT"}
"""Where a process listens inside its container."""

THIRD_PARTY = {
    "postgres": {"POSTGRES_USER", "POSTGRES_PASSWORD", "PGPASSWORD", "SQL_PASSWORD"},
    "temporalio/server": {
        *("DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD", "SQL_PASSWORD", "DBNAME"),
        *("VISIBILITY_DBNAME", "BIND_ON_IP", "NUM_HISTORY_SHARDS", "DYNAMIC_CONFIG_FILE_PATH", "PROMETHEUS_ENDPOINT"),
    },
    "temporalio/admin-tools": {
        *("DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD", "SQL_PASSWORD", "DBNAME"),
        *("VISIBILITY_DBNAME", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "RETENTION"),
        *("TEMPORAL_CLI_ADDRESS", "TEMPORAL_CLI_NAMESPACE"),
    },
    "temporalio/ui": {"TEMPORAL_ADDRESS", "TEMPORAL_DEFAULT_NAMESPACE"},
    "promptmill": {"PGPASSWORD"},  # libpq's name, which asyncpg reads where an address has no password
}
"""What the images read beside our settings, or what a script of ours reads in them."""

SECRETS = {"PROMPTMILL_API_TOKEN", "PGPASSWORD", "SQL_PASSWORD", "POSTGRES_PASSWORD"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = compose["services"]
    return told


def image_of(service: dict[str, Any]) -> tuple[str, str]:
    name, _, tag = service["image"].rpartition(":")
    return name, tag


class Parse(Protocol):
    """Runs Debian's parser with a `.env` of these values, beside every secret but one."""

    def __call__(
        self, *arguments: str, without: str | None = None, **values: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    program = shutil.which("docker-compose")
    if program is None:
        message = "docker-compose is not there: apt-get install --no-install-recommends docker-compose"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    def run(*arguments: str, without: str | None = None, **values: str) -> subprocess.CompletedProcess[str]:
        given = {name: "secret" for name in SECRETS if name != without} | values
        env_file = tmp_path / "compose.env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        command = [program, "--env-file", os.fspath(env_file), "--file", os.fspath(FILE), "config", *arguments]
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_debians_parser_accepts_the_file(parse: Parse) -> None:
    done = parse("--quiet")
    assert done.returncode == 0, done.stderr


def test_settings_in_the_env_file_reach_our_containers(parse: Parse) -> None:
    done = parse(XAI_API_KEY="xai-123", PROMPTMILL_GROK_PER_SECOND="3")
    for name in OURS:
        environment = yaml.safe_load(done.stdout)["services"][name]["environment"]
        assert environment["XAI_API_KEY"] == "xai-123"
        assert environment["PROMPTMILL_GROK_PER_SECOND"] == "3"
        assert environment["PROMPTMILL_KEEP_DAYS"] is None  # not set at all: the default holds


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_missing_secret_is_named(name: str, parse: Parse) -> None:
    done = parse("--quiet", without=name)
    assert done.returncode != 0
    assert f"set {name} in .env" in done.stderr


def test_every_variable_in_the_file_is_a_setting_or_an_images_own() -> None:
    named = set(re.findall(r"\$\{([A-Z_]+)", FILE.read_text()))
    assert named - SETTINGS - set().union(*THIRD_PARTY.values()) == set()


def test_every_environment_variable_is_known_to_its_image(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image, _ = image_of(service)
        known = THIRD_PARTY[image] | (SETTINGS if name in (*OURS, FRONT) else set())
        assert set(service.get("environment", {})) - known == set(), name


def test_our_services_take_every_setting(services: dict[str, Any]) -> None:
    for name in OURS:
        given = set(services[name]["environment"])
        assert SETTINGS - LOCAL_ALONE - FIXED_PER_SERVICE - given == set(), name


def test_every_image_has_a_tag_of_its_own(services: dict[str, Any]) -> None:
    for name, service in services.items():
        _, tag = image_of(service)
        assert re.match(r"\d", tag), f"{name}: {service['image']}"
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+\.\d+-\S+$", dockerfile, re.MULTILINE)


def test_server_and_its_schema_have_the_same_version(services: dict[str, Any]) -> None:
    assert image_of(services["temporal"])[1] == image_of(services["temporal-schema"])[1]


def test_every_service_has_a_health_check_or_says_why_not(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) != ("x-no-health-check" in service), name
        assert service.get("x-no-health-check", "It has one.").endswith("."), name


def test_every_port_is_bound_to_this_machine(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_stopping_waits_longer_than_the_worker_drains(services: dict[str, Any]) -> None:
    grace = float(services["worker"]["stop_grace_period"].removesuffix("s"))
    drain = Settings.model_fields["shutdown_seconds"].default
    longest = Settings.model_fields["grok_timeout_seconds"].default
    assert grace > drain > longest


def test_browsers_reach_the_web_ui_through_its_front_alone(services: dict[str, Any]) -> None:
    assert "ports" not in services["temporal-ui"]
    assert services[FRONT]["command"][4] == "temporal-ui:8080"
    assert not set(services[FRONT]["environment"]) & {"XAI_API_KEY", "WAVESPEED_API_KEY", "DATABASE_URL"}


def test_our_containers_have_no_rights_to_spare(services: dict[str, Any]) -> None:
    for name in (*OURS, FRONT):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] not in {"", "root", "0", "0:0"}


def test_postgres_data_outlives_its_container(compose: dict[str, Any]) -> None:
    mounts = dict(mount.split(":")[:2] for mount in compose["services"]["postgres"]["volumes"])
    assert mounts["postgres-data"] == "/var/lib/postgresql"  # since 18; …/data would stay empty
    assert compose["volumes"]["postgres-data"]["name"]


def test_every_mounted_file_is_there(services: dict[str, Any]) -> None:
    sources = [mount.split(":")[0] for s in services.values() for mount in s.get("volumes", [])]
    ours = [source for source in sources if source.startswith("./")]
    assert ours
    for source in ours:
        assert (ROOT / source).is_file(), source


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*/*.sh")), ids=lambda path: path.name)
def test_scripts_are_plain_sh(script: Path) -> None:
    done = subprocess.run(["/bin/sh", "-n", os.fspath(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "set -eu" in script.read_text()


def test_temporal_is_configured_as_make_up_configures_its_own(services: dict[str, Any]) -> None:
    content = yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamic-config.yaml").read_text())
    assert {key: values[0]["value"] for key, values in content.items()} == DYNAMIC_CONFIG
    levels = services["worker"]["environment"]["PROMPTMILL_TEMPORAL_PRIORITY_LEVELS"]
    assert levels == f"${{PROMPTMILL_TEMPORAL_PRIORITY_LEVELS:-{DYNAMIC_CONFIG['matching.priorityLevels']}}}"


def test_image_holds_every_room_and_no_secrets() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {"workflows", "activities", "api", "worker", "sql", "promptmill"}
    assert kept == rooms | {"pyproject.toml", "README.md", "requirements.txt"}
    assert "\n*\n" in (ROOT / ".dockerignore").read_text()
