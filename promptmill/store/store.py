"""The store as a whole, opened and closed in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from promptmill.store.callbacks import CallbackStore
from promptmill.store.database import Database
from promptmill.store.inbox import InboxStore
from promptmill.store.jobs import JobStore
from promptmill.store.live import LiveStore
from promptmill.store.operations import OperationsStore
from promptmill.store.pace import PaceStore
from promptmill.store.pool import open_pool
from promptmill.store.prompts import PromptStore
from promptmill.store.rates import RateStore
from promptmill.store.ratings import RatingStore
from promptmill.store.resolution import ResolutionStore
from promptmill.store.submissions import SubmissionStore
from promptmill.store.upkeep import UpkeepStore


@dataclass(frozen=True)
class Store:
    """The record: jobs, live changes, prompt jobs, ratings, submissions, their rate and outcome, webhooks, callbacks.

    Every method of its parts raises `RecordUnavailable` while Postgres is down, and `RecordNotFound` for an id that
    does not exist (or not for this owner).
    """

    jobs: JobStore
    live: LiveStore
    pace: PaceStore
    prompts: PromptStore
    rates: RateStore
    ratings: RatingStore
    submissions: SubmissionStore
    resolution: ResolutionStore
    inbox: InboxStore
    callbacks: CallbackStore
    upkeep: UpkeepStore
    operations: OperationsStore


@asynccontextmanager
async def open_store(database_url: str, *, pool_size: int = 10) -> AsyncIterator[Store]:
    """Open the store and close its connections at the end. It connects on first use.

    Raises:
        ConfigurationError: `database_url` is not a Postgres URL.
    """
    async with open_pool(database_url, pool_size=pool_size) as pool:
        database = Database(pool)
        yield Store(
            jobs=JobStore(database),
            live=LiveStore(database),
            pace=PaceStore(database),
            prompts=PromptStore(database),
            rates=RateStore(database),
            ratings=RatingStore(database),
            submissions=SubmissionStore(database),
            resolution=ResolutionStore(database),
            inbox=InboxStore(database),
            callbacks=CallbackStore(database),
            upkeep=UpkeepStore(database),
            operations=OperationsStore(database),
        )
