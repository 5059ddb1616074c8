"""The same two calls as Promptmill's, by the same clients, without anything around them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import Client

from promptmill.providers.grok.client import GrokClient, GrokQuestion
from promptmill.providers.wavespeed.client import WaveSpeedClient, boottime

SYSTEM = "You write one prompt for a picture. Answer in JSON."
SEND_WITHIN_SECONDS = 20.0


class BareJob(BaseModel):
    """The request."""

    model: str
    grok_model: str
    instructions: str


class BarePrompt(BaseModel):
    """A written prompt, to be submitted to WaveSpeed."""

    model: str
    prompt: str


@dataclass(frozen=True)
class BareActivities:
    """Two calls over HTTP, and the signal."""

    client: Client
    grok: GrokClient
    wavespeed: WaveSpeedClient

    @activity.defn
    async def write_prompt(self, job: BareJob) -> BarePrompt:
        """Send one request to Grok."""
        question = GrokQuestion(model=job.grok_model, system=SYSTEM, text=job.instructions)
        return BarePrompt(model=job.model, prompt=(await self.grok.write(question)).prompt)

    @activity.defn
    async def submit_media(self, prompt: BarePrompt) -> str:
        """Submit once, and send the signal at once: the simulator has finished by then, and a webhook would say so."""
        body = {"prompt": prompt.prompt, "size": "512*512"}
        prediction = await self.wavespeed.submit(prompt.model, body, post_by=boottime() + SEND_WITHIN_SECONDS)
        workflow_id = activity.info().workflow_id
        assert workflow_id is not None
        await self.client.get_workflow_handle(workflow_id).signal("deliver_result", [prediction])
        return prediction
