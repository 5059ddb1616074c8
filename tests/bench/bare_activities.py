"""The same calls as Promptmill's, by the same clients, without anything around them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import Client

from promptmill.contracts.jobs import MediaKind
from promptmill.providers.grok.client import GrokClient, GrokQuestion
from promptmill.providers.wavespeed.client import WaveSpeedClient, boottime

SYSTEM = "You write one prompt for a picture. Answer in JSON."
SEND_WITHIN_SECONDS = 20.0
READ_EVERY_SECONDS = 0.5


class BareJob(BaseModel):
    """The request.

    Attributes:
        instant: The result is there as soon as WaveSpeed accepts; otherwise it has to be read.
    """

    model: str
    grok_model: str
    instructions: str
    instant: bool


class BarePrompt(BaseModel):
    """A written prompt, to be submitted to WaveSpeed."""

    model: str
    prompt: str
    instant: bool


@dataclass(frozen=True)
class BareActivities:
    """The calls over HTTP, and the signal."""

    client: Client
    grok: GrokClient
    wavespeed: WaveSpeedClient

    @activity.defn
    async def write_prompt(self, job: BareJob) -> BarePrompt:
        """Send one request to Grok."""
        question = GrokQuestion(model=job.grok_model, system=SYSTEM, text=job.instructions)
        prompt = (await self.grok.write(question)).prompt
        return BarePrompt(model=job.model, prompt=prompt, instant=job.instant)

    @activity.defn
    async def submit_media(self, prompt: BarePrompt) -> str:
        """Submit once. If the result is there by then, send the signal that a webhook would cause."""
        body = {"prompt": prompt.prompt, "size": "512*512"}
        prediction = await self.wavespeed.submit(prompt.model, body, post_by=boottime() + SEND_WITHIN_SECONDS)
        if prompt.instant:
            workflow_id = activity.info().workflow_id
            assert workflow_id is not None
            await self.client.get_workflow_handle(workflow_id).signal("deliver_result", [prediction])
        return prediction

    @activity.defn
    async def read_result(self, prediction_id: str) -> list[str]:
        """Read the result until it is there."""
        while True:
            prediction = await self.wavespeed.result(prediction_id, kind=MediaKind.IMAGE)
            if prediction.finished:
                return [str(output) for output in prediction.outputs]
            await asyncio.sleep(READ_EVERY_SECONDS)
