"""The only module that reads the environment.

Names that already exist are used as they are (`DATABASE_URL`, `XAI_API_KEY`, `WAVESPEED_API_KEY`, `TEMPORAL_*`, which
Temporal's SDK reads itself, and those of the object store's client); ours begin with `PROMPTMILL_`. A value is looked up
in the environment, then in the file that `PROMPTMILL_ENV_FILE` names (`.env`), then in `local.env` of the data folder,
which `make up` writes so that a second terminal just works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from promptmill.addresses import is_loopback_url
from promptmill.config.agents import AgentSettings
from promptmill.config.api import ApiSettings
from promptmill.config.backups import BackupSettings
from promptmill.config.callbacks import CallbackSettings
from promptmill.config.contacts import ContactSettings
from promptmill.config.machine import MachineSettings
from promptmill.config.openai import OpenAISettings
from promptmill.config.outputs import OBJECT_STORE_VARIABLES, OutputSettings
from promptmill.config.postgres import PostgresSettings
from promptmill.config.providers import ProviderSettings
from promptmill.config.single_sign_on import SingleSignOnSettings
from promptmill.config.temporal import TemporalSettings
from promptmill.config.values import with_port
from promptmill.config.worker import WorkerSettings
from promptmill.contracts.errors import ConfigurationError

LOCAL_ENV = "local.env"
"""File in the data folder where a running local stack writes its addresses."""

FORMER_NAMES = {"PROMPTMILL_LISTEN_DATABASE_URL": "PROMPTMILL_DATABASE_DIRECT_URL"}
"""Former names of settings, which are still read."""


class Settings(
    # From the last to the first: so pydantic orders their fields, and with it `.env.example`.
    MachineSettings,
    BackupSettings,
    OutputSettings,
    ContactSettings,
    WorkerSettings,
    TemporalSettings,
    SingleSignOnSettings,
    AgentSettings,
    OpenAISettings,
    ApiSettings,
    CallbackSettings,
    ProviderSettings,
    PostgresSettings,
    BaseSettings,
):
    """Every setting; durations are in seconds. `.env.example` lists the same names; a test keeps the two in sync."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPTMILL_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        allow_inf_nan=False,  # no interval, rate or JSON document can hold them
    )

    @model_validator(mode="after")
    def _never_spend_in_tests(self) -> Self:
        if self.simulated_only:
            for name, base in (("XAI_API_BASE", self.xai_api_base), ("WAVESPEED_API_BASE", self.wavespeed_api_base)):
                if not is_loopback_url(base):
                    raise ValueError(
                        f"{name} is {base}, which is not a loopback address, but PROMPTMILL_SIMULATED_ONLY is set"
                    )
        return self

    @model_validator(mode="after")
    def _name_a_deployment(self) -> Self:
        if self.worker_versioning and (set(self.task_queue) & set(".:") or self.task_queue.startswith("__")):
            raise ValueError(
                f"PROMPTMILL_TASK_QUEUE is {self.task_queue!r}, but a deployment at Temporal can be named like it, as "
                "PROMPTMILL_WORKER_VERSIONING wants, only if it has neither a dot nor a colon, and does not begin with two underscores"
            )
        return self

    @property
    def published_url(self) -> str | None:
        """Where WaveSpeed reaches the API, with the prefix; None if it does not."""
        if self.public_url is None or urlsplit(self.public_url).path:
            return self.public_url
        return f"{self.public_url}{self.root_path}"

    @property
    def watched_certificates(self) -> tuple[str, ...]:
        """Where the certificates are shown that are watched, each as `host:port`."""
        parts = urlsplit(self.public_url or "")
        public = [with_port(parts.hostname or "", parts.port or 443)] if parts.scheme == "https" else []
        return tuple(dict.fromkeys([*self.certificate_addresses, *public]))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments only: `load_settings` merges environment and files in order of precedence."""
        return (init_settings,)


def merged_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment with the settings files below it: environment, then env file, then the local stack's.

    Empty values count as absent.
    """
    env = {k: v for k, v in (os.environ if environ is None else environ).items() if v != ""}
    raw = os.environ if environ is None else environ
    merged: dict[str, str] = {}
    data_dir = Path(env.get("PROMPTMILL_DATA_DIR", ".promptmill"))
    env_file = raw.get("PROMPTMILL_ENV_FILE", ".env")
    for path in (data_dir / LOCAL_ENV, Path(env_file) if env_file else None):
        if path is not None and path.is_file():
            merged.update({k: v for k, v in dotenv_values(path).items() if v})
    return merged | env


def variable_name(field: str) -> str:
    """Return the environment variable of a field of `Settings`."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"PROMPTMILL_{field.upper()}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings once, at a process's edge.

    Raises:
        ConfigurationError: A value is invalid; the message names the variable, never a secret's value.
    """
    merged = merged_environment(environ)
    for former, name in FORMER_NAMES.items():
        if former in merged:
            merged.setdefault(name, merged[former])
    given: dict[str, Any] = {f: merged[variable_name(f)] for f in Settings.model_fields if variable_name(f) in merged}
    given["temporal"] = {k: v for k, v in merged.items() if k.startswith("TEMPORAL_")}
    given["object_store"] = {k: v for k, v in merged.items() if k in OBJECT_STORE_VARIABLES}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        name = f"{variable_name(str(first['loc'][0]))} is not valid: " if first["loc"] else ""
        raise ConfigurationError(f"{name}{said}{'' if said.endswith(('.', '?')) else '.'}") from None
