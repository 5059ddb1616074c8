"""Erases what an erased job left at Temporal and WaveSpeed, and sweeps over the jobs of owners who are erased."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.contracts.erasure import MadePrediction, PendingErasure
from promptmill.contracts.errors import ProviderError, RecordError, RecordNotFound
from promptmill.contracts.names import (
    callback_workflow_id,
    job_workflow_id,
    prompt_workflow_id,
    store_workflow_id,
)
from promptmill.job_lines import id_field
from promptmill.providers.wavespeed.client import WaveSpeedClient
from promptmill.store import Store
from promptmill.temporal.erasing import delete_runs

_log = structlog.get_logger(__name__)

_PER_PASS: Final = 200
_AT_ONCE: Final = 8
_SWEEP_SECONDS: Final = 15.0
_DELETE_SECONDS: Final = 25.0
"""Time limits of the two halves of a pass; the rest follows in the next one."""


@dataclass(frozen=True)
class ErasureActivities:
    """The part of erasing that the record cannot do in one transaction."""

    store: Store
    client: Client
    wavespeed: WaveSpeedClient
    stores_outputs: bool

    @activity.defn
    async def erase_pending(self) -> int:
        """Erase the next rows of erased owners, then what is pending elsewhere; return how many erasures are complete.

        Safe to repeat: the record says what is left, and each deletion finds nothing the second time.
        """
        await self._sweep()
        pending = await self.store.erasures.take(_PER_PASS)
        places = asyncio.Semaphore(_AT_ONCE)
        done = 0

        async def one(erasure: PendingErasure) -> None:
            nonlocal done
            async with places:
                try:
                    complete = await self._erase(erasure)
                except Exception:  # noqa: BLE001 - whatever it is, the others are erased; this one is due again later
                    _log.exception("erasing_failed", **id_field(erasure.table_name, erasure.id))
                    return
            done += complete  # not before the await: the others count meanwhile

        try:
            async with asyncio.timeout(_DELETE_SECONDS), asyncio.TaskGroup() as group:
                for erasure in pending:
                    group.create_task(one(erasure))
        except TimeoutError:
            _log.warning("erasing_cut_short", count=len(pending), done=done)
        return done

    async def _sweep(self) -> None:
        stop_at = time.monotonic() + _SWEEP_SECONDS
        for owner in [erasure.owner for erasure in await self.store.erasures.owners()]:
            try:
                await self._sweep_owner(owner, stop_at)
            except RecordError:
                # The other owners, and what is pending elsewhere, do not wait for it; the page is repeated later.
                _log.exception("sweep_failed", owner=owner)

    async def _sweep_owner(self, owner: str, stop_at: float) -> None:
        goes_on = True
        while goes_on and time.monotonic() < stop_at:
            # Read again after each page: a new request starts the sweep anew.
            due = [erasure for erasure in await self.store.erasures.owners() if erasure.owner == owner]
            try:
                goes_on = bool(due) and await self.store.erasures.erase_page(due[0])
            except RecordNotFound:
                _log.info("erased_row_was_deleted", owner=owner)

    async def _erase(self, erasure: PendingErasure) -> bool:
        """Delete what is left of one row; return whether nothing was, and nothing can come any more."""
        try:
            problem = await self._delete_predictions(erasure.predictions)
            gone = [await delete_runs(self.client, workflow_id) for workflow_id in _workflow_ids(erasure)]
            problem = problem or await self._left_in_storage(erasure)
        except RPCError as error:
            problem = f"Temporal did not delete the workflow ({error.message})."
        if problem is not None:
            _log.warning("erasure_waits", **id_field(erasure.table_name, erasure.id), problem=problem)
            await self.store.erasures.note_problem(erasure.id, problem)
            return False
        if not all(gone) or not erasure.last_look:
            return False
        await self.store.erasures.done(erasure)
        _log.info("erased", **id_field(erasure.table_name, erasure.id))
        return True

    async def _left_in_storage(self, erasure: PendingErasure) -> str | None:
        """Return why files of the row's outputs are still stored, if something stands in the way of deleting them.

        The reconciler deletes them by itself; the record keeps the erasure pending until it has.
        """
        pending, why = await self.store.outputs.removal_pending(erasure.id)
        if pending and not self.stores_outputs:
            return "Its stored outputs cannot be deleted without PROMPTMILL_OUTPUTS, which says where they are."
        return f"The storage did not delete its outputs: {why}." if why else None

    async def _delete_predictions(self, predictions: tuple[MadePrediction, ...]) -> str | None:
        """Delete a job's predictions at WaveSpeed; return why one could not be deleted."""
        problem = None
        for made in predictions:
            ours = (made.provider_base or self.wavespeed.base, made.key_fingerprint or self.wavespeed.key_fingerprint)
            if ours != (self.wavespeed.base, self.wavespeed.key_fingerprint):
                # What another account made, this key cannot delete. WaveSpeed itself deletes it after a week.
                if made.kept:
                    problem = "The prediction was made with another key; WaveSpeed deletes it after seven days."
                continue
            try:
                await self.wavespeed.delete(made.prediction_id)
            except ProviderError as error:
                problem = f"WaveSpeed did not delete the prediction: {error}"
        return problem


def _workflow_ids(erasure: PendingErasure) -> tuple[str, ...]:
    if erasure.table_name == "jobs":
        return job_workflow_id(erasure.id), callback_workflow_id(erasure.id), store_workflow_id(erasure.id)
    return (prompt_workflow_id(erasure.id),)
