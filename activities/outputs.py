"""Stores finished outputs: fetches each from WaveSpeed, renders it, and puts it where the installation keeps them."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from promptmill.contracts.errors import (
    OutputRefused,
    OutputUnavailable,
    RecordNotFound,
    RecordUnavailable,
    StorageUnavailable,
)
from promptmill.contracts.outputs import Placed, Placement, StoreInput, StoreReport, WaitingOutput
from promptmill.metrics import stored_bytes, stored_outputs
from promptmill.outputs.media_types import HEAD_BYTES, MediaType, media_type_of
from promptmill.outputs.naming import RENDERINGS, output_path, recipe_path, rendering_path
from promptmill.outputs.recipe import recipe
from promptmill.outputs.renderer import Renderer
from promptmill.outputs.storage import OutputStorage
from promptmill.providers.outputs.fetcher import OutputFetcher
from promptmill.store import Store

_log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_MAX_DOUBLINGS: Final = 20

_STORED: Final = "stored"
_POSTPONED: Final = "postponed"
_FAILED: Final = "failed"
_UNWANTED: Final = "unwanted"


@dataclass(frozen=True)
class OutputActivities:
    """Stores outputs, one after the other.

    Attributes:
        most_bytes: What all stored outputs may take; None without a limit.
    """

    store: Store
    storage: OutputStorage
    fetcher: OutputFetcher
    renderer: Renderer
    most_bytes: int | None

    @activity.defn
    async def store_outputs(self, request: StoreInput) -> StoreReport:
        """Store what waits of a job's outputs; return once nothing does, otherwise raise to be retried.

        Safe to repeat, at any moment: the record knows the path before a file is put there, and the next attempt puts
        the same content in the same place.

        Raises:
            ApplicationError: Some could not be stored now; benign.
        """
        outcomes: list[_Outcome] = []
        problem = None
        async with heartbeats():
            try:
                outcomes = [await self._try(output) for output in await self.store.outputs.begin(request.job_id)]
            except RecordUnavailable as error:
                problem = str(error)
        problem = next((outcome.why for outcome in outcomes if outcome.name == _POSTPONED), problem)
        if problem is not None:
            raise ApplicationError(
                problem,
                type="not_stored",
                category=ApplicationErrorCategory.BENIGN,
                next_retry_delay=pause_after(activity.info().attempt),
            )
        names = [outcome.name for outcome in outcomes]
        return StoreReport(job_id=request.job_id, stored=names.count(_STORED), failed=names.count(_FAILED))

    async def _try(self, output: WaitingOutput) -> _Outcome:
        """Store one output, or record why not."""
        outcome = await self._attempt(output)
        stored_outputs.labels(outcome.name).inc()
        if outcome.name in {_POSTPONED, _FAILED}:
            _log.warning(
                "output_not_stored",
                job_id=str(output.job_id),
                index=output.index,
                attempt=output.attempts,
                problem=outcome.why,
            )
            for_good = outcome.name == _FAILED
            await self.store.outputs.not_stored(output.job_id, output.index, outcome.why, for_good=for_good)
        return outcome

    async def _attempt(self, output: WaitingOutput) -> _Outcome:
        began = time.perf_counter()
        try:
            size = await self._store(output)
        except RecordUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is: the job's other outputs are stored, this one later
            return _outcome_of(error, output)
        stored_bytes.inc(size)
        ms = round((time.perf_counter() - began) * 1000, 1)
        _log.info("output_stored", job_id=str(output.job_id), index=output.index, bytes=size, ms=ms)
        return _Outcome(_STORED)

    async def _store(self, output: WaitingOutput) -> int:
        """Fetch, render and put one output; return its size.

        Raises:
            RecordNotFound: It is not wanted any more.
            OutputRefused, OutputUnavailable, StorageUnavailable: It is not stored.
        """
        if output.expires_at <= datetime.now(UTC):  # noqa: TID251 - an activity, not a workflow
            raise OutputRefused(f"WaveSpeed has deleted it. Before: {output.problem or 'nobody tried'}")
        job = await self.store.jobs.get(output.job_id)
        url = _url_of(job.outputs, output.index)
        with self.storage.incoming() as folder:
            source = folder / "file"
            fetched = await self.fetcher.fetch(url, source)
            kind = await asyncio.to_thread(_kind_of, source)
            rendered = await self.renderer.render(source, kind, folder)
            if rendered.problem:
                _log.warning("output_not_rendered", job_id=str(job.id), index=output.index, problem=rendered.problem)
            found = Placement(
                job_id=job.id,
                index=output.index,
                path="",
                renderings=tuple(rendered.files),
                content_type=kind.name,
                bytes=fetched.size,
                total_bytes=0,
                width=rendered.width,
                height=rendered.height,
                duration_seconds=rendered.seconds,
                sha256=fetched.sha256,
            )
            written = await asyncio.to_thread(_write, folder, recipe(job, found))
            beside = sum(path.stat().st_size for path in (written, *rendered.files.values()))
            placement = found.model_copy(update={"total_bytes": fetched.size + beside})
            path = await self._place(job, placement, kind.suffix)
            for rendering, file in rendered.files.items():
                await self.storage.put_file(rendering_path(path, rendering), file, RENDERINGS[rendering][1])
            await self.storage.put_file(recipe_path(path), written, "application/json")
            # Last: whoever finds the file finds the rest.
            await self.storage.put_file(path, source, kind.name)
        if not await self.store.outputs.stored(job.id, output.index, path):
            raise RecordNotFound("The output is not wanted any more.")
        return fetched.size

    async def _place(self, job: Any, placement: Placement, suffix: str) -> str:
        """Record where an output is about to be put; under its job's whole id if another one has the short name."""
        for whole_id in (False, True):
            path = output_path(
                made_at=job.created_at,
                model=job.model,
                words=job.prompt,
                seed=job.input.get("seed"),
                job_id=job.id,
                index=placement.index,
                suffix=suffix,
                whole_id=whole_id,
            )
            at = placement.model_copy(update={"path": path})
            placed = await self.store.outputs.place(at, most_bytes=self.most_bytes)
            if placed is Placed.PLACED:
                return path
            if placed is Placed.GONE:
                raise RecordNotFound("The output is not wanted any more.")
            if placed is Placed.FULL:
                raise StorageUnavailable(
                    "the storage has no room: what is there is liked, or it is too large (PROMPTMILL_OUTPUTS_MAX_GB)"
                )
        raise StorageUnavailable("a file of that name is still to be deleted")


def pause_after(attempt: int) -> timedelta:
    """Return how long to wait after an attempt that stored not everything.

    Scattered, so that what waited for one server does not ask it all at once when it is back.
    """
    grown = _FIRST_PAUSE.total_seconds() * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS)
    return timedelta(seconds=min(grown, _LONGEST_PAUSE.total_seconds())) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


class _Outcome(NamedTuple):
    """What became of an attempt, and why it is not stored."""

    name: str
    why: str = ""


def _outcome_of(error: Exception, output: WaitingOutput) -> _Outcome:
    match error:
        case RecordNotFound():
            return _Outcome(_UNWANTED)
        case OutputRefused():
            return _Outcome(_FAILED, str(error))
        case OutputUnavailable() | StorageUnavailable():
            return _Outcome(_POSTPONED, str(error))
        case OSError():
            return _Outcome(_POSTPONED, f"this machine cannot hold it while it is stored ({error.strerror})")
    _log.error("storing_failed", job_id=str(output.job_id), index=output.index, exc_info=error)
    return _Outcome(_POSTPONED, "an unforeseen error, which the log has")


def _url_of(outputs: list[dict[str, Any]], index: int) -> str:
    url = outputs[index].get("url") if index < len(outputs) else None
    if not isinstance(url, str):
        raise RecordNotFound("The job has no such output any more.")
    return url


def _kind_of(path: Path) -> MediaType:
    """Return what a fetched file is.

    Raises:
        OutputUnavailable: It is a web page, so something else was served in the output's place.
    """
    with path.open("rb") as file:
        kind = media_type_of(file.read(HEAD_BYTES))
    if kind is None:
        raise OutputUnavailable("a web page came in its place")
    return kind


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "recipe.json"
    path.write_bytes(content)
    return path
