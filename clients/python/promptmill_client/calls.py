"""What can be asked of the API: no I/O, shared by both clients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel

from promptmill_client.messages import IDEMPOTENCY_KEY, Call, Created, Looked, in_header, looks, read_created, reads
from promptmill_client.models import (
    ApproveBatch,
    AskPrice,
    BalanceAnswer,
    BatchAnswer,
    BatchList,
    BudgetList,
    ChangeBatch,
    ChangeJob,
    CreateBatch,
    CreatedBatch,
    CreateJob,
    EnqueuePrompt,
    JobAnswer,
    JobList,
    ModelDetail,
    ModelList,
    PlanAnswer,
    PlanBatch,
    PriceAnswer,
    PromptJobAnswer,
    RetriedBatch,
    RowList,
    SharedOutput,
    SpendList,
    StyleList,
    Timeline,
    UploadedFile,
)
from promptmill_client.shapes import Shape

BATCHES: Final = "/api/batches"
STREAM: Final = "text/event-stream"

Model = TypeVar("Model", bound=BaseModel)


def create_job(order: CreateJob, key: str) -> Call[Created]:
    """Return the call that accepts a job, once for each key."""
    return _create("/api/jobs/create", order.as_json(), key)


def get_job(job_id: UUID) -> Call[JobAnswer]:
    """Return the call that reads a job."""
    return _get(f"/api/jobs/{job_id}", JobAnswer)


def look_at_job(job_id: UUID, tag: str | None) -> Call[Looked[JobAnswer]]:
    """Return the call that reads a job if it has changed."""
    return _look(f"/api/jobs/{job_id}", JobAnswer, tag)


def list_jobs(filters: Mapping[str, Any], cursor: str | None) -> Call[JobList]:
    """Return the call that reads a page of jobs."""
    return _get("/api/jobs", JobList, _page(filters, cursor))


def change_job(job_id: UUID, change: ChangeJob) -> Call[JobAnswer]:
    """Return the call that changes a job that waits."""
    return Call(method="PATCH", path=f"/api/jobs/{job_id}", read=reads(JobAnswer), body=change.as_json())


def cancel_job(job_id: UUID) -> Call[JobAnswer]:
    """Return the call that cancels a job."""
    return Call(method="DELETE", path=f"/api/jobs/{job_id}", read=reads(JobAnswer))


def retry_job(job_id: UUID, key: str) -> Call[Created]:
    """Return the call that creates an ended job again."""
    return _create(f"/api/jobs/{job_id}/retry", {}, key)


def rate_job(job_id: UUID, *, kept: bool | None) -> Call[JobAnswer]:
    """Return the call that rates a job's outputs."""
    return Call(method="PUT", path=f"/api/jobs/{job_id}/rating", read=reads(JobAnswer), body={"kept": kept})


def get_timeline(job_id: UUID) -> Call[Timeline]:
    """Return the call that reads what happened to a job."""
    return _get(f"/api/jobs/{job_id}/events", Timeline)


def follow_job(job_id: UUID, last_event_id: str | None) -> Call[None]:
    """Return the call that opens a job's stream."""
    headers = {"Accept": STREAM} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
    return Call(method="GET", path=f"/api/jobs/{job_id}/events", read=lambda _: None, headers=headers)


def share_output(job_id: UUID, index: int, hours: int) -> Call[SharedOutput]:
    """Return the call that makes an address of an output that anyone can open."""
    path = f"/api/jobs/{job_id}/outputs/{index}/share"
    return Call(method="POST", path=path, read=reads(SharedOutput), body={"hours": hours})


def get_file(path: str) -> Call[None]:
    """Return the call that downloads a file; its content is read as it comes."""
    return Call(method="GET", path=path, read=lambda _: None)


def upload_file(name: str, content: bytes) -> Call[UploadedFile]:
    """Return the call that uploads a file."""
    return Call(method="POST", path="/api/uploads", read=reads(UploadedFile), form={"file": (name, content)})


def enqueue_prompt(question: EnqueuePrompt, key: str) -> Call[PromptJobAnswer]:
    """Return the call that asks Grok, once for each key."""
    return _post("/api/prompt/queue", PromptJobAnswer, question, _keyed(key))


def look_at_prompt_job(prompt_job_id: UUID, tag: str | None) -> Call[Looked[PromptJobAnswer]]:
    """Return the call that reads a prompt job if it has changed."""
    return _look(f"/api/prompt/queue/{prompt_job_id}", PromptJobAnswer, tag)


def get_prompt_job(prompt_job_id: UUID) -> Call[PromptJobAnswer]:
    """Return the call that reads a prompt job."""
    return _get(f"/api/prompt/queue/{prompt_job_id}", PromptJobAnswer)


def cancel_prompt_job(prompt_job_id: UUID) -> Call[PromptJobAnswer]:
    """Return the call that cancels a prompt job."""
    return Call(method="DELETE", path=f"/api/prompt/queue/{prompt_job_id}", read=reads(PromptJobAnswer))


def list_styles() -> Call[StyleList]:
    """Return the call that lists the styles of prompts."""
    return _get("/api/prompt-styles", StyleList)


def list_models() -> Call[ModelList]:
    """Return the call that lists the models."""
    return _get("/api/models", ModelList)


def get_model(model: str) -> Call[ModelDetail]:
    """Return the call that reads a model and its inputs."""
    return _get(f"/api/models/{quote(model)}", ModelDetail)


def ask_price(question: AskPrice) -> Call[PriceAnswer]:
    """Return the call that asks for a price."""
    return _post("/api/models/price", PriceAnswer, question)


def plan_batch(question: PlanBatch, table: tuple[str, bytes] | None) -> Call[PlanAnswer]:
    """Return the call that checks a table and says what it would cost; the table may be a file."""
    path = f"{BATCHES}/plan"
    call = _post(path, PlanAnswer, question)
    return call if table is None else _with_file(call, table)


def create_batch(order: CreateBatch, table: tuple[str, bytes] | None, key: str) -> Call[CreatedBatch]:
    """Return the call that accepts a batch; with the same key it adds what is new, and nothing twice."""
    call = _post(BATCHES, CreatedBatch, order, _keyed(key))
    return call if table is None else _with_file(call, table)


def as_batch(answer: CreatedBatch | RetriedBatch) -> BatchAnswer:
    """Return what an answer says of a batch as every other answer says it."""
    return BatchAnswer.model_validate(answer.model_dump(by_alias=True))


def list_batches(filters: Mapping[str, Any], cursor: str | None) -> Call[BatchList]:
    """Return the call that reads a page of batches."""
    return _get(BATCHES, BatchList, _page(filters, cursor))


def get_batch(batch_id: UUID) -> Call[BatchAnswer]:
    """Return the call that reads a batch."""
    return _get(f"{BATCHES}/{batch_id}", BatchAnswer)


def look_at_batch(batch_id: UUID, tag: str | None) -> Call[Looked[BatchAnswer]]:
    """Return the call that reads a batch if it has changed."""
    return _look(f"{BATCHES}/{batch_id}", BatchAnswer, tag)


def list_rows(batch_id: UUID, filters: Mapping[str, Any], cursor: str | None) -> Call[RowList]:
    """Return the call that reads a page of a batch's rows."""
    return _get(f"{BATCHES}/{batch_id}/rows", RowList, _page(filters, cursor))


def change_batch(batch_id: UUID, change: ChangeBatch) -> Call[BatchAnswer]:
    """Return the call that changes a batch, also while it runs."""
    return Call(method="PATCH", path=f"{BATCHES}/{batch_id}", read=reads(BatchAnswer), body=change.as_json())


def approve_batch(batch_id: UUID, approval: ApproveBatch) -> Call[CreatedBatch]:
    """Return the call that approves the prompts of a batch; with the same ones it may be repeated."""
    return Call(
        method="POST",
        path=f"{BATCHES}/{batch_id}/approve",
        read=reads(CreatedBatch),
        body=approval.as_json(),
    )


def pause_batch(batch_id: UUID) -> Call[BatchAnswer]:
    """Return the call that pauses a batch."""
    return Call(method="POST", path=f"{BATCHES}/{batch_id}/pause", read=reads(BatchAnswer))


def resume_batch(batch_id: UUID) -> Call[BatchAnswer]:
    """Return the call that lets a batch go on."""
    return Call(method="POST", path=f"{BATCHES}/{batch_id}/resume", read=reads(BatchAnswer))


def cancel_batch(batch_id: UUID, *, open_jobs: bool) -> Call[BatchAnswer]:
    """Return the call that cancels what waits of a batch, or its open jobs as well."""
    body = {"openJobs": "cancel" if open_jobs else "keep"}
    return Call(method="POST", path=f"{BATCHES}/{batch_id}/cancel", read=reads(BatchAnswer), body=body)


def retry_failed(batch_id: UUID) -> Call[RetriedBatch]:
    """Return the call that tries a batch's failed rows again."""
    return Call(method="POST", path=f"{BATCHES}/{batch_id}/retry-failed", read=reads(RetriedBatch))


def get_results(batch_id: UUID, ending: str) -> Call[None]:
    """Return the call that downloads a batch's rows with their results, as `csv` or `jsonl`."""
    return get_file(f"{BATCHES}/{batch_id}/results.{ending}")


def list_budgets() -> Call[BudgetList]:
    """Return the call that lists the budgets."""
    return _get("/api/budgets", BudgetList)


def show_balance() -> Call[BalanceAnswer]:
    """Return the call that reads the balance at WaveSpeed."""
    return _get("/api/balance", BalanceAnswer)


def show_spend(filters: Mapping[str, Any]) -> Call[SpendList]:
    """Return the call that adds up spending."""
    # `from` is a word of Python.
    return _get("/api/spend", SpendList, {name.rstrip("_"): each for name, each in filters.items() if each is not None})


def opened(file: Path | str | bytes, name: str | None) -> tuple[str, bytes]:
    """Return the name and the content of what is to be uploaded."""
    if isinstance(file, bytes):
        return name or "file", file
    path = Path(file)
    return name or path.name, path.read_bytes()


def _get(path: str, model: type[Model], params: Mapping[str, Any] | None = None) -> Call[Model]:
    return Call(method="GET", path=path, read=reads(model), params=params or {})


def _look(path: str, model: type[Model], tag: str | None) -> Call[Looked[Model]]:
    return Call(method="GET", path=path, read=looks(model), headers={"If-None-Match": tag} if tag else {})


def _post(path: str, model: type[Model], body: Shape, headers: Mapping[str, str] | None = None) -> Call[Model]:
    return Call(method="POST", path=path, read=reads(model), body=body.as_json(), headers=headers or {})


def _create(path: str, body: Mapping[str, Any], key: str) -> Call[Created]:
    return Call(method="POST", path=path, read=read_created, body=body, headers=_keyed(key))


def _keyed(key: str) -> dict[str, str]:
    return {IDEMPOTENCY_KEY: in_header(key, "An idempotency key")}


def _with_file(call: Call[Model], table: tuple[str, bytes]) -> Call[Model]:
    """Return a call with a table as a file beside its body: a form."""
    return replace(call, body=None, form={"request": (None, json.dumps(call.body).encode()), "table": table})


def _page(filters: Mapping[str, Any], cursor: str | None) -> dict[str, Any]:
    params = {_camel(name): value for name, value in filters.items() if value is not None}
    return params | ({"cursor": cursor} if cursor else {})


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
