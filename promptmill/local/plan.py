"""What a local stack starts, decided from the environment alone: which servers, real providers, ports."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptmill.config.settings import Settings, load_settings, merged_environment, variable_name
from promptmill.contracts.jobs import ProviderMode
from promptmill.contracts.names import CODEC
from promptmill.local.errors import LocalStackError
from promptmill.local.ports import LOOPBACK, free_port, holder_of, is_free
from promptmill.local.temporal import PRIORITY_LEVELS
from promptmill.local.typed_ports import BusyPort, busy_sentence, next_free

SIMULATOR_KEY = "local-simulator"
"""Constant, because a simulator keeps its data per key."""

PRIVATE = "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES"

OUTPUTS = "PROMPTMILL_OUTPUTS"

PORTS = (
    "port",
    "metrics_port",
    "local_temporal_port",
    "local_temporal_ui_port",
    "local_grok_port",
    "local_wavespeed_port",
    "temporal_metrics_port",
)
TYPED = frozenset({"port", "local_temporal_ui_port"})
"""Ports that people type or bookmark: if in use, they are reported instead of replaced."""

OFF_BY_ZERO = frozenset({"temporal_metrics_port"})
"""Ports that 0 disables; for the others it means any free port."""


@dataclass(frozen=True)
class Provider:
    """A provider as this stack uses it."""

    name: str
    base: str
    simulated_by_us: bool
    billed: bool
    has_key: bool


@dataclass(frozen=True)
class StackPlan:
    """What to start.

    Attributes:
        settings: The settings of the whole stack, without the addresses of servers not started yet.
        outside: Environment and settings files as they were found.
        own: What the stack adds to the environment; written to `local.env` for other terminals.
        starts_postgres: False if DATABASE_URL names an existing server.
        starts_temporal: False if TEMPORAL_ADDRESS or a profile names one.
    """

    settings: Settings
    outside: dict[str, str]
    own: dict[str, str]
    starts_postgres: bool
    starts_temporal: bool
    grok: Provider
    wavespeed: Provider

    @property
    def starts_simulators(self) -> bool:
        """Whether this stack simulates the provider."""
        return self.grok.simulated_by_us or self.wavespeed.simulated_by_us

    @property
    def api_url(self) -> str:
        """URL of the API on this machine."""
        host = self.settings.host
        return f"http://{LOOPBACK if host in {'0.0.0.0', '::'} else host}:{self.settings.port}"  # noqa: S104  # compared, not bound

    @property
    def codec_url(self) -> str | None:
        """Where the Web UI has payloads decrypted; None if they are not encrypted."""
        return f"{self.api_url}{self.settings.root_path}{CODEC}" if self.settings.payload_keys else None

    @property
    def worker_url(self) -> str:
        """URL of the worker's health and metrics."""
        return f"http://{LOOPBACK}:{self.settings.metrics_port}"

    def require_free_ports(self) -> None:
        """Check every port before anything is started.

        Raises:
            LocalStackError: Some are in use; the message names all of them, with lines for `.env` that would help.
        """
        settings = self.settings
        wanted = [
            ("the API and its page", "port", settings.host),
            ("the worker's metrics", "metrics_port", settings.metrics_host),
        ]
        if settings.temporal_metrics_port:
            wanted.append(("Temporal's worker metrics", "temporal_metrics_port", settings.metrics_host))
        if self.starts_temporal:
            wanted += [
                ("Temporal", "local_temporal_port", LOOPBACK),
                ("Temporal's Web UI", "local_temporal_ui_port", LOOPBACK),
            ]
        if self.grok.simulated_by_us:
            wanted.append(("Grok's simulator", "local_grok_port", LOOPBACK))
        if self.wavespeed.simulated_by_us:
            wanted.append(("WaveSpeed's simulator", "local_wavespeed_port", LOOPBACK))
        busy = [
            BusyPort(part, variable_name(field), port, holder_of(port))
            for part, field, host in wanted
            if not is_free(port := getattr(settings, field), host)
        ]
        if busy:
            raise LocalStackError(busy_sentence(busy))

    def environment(self, found: Mapping[str, str]) -> dict[str, str]:
        """Return a child's environment: ours, the settings files, what the stack adds, and addresses found since."""
        environment = self.outside
        if self.starts_temporal:
            # Credentials without an address belong to another server.
            environment = {name: value for name, value in environment.items() if not name.startswith("TEMPORAL_")}
        fixed = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(self.settings.data_dir.resolve())}
        fixed["PYTHONUNBUFFERED"] = "1"
        # One worker, replaced at once: nobody would make its version current.
        fixed["PROMPTMILL_WORKER_VERSIONING"] = "false"
        return environment | self.own | dict(found) | fixed

    @property
    def stores_outputs(self) -> bool:
        """Whether the stack itself decided where outputs are stored."""
        return OUTPUTS in self.own

    @property
    def allows_private_addresses(self) -> bool:
        """Whether the stack itself decided to allow private addresses."""
        return PRIVATE in self.own


def plan_stack(environ: Mapping[str, str] | None = None) -> StackPlan:
    """Decide what to start.

    Raises:
        ConfigurationError: A setting is invalid.
    """
    merged = merged_environment(environ)
    simulated = [name for name in ("XAI", "WAVESPEED") if _is_simulated(name, merged)]
    starts_temporal = not {"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"} & merged.keys()
    # The simulators have no ports until the settings are read, which in tests also reject real providers.
    first = load_settings(merged | _simulated(simulated, dict.fromkeys(PORTS, 0)))
    ports = {
        name: _port(name, getattr(first, name), merged)
        for name in PORTS
        if name not in OFF_BY_ZERO or getattr(first, name)
    }
    own = {variable_name(name): str(port) for name, port in ports.items()} | _simulated(simulated, ports)
    if starts_temporal:
        own |= _temporal(ports, merged.get("TEMPORAL_NAMESPACE", "default"))
    chosen = _chosen(first, simulated, ports, starts_temporal=starts_temporal)
    own |= {name: value for name, value in chosen.items() if name not in merged}
    settings = load_settings(merged | own)
    return StackPlan(
        settings=settings,
        outside=merged,
        own=own,
        starts_postgres="DATABASE_URL" not in merged,
        starts_temporal=starts_temporal,
        grok=Provider(
            "Grok",
            settings.xai_api_base,
            simulated_by_us="XAI" in simulated,
            billed=settings.grok_mode is ProviderMode.REAL,
            has_key=settings.xai_api_key is not None,
        ),
        wavespeed=Provider(
            "WaveSpeed",
            settings.wavespeed_api_base,
            simulated_by_us="WAVESPEED" in simulated,
            billed=settings.wavespeed_mode is ProviderMode.REAL,
            has_key=settings.wavespeed_api_key is not None,
        ),
    )


def _port(name: str, port: int, merged: Mapping[str, str]) -> int:
    """Return the port of a component: a free one unless it is configured or people type it."""
    if port == 0:
        return free_port()
    if name in TYPED or variable_name(name) in merged or is_free(port):
        return port
    return next_free(port)


def _is_simulated(name: str, merged: Mapping[str, str]) -> bool:
    """Return whether a provider has neither a key nor a base URL set."""
    default = Settings.model_fields[f"{name.lower()}_api_base"].default
    return f"{name}_API_KEY" not in merged and merged.get(f"{name}_API_BASE", default).rstrip("/") == default


def _simulated(providers: Sequence[str], ports: Mapping[str, int]) -> dict[str, str]:
    """Return keys and addresses of the simulators."""
    port_of = {"XAI": ports["local_grok_port"], "WAVESPEED": ports["local_wavespeed_port"]}
    found: dict[str, str] = {}
    for name in providers:
        found[f"{name}_API_KEY"] = SIMULATOR_KEY
        found[f"{name}_API_BASE"] = f"http://{LOOPBACK}:{port_of[name]}"
    return found


def _chosen(
    given: Settings, simulated: Sequence[str], ports: Mapping[str, int], *, starts_temporal: bool
) -> dict[str, str]:
    """Return defaults that suit a local stack; an explicit value always wins."""
    chosen = {
        "PROMPTMILL_SHUTDOWN_SECONDS": str(given.local_shutdown_seconds),
        OUTPUTS: str((given.data_dir / "outputs").resolve()),
    }
    if "WAVESPEED" in simulated:
        # Its outputs and uploads are on loopback. With the real WaveSpeed, nothing is.
        chosen[PRIVATE] = "true"
    if starts_temporal:
        chosen["PROMPTMILL_TEMPORAL_PRIORITY_LEVELS"] = str(PRIORITY_LEVELS)
        chosen["PROMPTMILL_TEMPORAL_UI_URL"] = f"http://{LOOPBACK}:{ports['local_temporal_ui_port']}"
    return chosen


def _temporal(ports: Mapping[str, int], namespace: str) -> dict[str, str]:
    """Return the environment that points the other processes to our own Temporal server."""
    return {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports['local_temporal_port']}",
        "TEMPORAL_NAMESPACE": namespace,
        # Temporal's own profile file may hold credentials for another server.
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }
