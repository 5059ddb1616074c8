"""The Content-Security-Policy of the workspace page: no third-party scripts, but images from any origin."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import ProviderMode

PAGE: Final = "/"


def page_policy(settings: Settings) -> str:
    """Return the policy of `/`: outputs and images load from any https URL, and from the local simulator."""
    media = " ".join(["'self'", "https:", "blob:", "data:", *_simulators(settings)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        f"img-src {media}; media-src {media}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _simulators(settings: Settings) -> list[str]:
    """Return the origin of WaveSpeed's simulator, which serves outputs over plain http on this machine."""
    if settings.wavespeed_mode is not ProviderMode.SIMULATED:
        return []
    base = urlsplit(settings.wavespeed_api_base)
    return [f"{base.scheme}://{base.netloc}"]
