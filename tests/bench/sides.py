"""What is compared: a bare Temporal workflow, a job with `useAiPrompt` through the API, and the same with DBOS."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

import httpx
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from uuid_utils import uuid7

from promptmill.contracts.jobs import JobResult, JobStatus
from promptmill.contracts.names import job_workflow_id
from tests.bench.bare_activities import BareJob
from tests.bench.bare_workflow import BARE_QUEUE, BareWorkflow

MODEL = "wavespeed-ai/flux-dev"
INSTRUCTIONS = "A fox in the first snow"
LOOK_EVERY_SECONDS = 0.05


class Side(Protocol):
    """One of them."""

    @property
    def name(self) -> str:
        """Its name in the figures."""

    async def run_job(self) -> None:
        """Take one job from the request to the end of its workflow."""


@dataclass(frozen=True)
class Bare:
    """The bare workflow, started directly."""

    client: Client
    grok_model: str
    instant: bool
    name: str = "bare"

    async def run_job(self) -> None:
        """Start one workflow and wait for its end."""
        job = BareJob(model=MODEL, grok_model=self.grok_model, instructions=INSTRUCTIONS, instant=self.instant)
        handle = await self.client.start_workflow(BareWorkflow.run, job, id=f"bare-{uuid7()}", task_queue=BARE_QUEUE)
        await handle.result()


@dataclass
class Promptmill:
    """This system, called over HTTP. As for the other, a job ends when its workflow has closed.

    Attributes:
        late_starts: Jobs that the API accepted but could not start within half a second, so that the reconciler did.
    """

    client: Client
    http: httpx.AsyncClient
    name: str = "promptmill"
    late_starts: int = field(default=0, init=False)

    async def run_job(self) -> None:
        """Create one job and wait for its end.

        Raises:
            RuntimeError: It was not accepted, or did not complete.
        """
        body = {"model": MODEL, "useAiPrompt": True, "instructions": INSTRUCTIONS, "input": {"size": "512*512"}}
        answer = await self.http.post("/api/jobs/create", json=body)
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise RuntimeError(f"The API answered {answer.status_code}: {answer.text}")
        result = await self._result(job_workflow_id(answer.json()["jobId"]))
        if result.status is not JobStatus.COMPLETED:
            raise RuntimeError(f"Job {result.job_id} is {result.status}: {result.error}")

    async def _result(self, workflow_id: str) -> JobResult:
        handle = self.client.get_workflow_handle(workflow_id, result_type=JobResult)
        late = False
        while True:
            try:
                result: JobResult = await handle.result()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            else:
                self.late_starts += late
                return result
            late = True
            await asyncio.sleep(LOOK_EVERY_SECONDS)


@dataclass(frozen=True)
class Dbos:
    """DBOS with the same calls and the same writes to the record, called over HTTP."""

    http: httpx.AsyncClient
    name: str = "DBOS"

    async def run_job(self) -> None:
        """Create one job and wait for its end.

        Raises:
            RuntimeError: It did not complete.
        """
        body = {"model": MODEL, "instructions": INSTRUCTIONS}
        job_id = (await self.http.post("/jobs", json=body)).raise_for_status().json()["jobId"]
        status = (await self.http.get(f"/jobs/{job_id}/end")).raise_for_status().json()["status"]
        if status != JobStatus.COMPLETED:
            raise RuntimeError(f"Job {job_id} of DBOS is {status}.")
