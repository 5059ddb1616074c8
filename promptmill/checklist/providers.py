"""Section 2: keys and addresses of the providers."""

from __future__ import annotations

from promptmill.checklist.findings import Fails
from promptmill.checklist.lines import Line
from promptmill.checklist.target import Target
from promptmill.commands.check import Wrong, check_grok, check_wavespeed
from promptmill.config.settings import Settings


async def grok_key_is_set(target: Target, _: Line) -> str:
    """Look for the key in the settings; it is never shown."""
    if target.settings.xai_api_key is None:
        raise Fails("XAI_API_KEY is not set")
    return f"XAI_API_KEY is set, for {target.settings.xai_api_base}"


async def wavespeed_key_is_set(target: Target, _: Line) -> str:
    """Look for the key in the settings; it is never shown."""
    if target.settings.wavespeed_api_key is None:
        raise Fails("WAVESPEED_API_KEY is not set")
    return "WAVESPEED_API_KEY is set"


async def wavespeed_address_is_set(target: Target, _: Line) -> str:
    """Say which address applies."""
    base = target.settings.wavespeed_api_base
    default = Settings.model_fields["wavespeed_api_base"].default
    return f"{base}, {'the default' if base == default else 'set by WAVESPEED_API_BASE'}"


async def providers_answer(target: Target, _: Line) -> str:
    """Make the free calls: the key's and the models' at xAI, the balance's at WaveSpeed."""
    try:
        return f"Grok: {await check_grok(target.settings)}; WaveSpeed: {await check_wavespeed(target.settings)}"
    except Wrong as error:
        raise Fails(str(error)) from None
