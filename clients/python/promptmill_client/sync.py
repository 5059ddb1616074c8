"""The client for programs that wait for each answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import httpx

from promptmill_client import calls, flows
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
from promptmill_client.sync_batches import Batches

RETRIES: Final = 3
TIMEOUT_SECONDS: Final = 30.0


class Client:
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = Address.of(url, api_key, owner)
        self.retries = retries
        self.timeout = timeout
        self._http = httpx.Client(transport=transport)
        self.files = Files(self)
        self.prompts = Prompts(self)
        self.models = Models(self)
        self.prices = Prices(self)
        self.batches = Batches(self)
        self.money = Money(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(
        self,
        order: CreateJob | None = None,
        /,
        *,
        idempotency_key: str | None = None,
        within: float | None = None,
        **fields: Any,
    ) -> Job:
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
        job = self.submit(order, idempotency_key=idempotency_key, **fields)
        flows.completed(job.wait(within).answer)
        return job

    def submit(self, order: CreateJob | None = None, /, *, idempotency_key: str | None = None, **fields: Any) -> Job:
        """Create a job and return at once. As `run`."""
        wanted = order or CreateJob(**fields)
        made = self.call(calls.create_job(wanted, idempotency_key or new_key()))
        return Job(self, made.answer, replayed=made.replayed)

    def job(self, job_id: UUID | str) -> Job:
        """Return a job by its id."""
        return Job(self, self.call(calls.get_job(UUID(str(job_id)))))

    def jobs(self, **filters: Any) -> Iterator[JobAnswer]:
        """Yield jobs, newest first, page by page. `filters` are those of `GET /api/jobs`, such as `status` and `q`."""
        cursor = None
        while True:
            page = self.call(calls.list_jobs(filters, cursor))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def call(self, call: Call[Result]) -> Result:
        """Send a call, and again where that is safe and may help."""
        return self.drive(flows.sending(call, self.retries))

    def drive(self, flow: Flow[Result]) -> Result:
        """Do what a flow asks for, until it returns."""
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                result: Result = end.value
                return result
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                outcome = None
            else:
                outcome = self._outcome(step)

    def _outcome(self, call: Call[Any]) -> Outcome:
        try:
            return self._http.send(self.address.request(call, timeouts(self.timeout)))
        except httpx.TransportError as error:
            return error

    @contextmanager
    def _open(self, call: Call[None]) -> Iterator[httpx.Response]:
        request = self.address.request(call, stream_timeouts(self.timeout))
        response = self._http.send(request, stream=True, follow_redirects=call.elsewhere)
        try:
            if not response.is_success:
                response.read()
            yield response
        finally:
            response.close()

    def follow(self, job_id: UUID) -> Iterator[JobAnswer | Event]:
        """Yield a job after each change, and each entry of its timeline, until it has ended."""
        following = Following(job_id)
        while not following.over:
            outcome: Outcome = None
            try:
                with self._open(following.call()) as response:
                    following.opened(response)
                    if response.is_success:
                        for chunk in response.iter_bytes():
                            yield from following.feed(chunk)
                    else:
                        outcome = response
            except httpx.TransportError as error:
                outcome = error
            if not following.over:
                time.sleep(following.wait(outcome))

    def save(self, job: JobAnswer, output: OutputAnswer, path: Path) -> Saved:
        """Save an output's file at a path, or beside it if something else is there."""
        return self.fetch(source(job, output), path)

    def fetch(self, found: Call[None] | bytes, path: Path) -> Saved:
        """Save what a call downloads, or a text."""
        saving = Saving.begin(path)
        try:
            if isinstance(found, bytes):
                saving.file.write(found)
            else:
                with self._open(found) as response:
                    settled(found, response)
                    for chunk in response.iter_bytes():
                        saving.file.write(chunk)
            return saving.finish()
        except httpx.TransportError as error:
            raise Unreachable(f"{path.name} could not be downloaded: {error}") from error
        finally:
            saving.close()


class Job(JobState):
    """A job, as it was when it was last looked at."""

    def __init__(self, client: Client, answer: JobAnswer, *, replayed: bool = False) -> None:
        super().__init__(answer, replayed=replayed)
        self._client = client

    def refresh(self) -> Self:
        """Look at it again."""
        self.answer = self._client.call(calls.get_job(self.id))
        return self

    def wait(self, within: float | None = None) -> Self:
        """Wait until it has ended, or is unclear.

        Raises:
            WaitedOut: Not within so many seconds.
        """
        self.answer = self._client.drive(flows.waiting_for_job(self.id, within, self._client.retries))
        return self

    def stream(self) -> Iterator[JobAnswer | Event]:
        """Yield it after each change, and each entry of its timeline, until it has ended; through lost connections."""
        for found in self._client.follow(self.id):
            if isinstance(found, JobAnswer):
                self.answer = found
            yield found

    def timeline(self) -> Timeline:
        """Return what happened to it."""
        return self._client.call(calls.get_timeline(self.id))

    def cancel(self) -> Self:
        """Cancel it."""
        self.answer = self._client.call(calls.cancel_job(self.id))
        return self

    def change(self, change: ChangeJob | None = None, /, **fields: Any) -> Self:
        """Change it while it waits."""
        self.answer = self._client.call(calls.change_job(self.id, change or ChangeJob(**fields)))
        return self

    def retry(self, *, idempotency_key: str | None = None) -> Job:
        """Create it again, now that it has ended; return the new one. One that may be billed is refused."""
        made = self._client.call(calls.retry_job(self.id, idempotency_key or new_key()))
        return Job(self._client, made.answer, replayed=made.replayed)

    def rate(self, *, kept: bool | None) -> Self:
        """Say whether its outputs are kept; None takes that back."""
        self.answer = self._client.call(calls.rate_job(self.id, kept=kept))
        return self

    def share(self, index: int = 0, *, hours: int = 24) -> SharedOutput:
        """Return an address of an output that anyone can open until it ends."""
        return self._client.call(calls.share_output(self.id, index, hours))

    def download(self, folder: Path | str, template: str = TEMPLATE) -> list[Saved]:
        """Save its outputs below a folder; see `downloads.FIELDS` for a template's names."""
        return self._client.files.download(self.answer, folder, template)


class Files:
    """Uploads and downloads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def upload(self, file: Path | str | bytes, *, name: str | None = None) -> UploadedFile:
        """Upload an image, a video or a sound: its `url` can be used in `input`."""
        given = calls.opened(file, name)
        return self._client.call(calls.upload_file(*given))

    def download(self, job: JobAnswer, folder: Path | str, template: str = TEMPLATE) -> list[Saved]:
        """Save a job's outputs below a folder. Nothing is overwritten: `Saved` says what took another name."""
        places = [(output, target(Path(folder), template, job, output)) for output in job.outputs]
        return [self._client.save(job, output, path) for output, path in places]


class Prompts:
    """Prompts that Grok writes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(
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
        asked = self.submit(question, idempotency_key=idempotency_key, **fields)
        return flows.written(self.wait(asked.prompt_job_id, within))

    def submit(
        self, question: EnqueuePrompt | None = None, /, *, idempotency_key: str | None = None, **fields: Any
    ) -> PromptJobAnswer:
        """Ask Grok and return at once."""
        wanted = question or EnqueuePrompt(**fields)
        return self._client.call(calls.enqueue_prompt(wanted, idempotency_key or new_key()))

    def get(self, prompt_job_id: UUID | str) -> PromptJobAnswer:
        """Return a prompt job."""
        return self._client.call(calls.get_prompt_job(UUID(str(prompt_job_id))))

    def wait(self, prompt_job_id: UUID, within: float | None = None) -> PromptJobAnswer:
        """Wait until a prompt job has ended."""
        flow = flows.waiting_for_prompt(prompt_job_id, within, self._client.retries)
        return self._client.drive(flow)

    def cancel(self, prompt_job_id: UUID | str) -> PromptJobAnswer:
        """Cancel a prompt job."""
        return self._client.call(calls.cancel_prompt_job(UUID(str(prompt_job_id))))

    def styles(self) -> list[StyleAnswer]:
        """List the styles."""
        return self._client.call(calls.list_styles()).items


class Models:
    """The models, and what they take."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[ModelAnswer]:
        """List the known models."""
        return self._client.call(calls.list_models()).items

    def get(self, model: str) -> ModelDetail:
        """Return a model with its inputs."""
        return self._client.call(calls.get_model(model))


class Prices:
    """What a run would cost."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, question: AskPrice | None = None, /, **fields: Any) -> PriceAnswer:
        """Ask for a price; nothing is accepted. `fields` are those of `AskPrice`."""
        return self._client.call(calls.ask_price(question or AskPrice(**fields)))


class Money:
    """What was spent, and what may be."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def balance(self) -> BalanceAnswer:
        """Return what is left at WaveSpeed; operators only."""
        return self._client.call(calls.show_balance())

    def budgets(self) -> list[BudgetAnswer]:
        """List the budgets."""
        return self._client.call(calls.list_budgets()).items

    def spend(self, **filters: Any) -> SpendList:
        """Add up what was spent. `filters` are those of `GET /api/spend`; `from_` is its `from`."""
        return self._client.call(calls.show_spend(filters))
