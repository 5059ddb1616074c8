"""The compose files: what can be proved of them without a container engine.

Debian's docker-compose merges the files, so that what is checked here is what an engine would be given.
"""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from api.http.bodies import IN_FLIGHT_BYTES
from promptmill.commands.settings_page import NOT_VARIABLES
from promptmill.config.outputs import OBJECT_STORE_VARIABLES
from promptmill.config.settings import Settings, load_settings, variable_name
from promptmill.config.temporal import TEMPORAL_VARIABLES
from promptmill.local.temporal import DYNAMIC_CONFIG
from tests.programs import require_program

ROOT = Path(__file__).parents[2]
ALL_IN_ONE = "docker-compose.yml"
EXTERNAL = "docker-compose.external.yml"
FILES = (ALL_IN_ONE, EXTERNAL)
WRITTEN = [ROOT / name for name in (*FILES, "docker-compose.base.yml")]
OURS = ("migrate", "api", "worker")
FRONT = "web-ui"
"""Ours too, but it has nothing to do with providers or the record: it gets none of their settings."""

SETTINGS = {variable_name(field) for field in Settings.model_fields if field not in NOT_VARIABLES} | {
    *TEMPORAL_VARIABLES,
    *OBJECT_STORE_VARIABLES,
}

LOCAL_ALONE = {name for name in SETTINGS if "_LOCAL_" in name or "_BACKUP_" in name} | {
    "PROMPTMILL_DATA_DIR",
    "PROMPTMILL_ENV_FILE",
    "PROMPTMILL_LOG_FILE",
    "PROMPTMILL_TEMPORAL_CLI",
}
"""Settings of `make up`, of tests and of backups, which containers do not use: they have no pg_dump."""

FIXED_PER_SERVICE = {"PROMPTMILL_HOST", "PROMPTMILL_PORT", "PROMPTMILL_METRICS_HOST", "PROMPTMILL_METRICS_PORT"}
"""Where a process listens inside its container."""

SIGN_ON = {name for name in SETTINGS if name.startswith("PROMPTMILL_TRUSTED_PROXY")} - {"PROMPTMILL_TRUSTED_PROXIES"}
"""Who is let in: the worker lets nobody in, and without the secret the others would contradict each other there."""

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
    "temporalio/ui": {"TEMPORAL_ADDRESS", "TEMPORAL_CODEC_ENDPOINT", "TEMPORAL_DEFAULT_NAMESPACE"},
    "promptmill": {"PGPASSWORD", "TMPDIR"},  # libpq's name, which asyncpg reads; Python's name
}
"""What the images, or our scripts in them, read besides our settings."""

COMPOSE_ALONE = {
    "PROMPTMILL_COMPOSE_POSTGRES_PORT",
    "PROMPTMILL_COMPOSE_CERTIFICATES",
    "PROMPTMILL_COMPOSE_CODEC_URL",
}
"""Locations on the host that processes outside containers do not need."""

SECRETS = {"PROMPTMILL_API_TOKEN", "PGPASSWORD", "SQL_PASSWORD", "POSTGRES_PASSWORD"}

RECORD = {"DATABASE_URL", "PROMPTMILL_DATABASE_DIRECT_URL", "PGPASSWORD"}
HISTORIES = {"TEMPORAL_API_KEY", "PROMPTMILL_PAYLOAD_KEYS"}
STORAGE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY"}
DOOR = {"PROMPTMILL_API_TOKEN", "PROMPTMILL_API_TOKEN_2", "PROMPTMILL_TRUSTED_PROXY_SECRET"}
HELD = {
    "migrate": RECORD,
    "api": RECORD | HISTORIES | {"WAVESPEED_API_KEY", "WAVESPEED_WEBHOOK_SECRET"} | DOOR | STORAGE,
    "worker": RECORD | HISTORIES | STORAGE | {"XAI_API_KEY", "WAVESPEED_API_KEY", "PROMPTMILL_CALLBACK_SECRET"},
    "postgres": SECRETS - {"PROMPTMILL_API_TOKEN"},
    "temporal-schema": {"SQL_PASSWORD", "POSTGRES_PWD"},
    "temporal": {"SQL_PASSWORD", "POSTGRES_PWD"},
}
"""The keys and passwords that each service may have; any other has none."""

ALL_HELD = set().union(*HELD.values())
NO_KEY = "held-by-the-worker"
"""What the API has instead of xAI's key: it never calls Grok, and only reports whether a key is set."""

PROFILES = ("--profile", "tctl")
ALONE = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": os.devnull}
"""Keeps settings from being read from anywhere else."""

CAPABILITIES = {"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}
"""What an image's entry point needs; every other image starts as a user without any."""

SHARED_WITH_MAKE_UP = {
    "DATABASE_URL": "postgresql://me@127.0.0.1:5432/mine",
    "PROMPTMILL_DATABASE_DIRECT_URL": "postgresql://me@127.0.0.1:5433/mine",
    "TEMPORAL_ADDRESS": "127.0.0.1:7233",
    "TEMPORAL_API_KEY": "key-of-the-cloud",
    "TEMPORAL_TLS": "true",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "certificates/client.pem",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "certificates/client.key",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "certificates/ca.pem",
    "TEMPORAL_TLS_SERVER_NAME": "temporal.example",
    "TEMPORAL_CONFIG_FILE": "certificates/temporal.toml",
    "TEMPORAL_PROFILE": "mine",
    "PROMPTMILL_TEMPORAL_PRIORITY_LEVELS": "5",
}
"""What an `.env` may hold for `make up` with servers of one's own."""

FULL = SHARED_WITH_MAKE_UP | {
    "XAI_API_KEY": "xai-123",
    "PROMPTMILL_GROK_PER_SECOND": "3",
    "PROMPTMILL_COMPOSE_CERTIFICATES": "/etc/mill",
    "PROMPTMILL_PORT": "13000",
    "PROMPTMILL_COMPOSE_POSTGRES_PORT": "15432",
    "PROMPTMILL_LOCAL_TEMPORAL_PORT": "17233",
    "PROMPTMILL_LOCAL_TEMPORAL_UI_PORT": "18233",
}
"""An `.env` with everything that the tests look for: each file is parsed once with it."""


def image_of(service: dict[str, Any]) -> tuple[str, str]:
    name, _, tag = service["image"].rpartition(":")
    return name, tag


class Parse(Protocol):
    """Runs Debian's parser with a `.env` of these values, and every secret but one."""

    def __call__(
        self, *arguments: str, file: str = ALL_IN_ONE, without: str | None = None, **values: str
    ) -> subprocess.CompletedProcess[str]: ...


class Told(Protocol):
    """Returns the services of a file as an engine gets them, given the values of a `.env`."""

    def __call__(self, file: str = ALL_IN_ONE, **values: str) -> dict[str, Any]: ...


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    program = require_program("docker-compose", "docker-compose")
    env_file = tmp_path_factory.mktemp("compose") / "compose.env"

    @cache  # half a second of CPU time each, and most tests need the same one
    def config(arguments: tuple[str, ...], file: str, text: str) -> subprocess.CompletedProcess[str]:
        env_file.write_text(text)
        command = [program, "--env-file", os.fspath(env_file), "--file", os.fspath(ROOT / file), *PROFILES, "config"]
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)

    def run(
        *arguments: str, file: str = ALL_IN_ONE, without: str | None = None, **values: str
    ) -> subprocess.CompletedProcess[str]:
        needed = sorted(SECRETS) if file == ALL_IN_ONE else ["PROMPTMILL_API_TOKEN"]
        servers = {} if file == ALL_IN_ONE else {"DATABASE_URL": "postgresql://db/mine", "TEMPORAL_ADDRESS": "t:7233"}
        given = dict.fromkeys(needed, "secret" * 8) | servers | values
        given.pop(without or "", None)
        return config(arguments, file, "".join(f"{name}={value}\n" for name, value in given.items()))

    return run


@pytest.fixture(scope="module")
def told(parse: Parse) -> Told:
    def run(file: str = ALL_IN_ONE, **values: str) -> dict[str, Any]:
        done = parse(file=file, **values)
        assert done.returncode == 0, done.stderr
        services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
        return services

    return run


@pytest.fixture
def services(told: Told) -> dict[str, Any]:
    return told()


@pytest.mark.parametrize("file", FILES)
def test_debians_parser_accepts_the_file(file: str, parse: Parse) -> None:
    done = parse(file=file)
    assert done.returncode == 0, done.stderr


def test_all_in_one_runs_everything_and_the_other_file_ours_alone(told: Told) -> None:
    assert set(told(EXTERNAL)) == set(OURS)
    assert set(told()) > {*OURS, FRONT, "postgres", "temporal", "temporal-ui"}


@pytest.mark.parametrize("file", FILES)
def test_settings_in_the_env_file_reach_our_containers(file: str, told: Told) -> None:
    services = told(file, **FULL)
    assert services["worker"]["environment"]["XAI_API_KEY"] == "xai-123"
    for name in ("api", "worker"):
        environment = services[name]["environment"]
        assert environment["PROMPTMILL_GROK_PER_SECOND"] == "3"
        assert environment["PROMPTMILL_KEEP_DAYS"] is None  # not set at all: the default holds


def test_servers_in_the_env_file_of_make_up_do_not_reach_containers_that_have_their_own(told: Told) -> None:
    services = told(**FULL)
    for name in OURS:
        environment = services[name]["environment"]
        assert environment["DATABASE_URL"] == "postgresql://promptmill@postgres:5432/promptmill"
        assert environment["PROMPTMILL_DATABASE_DIRECT_URL"] == ""
    for name in ("api", "worker"):
        settings = load_settings({key: value for key, value in services[name]["environment"].items() if value} | ALONE)
        assert settings.temporal == {"TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "default"}
        assert settings.temporal_priority_levels == DYNAMIC_CONFIG["matching.priorityLevels"]


def test_servers_of_ones_own_reach_the_containers_that_need_them(told: Told) -> None:
    services = told(EXTERNAL, **FULL)
    for name in ("api", "worker"):
        environment = services[name]["environment"]
        assert {key: environment[key] for key in SHARED_WITH_MAKE_UP} == SHARED_WITH_MAKE_UP
        assert services[name]["extra_hosts"] == {"host.docker.internal": "host-gateway"}
    assert services["migrate"]["environment"]["DATABASE_URL"] == SHARED_WITH_MAKE_UP["DATABASE_URL"]
    assert not {key for key in services["migrate"]["environment"] if key.startswith("TEMPORAL_")}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("values", "folder"), [({}, ROOT / "certificates"), (FULL, "/etc/mill")])
def test_certificates_are_mounted_where_a_relative_path_finds_them(
    file: str, values: dict[str, str], folder: Path | str, told: Told
) -> None:
    """The same path in `.env` then serves `make up`, which runs in the checkout."""
    services = told(file, **values)
    for name in OURS:
        assert services[name]["volumes"][0] == f"{folder}:/app/certificates:ro"
    assert "\nWORKDIR /app\n" in (ROOT / "Dockerfile").read_text()
    assert (ROOT / "certificates").is_dir(), "otherwise the engine creates it, for root"


@pytest.mark.parametrize("file", FILES)
def test_outputs_have_a_volume_that_the_worker_alone_writes(file: str, told: Told) -> None:
    services = told(file, **FULL)
    assert services["worker"]["volumes"][1:] == ["outputs:/app/outputs:rw"]
    assert services["api"]["volumes"][1:] == ["outputs:/app/outputs:ro"]
    assert services["migrate"]["volumes"][1:] == []
    assert "\nRUN install -d -o 10001 -g 10001 /app/outputs\n" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        *((ALL_IN_ONE, name) for name in sorted(SECRETS)),
        *((EXTERNAL, name) for name in ("PROMPTMILL_API_TOKEN", "DATABASE_URL", "TEMPORAL_ADDRESS")),
    ],
)
def test_what_is_missing_is_named(file: str, name: str, parse: Parse) -> None:
    done = parse("--quiet", file=file, without=name)
    assert done.returncode != 0
    assert f"set {name} in .env" in done.stderr


def test_every_variable_in_the_files_is_a_setting_or_an_images_own() -> None:
    named = {name for file in WRITTEN for name in re.findall(r"\$\{([A-Z_]+)", file.read_text())}
    assert named >= COMPOSE_ALONE
    assert named - SETTINGS - COMPOSE_ALONE - set().union(*THIRD_PARTY.values()) == set()


def test_every_environment_variable_is_known_to_its_image(services: dict[str, Any]) -> None:
    for name, service in services.items():
        image, _ = image_of(service)
        known = THIRD_PARTY[image] | (SETTINGS if name in (*OURS, FRONT) else set())
        assert set(service.get("environment", {})) - known == set(), name


@pytest.mark.parametrize("file", FILES)
def test_api_and_worker_take_every_setting(file: str, told: Told) -> None:
    services = told(file)
    for name in ("api", "worker"):
        given = set(services[name]["environment"]) | (SIGN_ON if name == "worker" else set())
        assert SETTINGS - LOCAL_ALONE - FIXED_PER_SERVICE - ALL_HELD - given == set(), name


@pytest.mark.parametrize("file", FILES)
def test_keys_and_passwords_are_where_they_are_used_alone(file: str, told: Told) -> None:
    for name, service in told(file).items():
        environment = service.get("environment", {})
        held = {key for key in environment if key in ALL_HELD and environment[key] != NO_KEY}
        assert held == HELD.get(name, set()), name


def test_a_secret_setting_is_known_as_one() -> None:
    secret = {
        variable_name(field) for field, info in Settings.model_fields.items() if "SecretStr" in str(info.annotation)
    }
    assert secret <= ALL_HELD


def test_every_image_has_a_tag_of_its_own(services: dict[str, Any]) -> None:
    for name, service in services.items():
        _, tag = image_of(service)
        assert re.match(r"\d", tag), f"{name}: {service['image']}"
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+\.\d+-\S+$", dockerfile, re.MULTILINE)


def test_server_and_its_schema_have_the_same_version(services: dict[str, Any]) -> None:
    assert image_of(services["temporal"])[1] == image_of(services["temporal-schema"])[1]


def test_every_service_has_a_health_check_or_says_why_not() -> None:
    written: dict[str, Any] = {}
    for file in WRITTEN:  # Debian's parser drops what begins with x-
        for name, service in yaml.safe_load(file.read_text())["services"].items():
            written[name] = written.get(name, {}) | service
    for name, service in written.items():
        assert ("healthcheck" in service) != ("x-no-health-check" in service), name
        assert service.get("x-no-health-check", "It has one.").endswith("."), name


def test_every_port_is_bound_to_this_machine_and_can_be_moved(told: Told) -> None:
    usual, elsewhere = (
        {port for one in told(**values).values() for port in one.get("ports", [])} for values in ({}, FULL)
    )
    inside = ("3000", "5432", "7233", "8233")
    assert usual == {f"127.0.0.1:{port}:{port}/tcp" for port in inside}
    assert elsewhere == {f"127.0.0.1:1{port}:{port}/tcp" for port in inside}


def test_stopping_waits_longer_than_the_worker_drains(services: dict[str, Any]) -> None:
    grace = float(services["worker"]["stop_grace_period"].removesuffix("s"))
    drain = Settings.model_fields["shutdown_seconds"].default
    longest = Settings.model_fields["grok_timeout_seconds"].default
    assert grace > drain > longest


def test_browsers_reach_the_web_ui_through_its_front_alone(services: dict[str, Any]) -> None:
    assert "ports" not in services["temporal-ui"]
    assert services[FRONT]["command"][4] == "temporal-ui:8080"
    assert not set(services[FRONT]["environment"]) & {"XAI_API_KEY", "WAVESPEED_API_KEY", "DATABASE_URL"}


@pytest.mark.parametrize("file", FILES)
def test_no_container_has_rights_or_memory_to_spare(file: str, told: Told) -> None:
    for name, service in told(file).items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", [])) == CAPABILITIES.get(name, set()), name
        assert re.fullmatch(r"\d+[mg]", str(service["mem_limit"])), name
        assert service["logging"]["options"]["max-size"], name
        if name in (*OURS, FRONT):
            assert service["read_only"] is True, name
            assert service["user"] not in {"", "root", "0", "0:0"}, name


def test_the_api_has_the_memory_that_uploads_take(services: dict[str, Any]) -> None:
    limit = int(services["api"]["mem_limit"].removesuffix("m")) * 2**20
    default = {name: field.default for name, field in Settings.model_fields.items()}
    assert limit > 16 * default["upload_max_pixels"] * default["uploads_at_once"] + 2 * IN_FLIGHT_BYTES


def test_what_only_installs_is_not_in_the_image() -> None:
    built, final = (ROOT / "Dockerfile").read_text().split("\nFROM ${PYTHON_IMAGE}\n")
    assert "pip uninstall --yes setuptools pip" in built
    assert "pip uninstall --yes --root-user-action=ignore wheel setuptools pip" in final
    assert final.index("pip uninstall") < final.index("/opt/promptmill/bin"), (
        "the image's own pip, not the virtualenv's"
    )


def test_postgres_data_outlives_its_container() -> None:
    written = yaml.safe_load((ROOT / ALL_IN_ONE).read_text())
    mounts = dict(mount.split(":")[:2] for mount in written["services"]["postgres"]["volumes"])
    assert mounts["postgres-data"] == "/var/lib/postgresql"  # since 18; …/data would stay empty
    assert written["volumes"]["postgres-data"]["name"]


@pytest.mark.parametrize("file", FILES)
def test_everything_that_is_mounted_is_there(file: str, told: Told) -> None:
    sources = [mount.split(":")[0] for one in told(file).values() for mount in one.get("volumes", [])]
    ours = [Path(source) for source in sources if source.startswith(os.sep)]
    assert ours
    for source in ours:
        assert source.exists(), source


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*/*.sh")), ids=lambda path: path.name)
def test_scripts_are_plain_sh(script: Path) -> None:
    done = subprocess.run(["/bin/sh", "-n", os.fspath(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "set -eu" in script.read_text()


def test_temporal_is_configured_as_make_up_configures_its_own(services: dict[str, Any]) -> None:
    content = yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamic-config.yaml").read_text())
    assert {key: values[0]["value"] for key, values in content.items()} == DYNAMIC_CONFIG
    levels = services["worker"]["environment"]["PROMPTMILL_TEMPORAL_PRIORITY_LEVELS"]
    assert levels == str(DYNAMIC_CONFIG["matching.priorityLevels"])


def test_image_holds_every_room_and_no_secrets() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {"workflows", "activities", "api", "worker", "sql", "promptmill", "clients/python"}
    assert kept == rooms | {"pyproject.toml", "README.md", "requirements-tracing.txt", "docs/checklist.toml"}
    assert "\n*\n" in (ROOT / ".dockerignore").read_text()
