"""Runs the worker until it is told to stop: `python -m worker`."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from typing import Final

import structlog
import uvloop
from temporalio.client import Client
from temporalio.service import RPCError

from promptmill.config.advice import start_warnings
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.errors import ConfigurationError, RecordUnavailable
from promptmill.hard_exit import hard_exit
from promptmill.open_files import allow_open_files
from promptmill.store.address import left_out_problem
from promptmill.store.health import UNREACHABLE
from promptmill.telemetry import configure_logging
from promptmill.temporal.health import NOT_RESPONDING
from promptmill.temporal.installation import initialize
from promptmill.temporal.keys_in_use import missing_key_problem
from promptmill.temporal.restore_guard import guard_restore
from promptmill.temporal.runtime import open_runtime
from promptmill.tracing import check_tracing, traces
from promptmill.worker_resources import WorkerResources, open_worker_resources
from worker.build import build_parts
from worker.health import DRAINING, Health, serve_health
from worker.reader import AT_ONCE
from worker.versions import make_current, waiting_version

OTHER_FILES: Final = 100
"""Files that the process has open besides connections to providers, receivers and Postgres."""

_RETRY_SECONDS: Final = 2.0
_log = structlog.get_logger("worker")


def main() -> int:
    """Run the worker; return the exit code: 0 after a requested stop, 2 for an invalid setting."""
    try:
        settings = load_settings()
        configure_logging(settings, process="worker")
        for warning in start_warnings(settings):
            _log.warning("unsafe_setting", problem=warning)
        concurrency = settings.submission_pace.concurrency
        allow_open_files(open_files(settings), "PROMPTMILL_WAVESPEED_CONCURRENCY", concurrency)
        check_tracing(settings.otel_endpoint)
        with traces(settings.otel_endpoint, "worker"):
            uvloop.run(run(settings))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def open_files(settings: Settings) -> int:
    """Return how many files this process may have open at once, connections among them."""
    return (
        2 * settings.submission_pace.concurrency  # the POST, and the request for its price
        + settings.grok_concurrency
        + settings.callback_concurrency
        + settings.workflow_concurrency
        + 4 * settings.outputs_concurrency  # its connection, its file, what is read and written of it
        + AT_ONCE
        + settings.database_pool_size
        + OTHER_FILES
    )


async def run(settings: Settings) -> None:
    """Serve the task queues until SIGTERM or SIGINT, then let running activities finish; a second one ends it.

    Raises:
        ConfigurationError: A setting is missing or invalid.
    """
    stop = _stop_on_signals()
    if ignored := left_out_problem(settings.require_database_urls()):
        _log.warning("url_parameters_ignored", problem=ignored)
    health = Health(queues=settings.worker_queues)
    async with (
        serve_health(health, settings.metrics_host, settings.metrics_port, settings.allowed_hosts),
        AsyncExitStack() as opened,
    ):
        resources = await _open(settings, health, stop, opened)
        if resources is not None:
            await _serve(resources, health, stop)
    _log.info("worker_stopped")


def _stop_on_signals() -> asyncio.Event:
    """Return an event that the first SIGTERM or SIGINT sets; the second one ends the process."""
    stop = asyncio.Event()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            _log.warning("worker_ended_at_once", signal=number.name)
            hard_exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal, number)
    return stop


async def _open(
    settings: Settings, health: Health, stop: asyncio.Event, opened: AsyncExitStack
) -> WorkerResources | None:
    """Open the resources, waiting for Temporal and Postgres; None if told to stop before they are available."""
    runtime = open_runtime(settings.metrics_host, settings.temporal_metrics_port, "PROMPTMILL_TEMPORAL_METRICS_PORT")
    while not stop.is_set():
        try:
            resources = await opened.enter_async_context(open_worker_resources(settings, runtime))
            gaps = await initialize(settings, resources.store, resources.temporal)
            await _plan_storing(resources)
            # Before the first submission, since the reconciler's first pass may run after it.
            held = await guard_restore(resources.store, resources.temporal, settings.task_queue)
            missing = await missing_key_problem(resources.temporal, settings.task_queue, settings.payload_keys)
            await _warn_unless_current(resources.temporal, settings)
        except (RuntimeError, RPCError, RecordUnavailable) as error:
            await opened.aclose()
            health.waiting_for = UNREACHABLE if isinstance(error, RecordUnavailable) else NOT_RESPONDING
            _log.warning("waiting_for_servers", error=str(error), again_in_seconds=_RETRY_SECONDS)
            await _pause(stop)
        else:
            if held:
                _log.error("submissions_held", problem=held)
            if missing:
                _log.error("payload_keys_missing", problem=missing)
            if gaps.missing:
                _log.warning("search_attributes_missing", names=gaps.missing, problem=gaps.missing_problem)
            if gaps.mistyped:
                _log.warning("search_attributes_of_another_type", problem=gaps.type_problem)
            return resources
    return None


async def _plan_storing(resources: WorkerResources) -> None:
    """Have outputs planned to be stored, or not, as the settings say. Workers that run no workflows have no say."""
    if "workflows" in resources.settings.worker_queues:
        await resources.store.outputs.plan(stored=resources.storage is not None)
    if resources.storage is not None:
        await asyncio.to_thread(resources.storage.clear_incoming)


async def _warn_unless_current(client: Client, settings: Settings) -> None:
    if waiting := await waiting_version(client, settings):
        _log.warning("worker_not_current", build_id=waiting, action=make_current(settings, waiting))


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_RETRY_SECONDS):
            await stop.wait()
    except TimeoutError:
        return


async def _serve(resources: WorkerResources, health: Health, stop: asyncio.Event) -> None:
    parts = build_parts(resources)
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part.run())
        health.store, health.temporal = resources.store, resources.temporal
        health.waiting_for = None
        _log.info("worker_ready", queues=list(health.queues))
        await stop.wait()
        health.waiting_for = DRAINING
        _log.info("worker_draining", at_most_seconds=resources.settings.shutdown_seconds)
        await asyncio.gather(*(part.shutdown() for part in parts))


if __name__ == "__main__":
    hard_exit(main())
