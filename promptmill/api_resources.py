"""The API's resources, closed in reverse order; it imports no client that can cost money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from promptmill.config.settings import Settings
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from promptmill.providers.wavespeed.uploads import WaveSpeedUploads, open_wavespeed_uploads
from promptmill.store import Store, open_store
from promptmill.temporal import TemporalGate, connect, create_starter


@dataclass(frozen=True)
class ApiResources:
    """The API's resources. It never submits: its only provider client makes WaveSpeed's unpaid calls."""

    settings: Settings
    store: Store
    temporal: Client
    gate: TemporalGate
    account: WaveSpeedAccount
    uploads: WaveSpeedUploads


@asynccontextmanager
async def open_api_resources(settings: Settings) -> AsyncIterator[ApiResources]:
    """Open the API's resources; it starts even if Postgres or Temporal is unavailable.

    Raises:
        ConfigurationError: A setting is missing.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(settings.require_database_url(), pool_size=settings.database_pool_size)
        )
        client = await connect(settings, lazy=True)
        yield ApiResources(
            settings=settings,
            store=store,
            temporal=client,
            gate=TemporalGate(
                client=client,
                starter=create_starter(settings, client),
                task_queue=settings.task_queue,
                patience_seconds=settings.temporal_start_seconds,
                breaker_seconds=settings.temporal_breaker_seconds,
            ),
            account=await stack.enter_async_context(
                open_wavespeed_account(settings.wavespeed_api_base, settings.wavespeed_api_key)
            ),
            uploads=await stack.enter_async_context(
                open_wavespeed_uploads(settings.wavespeed_api_base, settings.wavespeed_api_key)
            ),
        )
