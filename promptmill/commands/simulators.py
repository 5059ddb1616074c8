"""`promptmill simulators`: the providers' simulators, until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import Literal

from promptmill.config.settings import Settings, variable_name
from promptmill.contracts.errors import ConfigurationError
from promptmill.simulators.accounts import Timing
from promptmill.simulators.serving import SimulatorUrls, serve_simulators

INSTANT = Timing(min_seconds=0, max_seconds=0)


def run_simulators(
    settings: Settings, *, only: Literal["grok", "wavespeed"] | None = None, instant: bool = False, keep: bool = False
) -> None:
    """Serve the simulators until SIGINT or SIGTERM.

    Args:
    only: The only one to run; both by default.
    instant: Respond at once; otherwise a job takes 1 to 3 s, so that its states can be seen.
        keep: Persist predictions in the data folder.

    Raises:
        ConfigurationError: A port is taken.
    """
    try:
        asyncio.run(
            serve_simulators(
                grok_port=None if only == "wavespeed" else settings.local_grok_port,
                wavespeed_port=None if only == "grok" else settings.local_wavespeed_port,
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
    for name, url in (("Grok", urls.grok), ("WaveSpeed", urls.wavespeed)):
        if url is not None:
            print(f"{name}'s simulator: {url}", flush=True)  # noqa: T201  # a command's answer
