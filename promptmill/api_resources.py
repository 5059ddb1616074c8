"""The API's resources, closed in reverse order; it imports no client that can cost money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from temporalio.client import Client

from promptmill.config.settings import Settings
from promptmill.outputs.storage import OutputStorage, open_storage
from promptmill.providers.outputs.fetcher import OutputFetcher, open_output_fetcher
from promptmill.providers.outputs.heads import HeadReader, open_head_reader
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from promptmill.providers.wavespeed.uploads import WaveSpeedUploads, open_wavespeed_uploads
from promptmill.store import Store, open_store
from promptmill.temporal import TemporalGate, connect, create_starter

READ_BYTES: Final = 32 * 2**20
READ_SECONDS: Final = 60
"""The largest output that the API reads into memory, for a caller who wants its bytes, and how long that may take."""


@dataclass(frozen=True)
class ApiResources:
    """The API's resources. It never submits: its provider clients make WaveSpeed's unpaid calls, and read files."""

    settings: Settings
    store: Store
    temporal: Client
    gate: TemporalGate
    account: WaveSpeedAccount
    uploads: WaveSpeedUploads
    storage: OutputStorage | None
    fetcher: OutputFetcher
    heads: HeadReader


@asynccontextmanager
async def open_api_resources(settings: Settings) -> AsyncIterator[ApiResources]:
    """Open the API's resources; it starts even if Postgres or Temporal is unavailable.

    Raises:
        ConfigurationError: A setting is missing, or the storage of outputs cannot be used.
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
            storage=open_storage(settings),
            fetcher=await stack.enter_async_context(
                open_output_fetcher(
                    timeout_seconds=min(settings.outputs_fetch_seconds, READ_SECONDS),
                    most_bytes=READ_BYTES,
                    allow_private=settings.allow_private_addresses,
                )
            ),
            heads=await stack.enter_async_context(open_head_reader(allow_private=settings.allow_private_addresses)),
        )
