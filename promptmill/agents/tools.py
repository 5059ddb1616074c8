"""The tools. Each is one or two calls of the REST API; its parameters are the arguments that a client gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult
from pydantic import Field

from promptmill.agents.calls import Calls
from promptmill.agents.saving import PLAIN_NAME, Folder
from promptmill.agents.shapes import (
    MOST_FOUND,
    MOST_LISTED,
    BudgetLeft,
    By,
    IdempotencyKey,
    Inputs,
    JobId,
    JobIds,
    JobPage,
    Jobs,
    Model,
    ModelDetail,
    ModelFound,
    ModelsFound,
    Pictures,
    Price,
    PromptWritten,
    Saved,
    Spend,
    SpendRow,
    WaitSeconds,
)
from promptmill.agents.showing import job_of, result_of
from promptmill.agents.waiting import ended, jobs_ended, until
from promptmill.contracts.prompts import FINAL_PROMPT_STATUSES

Asked = Context[Any, Any]
Reach = Callable[[Asked], AbstractAsyncContextManager[Calls]]
"""Returns how to call the installation, for whoever makes a request."""

Cost = Annotated[
    Decimal,
    Field(
        ge=0,
        le=1000,
        decimal_places=6,
        description="What WaveSpeed may charge for this job, in USD, as the person allows it: if it costs more, it "
        "ends unpaid. Ask `get_price` before.",
    ),
]
_DAY: Final = r"^\d{4}-\d\d-\d\d$"
JobsShown = Annotated[CallToolResult, Jobs]


@dataclass(frozen=True)
class Tools:
    """The tools of one installation; `folder` is where outputs may be saved."""

    reach: Reach
    folder: Folder | None = None

    async def search_models(
        self,
        ctx: Asked,
        *,
        query: Annotated[str, Field(max_length=200, description="Words of a model's name or of what it does.")] = "",
        kind: Annotated[str | None, Field(description="image, video, audio or text.")] = None,
        limit: Annotated[int, Field(ge=1, le=MOST_FOUND)] = 10,
    ) -> ModelsFound:
        """Find models by words: of their path, their name and their task, such as `text-to-image`."""
        async with self.reach(ctx) as calls:
            models = [ModelFound.model_validate(each) for each in (await calls.get("/api/models"))["items"]]
        words = query.lower().split()
        rated = [(_fit(model, words), model) for model in models if kind in (None, model.kind)]
        found = [model for fit, model in sorted(rated, key=lambda each: -each[0]) if fit or not words]
        return ModelsFound(items=found[:limit], more=max(len(found) - limit, 0))

    async def get_model(self, ctx: Asked, model: Model) -> ModelDetail:
        """Return a model's inputs with their limits: look before you set any."""
        async with self.reach(ctx) as calls:
            return ModelDetail.model_validate(await calls.get(f"/api/models/{model}"))

    async def get_price(
        self,
        ctx: Asked,
        *,
        model: Model,
        prompt: Annotated[str | None, Field(max_length=10_000)] = None,
        input: Inputs | None = None,
        pictures: Pictures | None = None,
    ) -> Price:
        """Ask what a run would cost, with exactly these inputs. Free."""
        body = {"model": model, "prompt": prompt, "input": input, **_pictures(pictures)}
        async with self.reach(ctx) as calls:
            return Price.model_validate(await calls.post("/api/models/price", body))

    async def write_prompt(
        self,
        ctx: Asked,
        *,
        instructions: Annotated[str, Field(max_length=4_000, description="What the prompt is to achieve.")],
        idempotencyKey: IdempotencyKey,
        prompt: Annotated[str | None, Field(max_length=10_000, description="One to make better.")] = None,
        style: Annotated[str | None, Field(max_length=40, description="Such as `cinematic`.")] = None,
        model: Annotated[Model | None, Field(description="The model that gets the prompt.")] = None,
        pictures: Pictures | None = None,
        variants: Annotated[int, Field(ge=1, le=6, description="How many different ones.")] = 1,
        waitSeconds: WaitSeconds = 60,
    ) -> PromptWritten:
        """Have Grok write a prompt. xAI charges about a cent for it, whatever comes of it."""
        body = {
            "instructions": instructions,
            "prompt": prompt,
            "style": style,
            "targetModel": model,
            "wantedVariants": variants,
            **_pictures(pictures),
        }
        async with self.reach(ctx) as calls:
            first = PromptWritten.model_validate(await calls.post("/api/prompt/queue", body, key=idempotencyKey))

            async def look() -> PromptWritten:
                return PromptWritten.model_validate(await calls.get(f"/api/prompt/queue/{first.prompt_job_id}"))

            return await until(
                look,
                lambda seen: seen.status in FINAL_PROMPT_STATUSES,
                lambda seen: seen.status_text,
                seconds=waitSeconds,
                ctx=ctx,
            )

    async def create_job(
        self,
        ctx: Asked,
        *,
        model: Model,
        idempotencyKey: IdempotencyKey,
        maxCostUsd: Cost,
        prompt: Annotated[str | None, Field(max_length=10_000)] = None,
        input: Inputs | None = None,
        pictures: Pictures | None = None,
        instructions: Annotated[
            str | None,
            Field(max_length=4_000, description="Grok writes the prompt after these first, which xAI charges for."),
        ] = None,
        waitSeconds: WaitSeconds = 0,
    ) -> JobsShown:
        """Make a picture, a video or a sound. Costs money: at most `maxCostUsd` at WaveSpeed, once for each key."""
        body = {
            "model": model,
            "prompt": prompt,
            "input": input,
            "instructions": instructions,
            "useAiPrompt": True if instructions else None,
            "maxPriceUsd": float(maxCostUsd),
            **_pictures(pictures),
        }
        async with self.reach(ctx) as calls:
            job = job_of(await calls.post("/api/jobs/create", body, key=idempotencyKey))
            return await _ended(calls, [job.job_id], waitSeconds, ctx)

    async def get_job(self, ctx: Asked, jobId: JobId) -> JobsShown:
        """Return a job: where it stands, what it cost, and its pictures."""
        async with self.reach(ctx) as calls:
            return await _ended(calls, [jobId], 0, ctx)

    async def list_jobs(
        self,
        ctx: Asked,
        *,
        status: Annotated[str | None, Field(description="Only these: queued, generating, completed, failed, …")] = None,
        query: Annotated[str | None, Field(max_length=200, description="Words of prompts, models or labels.")] = None,
        batchId: Annotated[str | None, Field(max_length=36, description="Only those of this batch.")] = None,
        limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 20,
        cursor: Annotated[str | None, Field(max_length=200, description="`nextCursor` of the page before.")] = None,
    ) -> JobPage:
        """List jobs, newest first, without their pictures."""
        async with self.reach(ctx) as calls:
            page = await calls.get("/api/jobs", status=status, q=query, batch=batchId, limit=limit, cursor=cursor)
        return JobPage.model_validate(page)

    async def wait_for_jobs(self, ctx: Asked, *, jobIds: JobIds, waitSeconds: WaitSeconds = 120) -> JobsShown:
        """Wait until jobs have ended, and return them with their pictures."""
        async with self.reach(ctx) as calls:
            return await _ended(calls, list(dict.fromkeys(jobIds)), waitSeconds, ctx)

    async def cancel_job(self, ctx: Asked, jobId: JobId) -> JobsShown:
        """Cancel a job that has not ended. What was submitted is charged all the same; `paidText` says so."""
        async with self.reach(ctx) as calls:
            job = job_of(await calls.delete(f"/api/jobs/{jobId}"))
            return await result_of(calls, Jobs(items=[job], ended=ended(job)), [job])

    async def retry_job(
        self, ctx: Asked, jobId: JobId, idempotencyKey: IdempotencyKey, waitSeconds: WaitSeconds = 0
    ) -> JobsShown:
        """Make a job that failed once more, as a new job within the same price limit. Costs money.

        Refused while the first may still be billed: that is for people to decide.
        """
        async with self.reach(ctx) as calls:
            job = job_of(await calls.post(f"/api/jobs/{jobId}/retry", {"force": False}, key=idempotencyKey))
            return await _ended(calls, [job.job_id], waitSeconds, ctx)

    async def save_outputs(
        self,
        ctx: Asked,
        jobIds: JobIds,
        folder: Annotated[
            str | None, Field(pattern=f"^{PLAIN_NAME}$", description="A folder's name in that folder.")
        ] = None,
    ) -> Saved:
        """Save the outputs of jobs as files in the folder that the person named when they started this server."""
        assert self.folder is not None, "it is a tool only where there is a folder"
        files = []
        async with self.reach(ctx) as calls:
            for job_id in dict.fromkeys(jobIds):
                job = job_of(await calls.get(f"/api/jobs/{job_id}"))
                for output in job.outputs:
                    files.append(await self.folder.save(calls, job, output, folder))
                    await ctx.report_progress(len(files), None, f"{len(files)} files")
        return Saved(files=files)

    async def get_spend(
        self,
        ctx: Asked,
        *,
        by: By = "day",
        fromDay: Annotated[str | None, Field(pattern=_DAY, description="The first day, as 2026-01-31.")] = None,
        toDay: Annotated[str | None, Field(pattern=_DAY, description="The last day.")] = None,
    ) -> Spend:
        """Return what was spent, and what is left of the budgets. Without days: those of the last month."""
        async with self.reach(ctx) as calls:
            spend, budgets = await asyncio.gather(
                calls.get("/api/spend", by=by, **{"from": fromDay, "to": toDay}), calls.get("/api/budgets")
            )
        return Spend(
            spent_usd=spend["spentUsd"],
            reserved_usd=spend["reservedUsd"],
            items=[SpendRow.model_validate(each) for each in spend["items"]],
            budgets=[BudgetLeft.model_validate(each) for each in budgets["items"]],
        )


def _fit(model: ModelFound, words: Sequence[str]) -> int:
    """Return how well a model fits: all words are in it, and more so in its path."""
    text = f"{model.model} {model.label} {model.task or ''}".lower()
    if not all(word in text for word in words):
        return 0
    return 1 + sum(word in model.model.lower() for word in words)


def _pictures(urls: Sequence[str] | None) -> dict[str, Any]:
    """Return pictures as the API takes them: references, then the one to change."""
    return {} if not urls else {"refUrls": list(urls[:-1]), "targetUrl": urls[-1]}


async def _ended(calls: Calls, ids: Sequence[str], seconds: float, ctx: Asked) -> CallToolResult:
    jobs = await jobs_ended(calls, ids, seconds=seconds, ctx=ctx)
    return await result_of(calls, Jobs(items=jobs, ended=all(ended(job) for job in jobs)), jobs)
