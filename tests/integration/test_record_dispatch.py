"""Claiming accepted rows and starting their workflows, whatever way the start fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import JobInput
from promptmill.contracts.prompts import PromptRequest
from promptmill.store import Store, open_store
from promptmill.temporal.dispatch import Dispatcher, Started
from tests.fixtures.record import Record, new_prompt_job
from tests.fixtures.relay import Relay, open_relay


@dataclass
class Temporal:
    """Starts workflows, except those that it is to refuse, and becomes unavailable after a number of starts.

    Attributes:
        refused: Workflows that it refuses to start.
        away_after: How many starts it accepts before it stops responding.
        relay: Cut with the first start, if Postgres is to become unavailable then.
    """

    refused: set[UUID] = field(default_factory=set)
    away_after: int = 1000
    relay: Relay | None = None
    started: list[UUID] = field(default_factory=list)

    async def start_job(self, job: JobInput) -> bool:
        return self._start(job.job_id)

    async def start_prompt_job(self, request: PromptRequest) -> bool:
        return self._start(request.prompt_job_id)

    def _start(self, row_id: UUID) -> bool:
        if len(self.started) >= self.away_after:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        if row_id in self.refused:
            return False
        self.started.append(row_id)
        if self.relay is not None:
            self.relay.refuse()
        return True

    def dispatcher(self, store: Store) -> Dispatcher:
        return Dispatcher(store, self.start_job, self.start_prompt_job)


async def stranded(record: Record) -> list[UUID]:
    """Accept two jobs and two prompt jobs, and let their starters die."""
    ids = [await record.accept(), await record.accept()]
    ids += [(await record.store.prompts.accept(new_prompt_job()))[0].id for _ in range(2)]
    await _let_claims_run_out(record)
    return ids


async def _let_claims_run_out(record: Record) -> None:
    for table in ("jobs", "prompt_generation_jobs"):
        await record.hand.execute(f"UPDATE {table} SET claimed_at = claimed_at - interval '61 seconds'")


async def marked(record: Record) -> set[UUID]:
    """Return the rows that are marked as running."""
    query = "SELECT id FROM {} WHERE workflow_started_at IS NOT NULL"
    found = [*await record.hand.fetch(query.format("jobs"))]
    found += await record.hand.fetch(query.format("prompt_generation_jobs"))
    return {row["id"] for row in found}


async def claimable(record: Record) -> set[UUID]:
    """Claim what is free now."""
    jobs = await record.store.upkeep.claim_stranded_jobs(100)
    prompt_jobs = await record.store.upkeep.claim_prompt_jobs(100)
    return {row.id for row in jobs} | {row.id for row in prompt_jobs}


async def test_everything_that_is_stranded_is_started_and_marked(record: Record) -> None:
    ids = await stranded(record)
    temporal = Temporal()

    assert await temporal.dispatcher(record.store).start_stranded(100) == Started(4, 4)

    assert temporal.started == ids
    assert await marked(record) == set(ids)
    assert await temporal.dispatcher(record.store).start_stranded(100) == Started(0, 0)


async def test_the_limit_is_one_of_each_kind(record: Record) -> None:
    first_job, _, first_prompt_job, _ = await stranded(record)
    temporal = Temporal()

    assert await temporal.dispatcher(record.store).start_stranded(1) == Started(2, 2)

    assert temporal.started == [first_job, first_prompt_job]


async def test_what_is_refused_is_free_again_at_once_and_holds_nothing_up(record: Record) -> None:
    job, other_job, prompt_job, other_prompt_job = await stranded(record)
    temporal = Temporal(refused={job, prompt_job})

    assert await temporal.dispatcher(record.store).start_stranded(100) == Started(4, 2)

    assert await marked(record) == {other_job, other_prompt_job}
    assert await claimable(record) == {job, prompt_job}


@pytest.mark.parametrize("started", [0, 1, 3])
async def test_a_start_that_breaks_off_leaves_the_rest_free(record: Record, started: int) -> None:
    ids = await stranded(record)
    temporal = Temporal(away_after=started)

    with pytest.raises(RPCError):
        await temporal.dispatcher(record.store).start_stranded(100)

    assert await marked(record) == set(ids[:started])
    assert await claimable(record) == set(ids[started:])


async def test_a_started_workflow_counts_though_postgres_went_away(record: Record) -> None:
    """Its first step marks the row; what was not reached is free once its claim has expired."""
    ids = await stranded(record)
    async with open_relay(record.url) as relay, open_store(relay.url) as store:
        temporal = Temporal(relay=relay)

        assert await temporal.dispatcher(store).start_stranded(100) == Started(4, 4)

        with pytest.raises(RecordUnavailable):
            await temporal.dispatcher(store).start_stranded(100)
    assert temporal.started == ids
    assert await marked(record) == set()
    assert await claimable(record) == set()
    await _let_claims_run_out(record)
    assert await claimable(record) == set(ids)
