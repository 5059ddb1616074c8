"""`promptmill simulators`: both providers' simulators, until Ctrl-C."""

from __future__ import annotations

import asyncio

from promptmill.contracts.errors import ConfigurationError
from promptmill.local.simulators.accounts import Timing
from promptmill.local.simulators.serving import SimulatorUrls, serve_simulators
from promptmill.settings import Settings, variable_name

INSTANT = Timing(min_seconds=0, max_seconds=0)


def run_simulators(settings: Settings, *, instant: bool = False, keep: bool = False) -> None:
    """Serve both simulators until SIGINT or SIGTERM.

    Args:
        instant: Answer at once; else a job takes 1 to 3 s, so that its states can be seen.
        keep: Remember predictions in the data folder.

    Raises:
        ConfigurationError: A port is taken.
    """
    try:
        asyncio.run(
            serve_simulators(
                grok_port=settings.local_grok_port,
                wavespeed_port=settings.local_wavespeed_port,
                grok_timing=INSTANT if instant else None,
                wavespeed_timing=INSTANT if instant else None,
                data_dir=settings.data_dir if keep else None,
                on_ready=_announce,
            )
        )
    except OSError as error:
        names = f"{variable_name('local_grok_port')} or {variable_name('local_wavespeed_port')}"
        raise ConfigurationError(f"A simulator cannot listen ({error.strerror or error}): set {names}.") from None


def _announce(urls: SimulatorUrls) -> None:
    print(f"Grok's simulator: {urls.grok}\nWaveSpeed's simulator: {urls.wavespeed}", flush=True)  # noqa: T201  # a command's answer
