"""Settings of the API."""

from __future__ import annotations

import re
from typing import Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from promptmill.addresses import is_loopback_host
from promptmill.config.values import Networks, Origins, Patterns, Port, RootPath, TlsAddresses, Words
from promptmill.contracts.limits import HIGHEST_PRIORITY, LOWEST_PRIORITY, MOST, OwnerLimits

MIN_TOKEN_CHARACTERS = 32
"""Minimum length of a token, enforced if other machines can reach the API."""

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]+")


class ApiSettings(BaseModel):
    """Where the API listens, whom it serves, and how much it takes, uploads included."""

    host: str = Field(
        "127.0.0.1",
        description="Address that the API listens on. Any other than loopback requires PROMPTMILL_API_TOKEN.",
    )
    port: Port = Field(3000, description="Port of the API.")
    api_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Number of processes that serve the API on this port, one per processor at most; limits per process multiply.",
    )
    api_temporal_metrics_port: Port = Field(
        0,
        description="Port of the metrics of the API's client of Temporal, at PROMPTMILL_METRICS_HOST; further API processes use the ports after it. 0 disables them.",
    )
    allowed_hosts: Words = Field((), description="Host names that callers may use besides loopback, comma-separated.")
    allowed_origins: Origins = Field(
        (),
        description="Origins of other web pages, comma-separated (https://studio.example.com), whose scripts may call the API with a key.",
    )
    root_path: RootPath = Field(
        "",
        description="Prefix under which a proxy publishes the API, such as /mill; the proxy may pass it on or strip it.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses or networks of trusted proxies, comma-separated (10.0.0.5,172.16.0.0/12): their X-Forwarded-Host and X-Forwarded-For count.",
    )
    certificate_addresses: TlsAddresses = Field(
        (),
        description="Addresses whose TLS certificates are watched, comma-separated (mill.example.com, or with a port), such as the proxy's; that of an https PROMPTMILL_PUBLIC_URL is watched anyway.",
    )
    max_connections: int = Field(
        800,
        ge=10,
        le=100_000,
        description="Maximum connections served at once per API process, live streams included; further ones get 503.",
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        le=3600,
        description="How long an idle connection stays open; must exceed the keep-alive timeout of a proxy in front (nginx: 60).",
    )
    api_token: SecretStr | None = Field(
        None,
        description="Bearer token of an admin; if set, every call must carry it or an API key (`promptmill keys create`).",
    )
    api_token_2: SecretStr | None = Field(
        None, description="A second token that is accepted as well, while clients change from one to the other."
    )
    allow_private_addresses: bool = Field(
        False,
        description="Allow image and callback URLs in private networks and over plain http (`make up` enables it for the simulators).",
    )
    look_at_files: bool = Field(
        True,
        description="Look at the files that a table names before its batch is accepted; `false` where the API has no way out to the internet.",
    )
    open_jobs_per_owner: int | None = Field(
        None,
        ge=0,
        le=MOST,
        description="Maximum open jobs of an owner, and as many open prompt jobs; unset: no limit. Admins change it, and the six below, for a single owner.",
    )
    requests_per_minute: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="Maximum requests a minute that write or cost, per owner and API process; unset: no limit.",
    )
    highest_priority: int = Field(
        HIGHEST_PRIORITY, ge=LOWEST_PRIORITY, le=HIGHEST_PRIORITY, description="Highest priority of a job."
    )
    allowed_models: Patterns = Field(
        (), description="Patterns of the models that may be used, comma-separated, such as bytedance/*; unset: all."
    )
    outputs_per_job: int = Field(
        100,
        ge=1,
        le=MOST,
        description="Maximum pictures, or other outputs, of one job, where an input (num_images, max_images, …) says how many.",
    )
    uploads_per_day: int | None = Field(
        None, ge=0, le=MOST, description="Maximum uploaded images a day, per owner and API process; unset: no limit."
    )
    streams_per_owner: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Maximum open live streams (server-sent events) per owner and API process.",
    )
    stream_heartbeat_seconds: float = Field(
        15, gt=0, le=300, description="Interval of heartbeats on an idle live stream; on that of the list 15 s at most."
    )
    max_body_bytes: int = Field(
        262_144, ge=1024, description="Maximum size of a request body, except tables, uploads and calls of /mcp."
    )
    upload_max_bytes: int = Field(
        20_971_520,
        ge=1024,
        le=52_428_800,
        description="Maximum size of an uploaded file in bytes, an image's before and after it is cleaned. Grok accepts at most 20 MiB.",
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

    @property
    def owner_limits(self) -> OwnerLimits:
        """What holds for owners that have no limits of their own."""
        return OwnerLimits(
            open_jobs=self.open_jobs_per_owner,
            requests_per_minute=self.requests_per_minute,
            highest_priority=self.highest_priority,
            models=self.allowed_models or None,
            outputs_per_job=self.outputs_per_job,
            uploads_per_day=self.uploads_per_day,
            streams=self.streams_per_owner,
        )

    @property
    def api_tokens(self) -> dict[str, SecretStr]:
        """The tokens that are accepted, by the name of their setting."""
        tokens = {"PROMPTMILL_API_TOKEN": self.api_token, "PROMPTMILL_API_TOKEN_2": self.api_token_2}
        return {name: token for name, token in tokens.items() if token is not None}
