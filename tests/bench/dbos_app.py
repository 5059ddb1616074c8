"""The third side: DBOS, durable workflows in Postgres alone, around the same calls and the same record.

Its steps are Promptmill's own activities, run outside Temporal: what is compared is what makes them durable. One
process takes requests and runs workflows, which suits DBOS best. `python -m tests.bench.dbos_app` runs until SIGTERM.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from dbos import DBOS, DBOSConfig, WorkflowHandleAsync
from fastapi import FastAPI
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.jobs import JobInput, JobSnapshot, MediaRequest, PredictionRequest, SubmitResult
from promptmill.contracts.prompts import PromptRequest
from promptmill.local.ports import LOOPBACK
from promptmill.store.jobs import job_input
from promptmill.worker_resources import open_worker_resources
from tests.fixtures.mill import new_job
from worker.build import Activities, build_activities

PORT = "BENCH_DBOS_PORT"


class Steps:
    """What the steps need; DBOS finds workflows and steps by name, so they are functions of the module."""

    activities: Activities


@DBOS.step()
async def write_prompt(job: JobInput) -> str:
    """Ask Grok once and store the answer."""
    request = PromptRequest.built_from(job, existing_prompt=job.prompt, metadata={})
    return (await ActivityEnvironment().run(Steps.activities.prompts.write_prompt, request)).prompt


@DBOS.step()
async def submit(job: JobInput, prompt: str) -> SubmitResult:
    """Submit once, with a permission from the record."""
    request = MediaRequest.built_from(job, prompt=prompt, known_submission=None)
    return await ActivityEnvironment().run(Steps.activities.media.submit_media, request)


@DBOS.step()
async def collect(job: JobInput, submitted: SubmitResult) -> JobSnapshot:
    """Read the result until it is there, and store it."""
    assert submitted.prediction_id is not None
    assert submitted.accepted_at is not None
    request = PredictionRequest.built_from(
        job, prediction_id=submitted.prediction_id, accepted_at=submitted.accepted_at
    )
    while True:
        try:
            return await ActivityEnvironment().run(Steps.activities.media.collect_result, request)
        except ApplicationError as error:
            if error.next_retry_delay is None:
                raise
            await asyncio.sleep(error.next_retry_delay.total_seconds())


@DBOS.workflow()
async def generate(job: JobInput) -> str:
    """Run one job to its end and return its status."""
    prompt = await write_prompt(job)
    submitted = await submit(job, prompt)
    row = await collect(job, submitted)
    return row.status.value


def create_app(settings: Settings) -> FastAPI:
    """Return the service."""
    handles: dict[str, WorkflowHandleAsync[str]] = {}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_worker_resources(settings) as resources:
            Steps.activities = build_activities(resources)
            app.state.store = resources.store
            config: DBOSConfig = {
                "name": "bench",
                "system_database_url": settings.require_database_url(),
                "log_level": "WARNING",
            }
            DBOS(config=config)
            DBOS.launch()
            yield
            DBOS.destroy()

    app = FastAPI(lifespan=lifespan)

    @app.post("/jobs", status_code=202)
    async def create(body: dict[str, Any]) -> dict[str, str]:
        job, _ = await app.state.store.jobs.accept(new_job(settings, use_ai_prompt=True, **body))
        handles[str(job.id)] = await DBOS.start_workflow_async(generate, job_input(job))
        return {"jobId": str(job.id)}

    @app.get("/healthz")
    async def healthy() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/jobs/{job_id}/end")
    async def end(job_id: str) -> dict[str, str]:
        return {"status": await handles.pop(job_id).get_result()}

    return app


if __name__ == "__main__":
    import os

    uvicorn.run(create_app(load_settings()), host=LOOPBACK, port=int(os.environ[PORT]), log_level="warning")
