"""The store as a whole, opened and closed in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from promptmill.store.access import AccessStore
from promptmill.store.audit import AuditStore
from promptmill.store.backups import BackupStore
from promptmill.store.batches import BatchStore
from promptmill.store.bills import BillStore
from promptmill.store.budgets import BudgetStore
from promptmill.store.callbacks import CallbackStore
from promptmill.store.catalogue import CatalogueStore
from promptmill.store.collections import CollectionStore
from promptmill.store.connection import COMMAND_SECONDS
from promptmill.store.consistency import ConsistencyStore
from promptmill.store.database import Database
from promptmill.store.erasures import ErasureStore
from promptmill.store.export import ExportStore
from promptmill.store.families import FamilyStore
from promptmill.store.inbox import InboxStore
from promptmill.store.jobs import JobStore
from promptmill.store.limits import LimitStore
from promptmill.store.live import LiveStore
from promptmill.store.monitoring import MonitoringStore
from promptmill.store.objectives import ObjectivesStore
from promptmill.store.operations import OperationsStore
from promptmill.store.outputs import OutputStore
from promptmill.store.pace import PaceStore
from promptmill.store.pool import open_pool
from promptmill.store.prompts import PromptStore
from promptmill.store.purge import PurgeStore
from promptmill.store.rates import RateStore
from promptmill.store.ratings import RatingStore
from promptmill.store.readings import ReadingStore
from promptmill.store.resolution import ResolutionStore
from promptmill.store.statistics import StatisticsStore
from promptmill.store.styles import StyleStore
from promptmill.store.submissions import SubmissionStore
from promptmill.store.tags import TagStore
from promptmill.store.templates import TemplateStore
from promptmill.store.upkeep import UpkeepStore
from promptmill.store.uptime import UptimeStore


@dataclass(frozen=True)
class Store:
    """The record: jobs, prompt jobs, submissions and their outcomes, money, webhooks, callbacks, and who may call.

    Every method of its parts raises `RecordUnavailable` while Postgres is down, and `RecordNotFound` for an id that
    does not exist (or not for this owner).
    """

    backups: BackupStore
    batches: BatchStore
    bills: BillStore
    budgets: BudgetStore
    collections: CollectionStore
    families: FamilyStore
    jobs: JobStore
    limits: LimitStore
    live: LiveStore
    monitoring: MonitoringStore
    outputs: OutputStore
    pace: PaceStore
    prompts: PromptStore
    purge: PurgeStore
    rates: RateStore
    ratings: RatingStore
    readings: ReadingStore
    statistics: StatisticsStore
    styles: StyleStore
    submissions: SubmissionStore
    tags: TagStore
    templates: TemplateStore
    resolution: ResolutionStore
    inbox: InboxStore
    callbacks: CallbackStore
    upkeep: UpkeepStore
    operations: OperationsStore
    access: AccessStore
    audit: AuditStore
    erasures: ErasureStore
    export: ExportStore
    consistency: ConsistencyStore
    catalogue: CatalogueStore
    uptime: UptimeStore
    objectives: ObjectivesStore


@asynccontextmanager
async def open_store(
    database_url: str, *, pool_size: int = 10, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncIterator[Store]:
    """Open the store and close its connections at the end. It connects on first use.

    Args:
        command_seconds: Timeout of one statement; None for no limit, for commands that read whole tables.

    Raises:
        ConfigurationError: `database_url` is not a Postgres URL.
    """
    async with open_pool(database_url, pool_size=pool_size, command_seconds=command_seconds) as pool:
        database = Database(pool)
        yield Store(
            backups=BackupStore(database),
            batches=BatchStore(database),
            bills=BillStore(database),
            budgets=BudgetStore(database),
            collections=CollectionStore(database),
            families=FamilyStore(database),
            jobs=JobStore(database),
            limits=LimitStore(database),
            live=LiveStore(database),
            monitoring=MonitoringStore(database),
            outputs=OutputStore(database),
            pace=PaceStore(database),
            prompts=PromptStore(database),
            purge=PurgeStore(database),
            rates=RateStore(database),
            ratings=RatingStore(database),
            readings=ReadingStore(database),
            statistics=StatisticsStore(database),
            styles=StyleStore(database),
            submissions=SubmissionStore(database),
            tags=TagStore(database),
            templates=TemplateStore(database),
            resolution=ResolutionStore(database),
            inbox=InboxStore(database),
            callbacks=CallbackStore(database),
            upkeep=UpkeepStore(database),
            operations=OperationsStore(database),
            access=AccessStore(database),
            audit=AuditStore(database),
            erasures=ErasureStore(database),
            export=ExportStore(database),
            consistency=ConsistencyStore(database),
            catalogue=CatalogueStore(database),
            uptime=UptimeStore(database),
            objectives=ObjectivesStore(database),
        )
