"""Connects to Temporal, configured by its own variables and profile file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import TLSConfig

from promptmill import tracing
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.temporal.encryption import data_converter
from promptmill.temporal.log_context import LogContext

DEFAULT_ADDRESS: Final = "127.0.0.1:7233"

_PEM: Final = b"-----BEGIN "


def connect_config(settings: Settings) -> ClientConnectConfig:
    """Return address, namespace and credentials from the `TEMPORAL_*` variables and the profile that they name.

    Raises:
        ConfigurationError: One of them is invalid. The SDK would report it only on connecting, some as a traceback.
    """
    file = settings.temporal.get("TEMPORAL_CONFIG_FILE")
    if file is not None and not Path(file).exists():
        raise ConfigurationError(f"TEMPORAL_CONFIG_FILE names {file}, which does not exist.")
    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=settings.temporal)
    except OSError as error:
        raise ConfigurationError(
            f"A file that Temporal's settings name cannot be read: {error.filename} ({error.strerror}). Check "
            "TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH and TEMPORAL_TLS_SERVER_CA_CERT_PATH."
        ) from error
    except (RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ConfigurationError(
            f"Temporal's settings: {said}. Check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE."
        ) from None
    config.setdefault("target_host", DEFAULT_ADDRESS)
    config.setdefault("namespace", "default")
    _check_address(config["target_host"])
    tls = config.get("tls")
    if isinstance(tls, TLSConfig):
        _check_tls(tls)
    return config


def _check_address(address: str | None) -> None:
    host, _, port = (address or "").rpartition(":")
    plain = host and not set(host) & set("/@ \t")
    if not plain or not port.isascii() or not port.isdigit() or len(port) > 5:  # noqa: PLR2004  # 65535
        raise ConfigurationError(f"TEMPORAL_ADDRESS is {address!r}: it must be host:port, such as {DEFAULT_ADDRESS}.")


def _check_tls(tls: TLSConfig) -> None:
    if (tls.client_cert is None) != (tls.client_private_key is None):
        missing = "TEMPORAL_TLS_CLIENT_CERT_PATH" if tls.client_cert is None else "TEMPORAL_TLS_CLIENT_KEY_PATH"
        raise ConfigurationError(f"Mutual TLS needs a client certificate and its key: set {missing} too.")
    for variable, content in (
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", tls.client_cert),
        ("TEMPORAL_TLS_CLIENT_KEY_PATH", tls.client_private_key),
        ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", tls.server_root_ca_cert),
    ):
        if content is not None and _PEM not in content:
            raise ConfigurationError(f"The file of {variable} is not in PEM form.")


async def connect(settings: Settings, *, runtime: Runtime | None = None, lazy: bool = False) -> Client:
    """Return a client; with `lazy`, one that connects on its first call, so that a process starts without Temporal.

    Raises:
        RuntimeError: Temporal is unreachable (never with `lazy`).
    """
    converter = data_converter(settings.payload_keys)
    return await Client.connect(
        **connect_config(settings),
        data_converter=converter,
        interceptors=[*tracing.interceptors(), LogContext()],
        runtime=runtime,
        lazy=lazy,
    )
