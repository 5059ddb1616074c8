"""Connects to Temporal, configured by its own variables and profile file."""

from __future__ import annotations

from typing import Final

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime

from promptmill.config.settings import Settings

DATA_CONVERTER: Final[DataConverter] = pydantic_data_converter
"""Converts messages to payloads; the replayer of stored histories needs the same one."""

DEFAULT_ADDRESS: Final = "127.0.0.1:7233"


def connect_config(settings: Settings) -> ClientConnectConfig:
    """Return address, namespace and credentials from the `TEMPORAL_*` variables and the profile that they name."""
    config = ClientConfig.load_client_connect_config(override_env_vars=settings.temporal)
    config.setdefault("target_host", DEFAULT_ADDRESS)
    config.setdefault("namespace", "default")
    return config


async def connect(settings: Settings, *, runtime: Runtime | None = None, lazy: bool = False) -> Client:
    """Return a client; with `lazy`, one that connects on its first call, so that a process starts without Temporal.

    Raises:
        RuntimeError: Temporal is unreachable (never with `lazy`).
    """
    return await Client.connect(**connect_config(settings), data_converter=DATA_CONVERTER, runtime=runtime, lazy=lazy)
