"""The worker's resources, closed in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.runtime import Runtime

from promptmill.config.settings import Settings
from promptmill.outputs.renderer import Renderer, open_renderer
from promptmill.outputs.storage import OutputStorage, open_storage
from promptmill.providers.callbacks.sender import CallbackSender, open_callback_sender
from promptmill.providers.grok.client import GrokClient, open_grok
from promptmill.providers.outputs.fetcher import OutputFetcher, open_output_fetcher
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from promptmill.providers.wavespeed.client import WaveSpeedClient, open_wavespeed
from promptmill.store import Store, open_store
from promptmill.temporal import WorkflowStarter, connect, create_starter


@dataclass(frozen=True)
class WorkerResources:
    """The worker's resources."""

    settings: Settings
    store: Store
    temporal: Client
    starter: WorkflowStarter
    grok: GrokClient
    wavespeed: WaveSpeedClient
    account: WaveSpeedAccount
    callbacks: CallbackSender
    storage: OutputStorage | None
    fetcher: OutputFetcher
    renderer: Renderer


@asynccontextmanager
async def open_worker_resources(settings: Settings, runtime: Runtime | None = None) -> AsyncIterator[WorkerResources]:
    """Open the worker's resources.

    Raises:
        ConfigurationError: A setting is missing, or the storage of outputs cannot be used.
        RuntimeError: Temporal is unreachable.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(settings.require_database_url(), pool_size=settings.database_pool_size)
        )
        client = await connect(settings, runtime=runtime)
        yield WorkerResources(
            settings=settings,
            store=store,
            temporal=client,
            starter=create_starter(settings, client),
            grok=await stack.enter_async_context(
                open_grok(settings.xai_api_base, settings.xai_api_key, timeout_seconds=settings.grok_timeout_seconds)
            ),
            wavespeed=await stack.enter_async_context(
                open_wavespeed(
                    settings.wavespeed_api_base,
                    settings.wavespeed_api_key,
                    submit_timeout_seconds=settings.submit_timeout_seconds,
                )
            ),
            account=await stack.enter_async_context(
                open_wavespeed_account(settings.wavespeed_api_base, settings.wavespeed_api_key)
            ),
            callbacks=await stack.enter_async_context(
                open_callback_sender(
                    timeout_seconds=settings.callback_timeout_seconds, allow_private=settings.allow_private_addresses
                )
            ),
            storage=open_storage(settings),
            fetcher=await stack.enter_async_context(
                open_output_fetcher(
                    timeout_seconds=settings.outputs_fetch_seconds,
                    most_bytes=settings.outputs_file_max_mb * 10**6,
                    allow_private=settings.allow_private_addresses,
                )
            ),
            renderer=await stack.enter_async_context(open_renderer()),
        )
