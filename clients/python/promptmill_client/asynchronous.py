"""The client for asyncio: `sync`, with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import httpx

from promptmill_client import calls, flows
from promptmill_client.asynchronous_batches import AsyncBatches
from promptmill_client.downloads import TEMPLATE, Saved, Saving, source, target
from promptmill_client.errors import Unreachable
from promptmill_client.flows import Flow, Outcome, Pause, Result
from promptmill_client.messages import Call, new_key, settled
from promptmill_client.models import (
    AskPrice,
    BalanceAnswer,
    BudgetAnswer,
    ChangeJob,
    CreateJob,
    EnqueuePrompt,
    Event,
    JobAnswer,
    ModelAnswer,
    ModelDetail,
    OutputAnswer,
    PriceAnswer,
    PromptJobAnswer,
    SharedOutput,
    SpendList,
    StyleAnswer,
    Timeline,
    UploadedFile,
)
from promptmill_client.settings import Address, stream_timeouts, timeouts
from promptmill_client.state import JobState
from promptmill_client.streams import Following

RETRIES: Final = 3
TIMEOUT_SECONDS: Final = 30.0


class AsyncClient:
    """Calls one installation. Close it, or use it in a `with`: it keeps its connections.

    Args:
        url: Where the API is. Default: PROMPTMILL_URL, or this machine.
        api_key: The key; empty for none. Default: PROMPTMILL_API_KEY.
        owner: The owner to act for; admins only.
        timeout: Seconds for one request.
        retries: How often a request is sent again where that is safe and may help.
        transport: Another transport of httpx.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        owner: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.address = Address.of(url, api_key, owner)
        self.retries = retries
        self.timeout = timeout
        self._http = httpx.AsyncClient(transport=transport)
        self.files = AsyncFiles(self)
        self.prompts = AsyncPrompts(self)
        self.models = AsyncModels(self)
        self.prices = AsyncPrices(self)
        self.batches = AsyncBatches(self)
        self.money = AsyncMoney(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(
        self,
        order: CreateJob | None = None,
        /,
        *,
        idempotency_key: str | None = None,
        within: float | None = None,
        **fields: Any,
    ) -> AsyncJob:
        """Create a job, wait for it and return it with its outputs.

        Args:
            order: The job; or give its `fields`.
            idempotency_key: The same key creates one job only, within a day. Default: a new one.
            within: Seconds to wait. Default: until it ends.
            **fields: Those of `CreateJob`.

        Raises:
            JobFailed, JobCancelled, JobUnclear: It has no outputs.
            WaitedOut: It goes on.
            ApiError: It was refused.
        """
        job = await self.submit(order, idempotency_key=idempotency_key, **fields)
        await job.wait(within)
        flows.completed(job.answer)
        return job

    async def submit(
        self, order: CreateJob | None = None, /, *, idempotency_key: str | None = None, **fields: Any
    ) -> AsyncJob:
        """Create a job and return at once. As `run`."""
        wanted = order or CreateJob(**fields)
        made = await self.call(calls.create_job(wanted, idempotency_key or new_key()))
        return AsyncJob(self, made.answer, replayed=made.replayed)

    async def job(self, job_id: UUID | str) -> AsyncJob:
        """Return a job by its id."""
        return AsyncJob(self, await self.call(calls.get_job(UUID(str(job_id)))))

    async def jobs(self, **filters: Any) -> AsyncIterator[JobAnswer]:
        """Yield jobs, newest first, page by page. `filters` are those of `GET /api/jobs`, such as `status` and `q`."""
        cursor = None
        while True:
            page = await self.call(calls.list_jobs(filters, cursor))
            for job in page.items:
                yield job
            cursor = page.next_cursor
            if cursor is None:
                return

    async def call(self, call: Call[Result]) -> Result:
        """Send a call, and again where that is safe and may help."""
        return await self.drive(flows.sending(call, self.retries))

    async def drive(self, flow: Flow[Result]) -> Result:
        """Do what a flow asks for, until it returns."""
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                result: Result = end.value
                return result
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                outcome = None
            else:
                outcome = await self._outcome(step)

    async def _outcome(self, call: Call[Any]) -> Outcome:
        try:
            return await self._http.send(self.address.request(call, timeouts(self.timeout)))
        except httpx.TransportError as error:
            return error

    @asynccontextmanager
    async def _open(self, call: Call[None]) -> AsyncIterator[httpx.Response]:
        request = self.address.request(call, stream_timeouts(self.timeout))
        response = await self._http.send(request, stream=True, follow_redirects=call.elsewhere)
        try:
            if not response.is_success:
                await response.aread()
            yield response
        finally:
            await response.aclose()

    async def follow(self, job_id: UUID) -> AsyncIterator[JobAnswer | Event]:
        """Yield a job after each change, and each entry of its timeline, until it has ended."""
        following = Following(job_id)
        while not following.over:
            outcome: Outcome = None
            try:
                async with self._open(following.call()) as response:
                    following.opened(response)
                    if response.is_success:
                        async for chunk in response.aiter_bytes():
                            for found in following.feed(chunk):
                                yield found
                    else:
                        outcome = response
            except httpx.TransportError as error:
                outcome = error
            if not following.over:
                await asyncio.sleep(following.wait(outcome))

    async def save(self, job: JobAnswer, output: OutputAnswer, path: Path) -> Saved:
        """Save an output's file at a path, or beside it if something else is there."""
        return await self.fetch(source(job, output), path)

    async def fetch(self, found: Call[None] | bytes, path: Path) -> Saved:
        """Save what a call downloads, or a text."""
        saving = Saving.begin(path)
        try:
            if isinstance(found, bytes):
                saving.file.write(found)
            else:
                async with self._open(found) as response:
                    settled(found, response)
                    async for chunk in response.aiter_bytes():
                        saving.file.write(chunk)
            return saving.finish()
        except httpx.TransportError as error:
            raise Unreachable(f"{path.name} could not be downloaded: {error}") from error
        finally:
            saving.close()


class AsyncJob(JobState):
    """A job, as it was when it was last looked at."""

    def __init__(self, client: AsyncClient, answer: JobAnswer, *, replayed: bool = False) -> None:
        super().__init__(answer, replayed=replayed)
        self._client = client

    async def refresh(self) -> Self:
        """Look at it again."""
        self.answer = await self._client.call(calls.get_job(self.id))
        return self

    async def wait(self, within: float | None = None) -> Self:
        """Wait until it has ended, or is unclear.

        Raises:
            WaitedOut: Not within so many seconds.
        """
        self.answer = await self._client.drive(flows.waiting_for_job(self.id, within, self._client.retries))
        return self

    async def stream(self) -> AsyncIterator[JobAnswer | Event]:
        """Yield it after each change, and each entry of its timeline, until it has ended; through lost connections."""
        async for found in self._client.follow(self.id):
            if isinstance(found, JobAnswer):
                self.answer = found
            yield found

    async def timeline(self) -> Timeline:
        """Return what happened to it."""
        return await self._client.call(calls.get_timeline(self.id))

    async def cancel(self) -> Self:
        """Cancel it."""
        self.answer = await self._client.call(calls.cancel_job(self.id))
        return self

    async def change(self, change: ChangeJob | None = None, /, **fields: Any) -> Self:
        """Change it while it waits."""
        self.answer = await self._client.call(calls.change_job(self.id, change or ChangeJob(**fields)))
        return self

    async def retry(self, *, idempotency_key: str | None = None) -> AsyncJob:
        """Create it again, now that it has ended; return the new one. One that may be billed is refused."""
        made = await self._client.call(calls.retry_job(self.id, idempotency_key or new_key()))
        return AsyncJob(self._client, made.answer, replayed=made.replayed)

    async def rate(self, *, kept: bool | None) -> Self:
        """Say whether its outputs are kept; None takes that back."""
        self.answer = await self._client.call(calls.rate_job(self.id, kept=kept))
        return self

    async def share(self, index: int = 0, *, hours: int = 24) -> SharedOutput:
        """Return an address of an output that anyone can open until it ends."""
        return await self._client.call(calls.share_output(self.id, index, hours))

    async def download(self, folder: Path | str, template: str = TEMPLATE) -> list[Saved]:
        """Save its outputs below a folder; see `downloads.FIELDS` for a template's names."""
        return await self._client.files.download(self.answer, folder, template)


class AsyncFiles:
    """Uploads and downloads."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def upload(self, file: Path | str | bytes, *, name: str | None = None) -> UploadedFile:
        """Upload an image, a video or a sound: its `url` can be used in `input`."""
        given = calls.opened(file, name)
        return await self._client.call(calls.upload_file(*given))

    async def download(self, job: JobAnswer, folder: Path | str, template: str = TEMPLATE) -> list[Saved]:
        """Save a job's outputs below a folder. Nothing is overwritten: `Saved` says what took another name."""
        places = [(output, target(Path(folder), template, job, output)) for output in job.outputs]
        return [await self._client.save(job, output, path) for output, path in places]


class AsyncPrompts:
    """AsyncPrompts that Grok writes."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def write(
        self,
        question: EnqueuePrompt | None = None,
        /,
        *,
        idempotency_key: str | None = None,
        within: float | None = None,
        **fields: Any,
    ) -> PromptJobAnswer:
        """Ask Grok and wait for the prompt, or its `variants`.

        Raises:
            PromptFailed: It wrote none.
            WaitedOut: Not within so many seconds.
        """
        asked = await self.submit(question, idempotency_key=idempotency_key, **fields)
        return flows.written(await self.wait(asked.prompt_job_id, within))

    async def submit(
        self, question: EnqueuePrompt | None = None, /, *, idempotency_key: str | None = None, **fields: Any
    ) -> PromptJobAnswer:
        """Ask Grok and return at once."""
        wanted = question or EnqueuePrompt(**fields)
        return await self._client.call(calls.enqueue_prompt(wanted, idempotency_key or new_key()))

    async def get(self, prompt_job_id: UUID | str) -> PromptJobAnswer:
        """Return a prompt job."""
        return await self._client.call(calls.get_prompt_job(UUID(str(prompt_job_id))))

    async def wait(self, prompt_job_id: UUID, within: float | None = None) -> PromptJobAnswer:
        """Wait until a prompt job has ended."""
        flow = flows.waiting_for_prompt(prompt_job_id, within, self._client.retries)
        return await self._client.drive(flow)

    async def cancel(self, prompt_job_id: UUID | str) -> PromptJobAnswer:
        """Cancel a prompt job."""
        return await self._client.call(calls.cancel_prompt_job(UUID(str(prompt_job_id))))

    async def styles(self) -> list[StyleAnswer]:
        """List the styles."""
        return (await self._client.call(calls.list_styles())).items


class AsyncModels:
    """The models, and what they take."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> list[ModelAnswer]:
        """List the known models."""
        return (await self._client.call(calls.list_models())).items

    async def get(self, model: str) -> ModelDetail:
        """Return a model with its inputs."""
        return await self._client.call(calls.get_model(model))


class AsyncPrices:
    """What a run would cost."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def ask(self, question: AskPrice | None = None, /, **fields: Any) -> PriceAnswer:
        """Ask for a price; nothing is accepted. `fields` are those of `AskPrice`."""
        return await self._client.call(calls.ask_price(question or AskPrice(**fields)))


class AsyncMoney:
    """What was spent, and what may be."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def balance(self) -> BalanceAnswer:
        """Return what is left at WaveSpeed; operators only."""
        return await self._client.call(calls.show_balance())

    async def budgets(self) -> list[BudgetAnswer]:
        """List the budgets."""
        return (await self._client.call(calls.list_budgets())).items

    async def spend(self, **filters: Any) -> SpendList:
        """Add up what was spent. `filters` are those of `GET /api/spend`; `from_` is its `from`."""
        return await self._client.call(calls.show_spend(filters))
