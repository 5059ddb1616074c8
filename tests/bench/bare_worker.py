"""`python -m tests.bench.bare_worker`: serves the bare workflow as ours are served, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from promptmill.config.settings import Settings, load_settings
from promptmill.providers.grok.client import open_grok
from promptmill.providers.wavespeed.client import open_wavespeed
from promptmill.temporal import connect
from tests.bench.bare_activities import BareActivities
from tests.bench.bare_workflow import BARE_QUEUE, BareWorkflow

READY = "bare worker: ready"


async def serve(settings: Settings) -> None:
    """Poll until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await connect(settings)
    async with (
        open_grok(settings.xai_api_base, settings.xai_api_key, timeout_seconds=30) as grok,
        open_wavespeed(settings.wavespeed_api_base, settings.wavespeed_api_key, submit_timeout_seconds=30) as wavespeed,
    ):
        activities = BareActivities(client, grok, wavespeed)
        worker = Worker(
            client,
            task_queue=BARE_QUEUE,
            workflows=[BareWorkflow],
            activities=[activities.write_prompt, activities.submit_media, activities.read_result],
            workflow_runner=UnsandboxedWorkflowRunner(),
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            max_cached_workflows=settings.max_cached_workflows,
        )
        async with worker:
            sys.stdout.write(f"{READY}\n")
            sys.stdout.flush()
            await stop.wait()


if __name__ == "__main__":
    uvloop.run(serve(load_settings()))
