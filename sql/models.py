"""The tables as SQLModel classes, for reading: what writes goes through the functions in `sql/functions`.

A status is plain text here although the contracts have enums: a row that a newer release wrote must stay readable. A
test holds columns, types and nullability equal to the live database. Columns are described in
`sql/prompt-queue-schema.sql`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Double, Integer, LargeBinary, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

Time = DateTime(timezone=True)
Money = Numeric(12, 6)
Texts = ARRAY(Text())
Uuids = ARRAY(PG_UUID(as_uuid=True))


class Job(SQLModel, table=True):
    """One piece of media on its way. Costs are USD.

    `input` is what WaveSpeed gets beside the prompt: the caller's inputs, and the pictures in the model's field.
    `outputs` are JSON as WaveSpeed gave them.
    """

    __tablename__ = "jobs"

    id: UUID = Field(primary_key=True)
    owner: str = Field(sa_type=Text)
    model: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    input: dict[str, Any] = Field(sa_type=JSONB)
    use_ai_prompt: bool
    operation: str = Field(sa_type=Text)
    instructions: str | None = Field(sa_type=Text)
    target_url: str | None = Field(sa_type=Text)
    ref_urls: list[str] = Field(sa_type=Texts)
    on_prompt_failure: str = Field(sa_type=Text)
    priority: int = Field(sa_type=SmallInteger)
    provider_mode: str = Field(sa_type=Text)
    generate_timeout_seconds: int
    deadline_at: datetime = Field(sa_type=Time)
    deadline_seconds: int
    callback_url: str | None = Field(sa_type=Text)
    # `metadata` is SQLAlchemy's own word on a class, so the attribute is called otherwise than the column.
    caller_metadata: dict[str, str] = Field(sa_type=JSONB, sa_column_kwargs={"name": "metadata"})
    retry_of: UUID | None
    warnings: list[str] = Field(sa_type=Texts)
    original_prompt: str | None = Field(sa_type=Text)
    prompt: str | None = Field(sa_type=Text)
    prompt_source: str | None = Field(sa_type=Text)
    prompt_job_id: UUID | None
    prompt_status: str = Field(sa_type=Text)
    prompt_cost_usd: Decimal | None = Field(sa_type=Money)
    status: str = Field(sa_type=Text)
    reason_code: str | None = Field(sa_type=Text)
    error: str | None = Field(sa_type=Text)
    prediction_id: str | None = Field(sa_type=Text)
    outputs: list[dict[str, Any]] = Field(sa_type=JSONB)
    media_cost_usd: Decimal | None = Field(sa_type=Money)
    media_cost_source: str | None = Field(sa_type=Text)
    cancel_requested_at: datetime | None = Field(sa_type=Time)
    workflow_started_at: datetime | None = Field(sa_type=Time)
    claimed_at: datetime | None = Field(sa_type=Time)
    checked_at: datetime | None = Field(sa_type=Time)
    missing_since: datetime | None = Field(sa_type=Time)
    callback_claimed_at: datetime | None = Field(sa_type=Time)
    callback_started_at: datetime | None = Field(sa_type=Time)
    callback_ended_at: datetime | None = Field(sa_type=Time)
    created_at: datetime = Field(sa_type=Time)
    updated_at: datetime = Field(sa_type=Time)
    dispatched_at: datetime | None = Field(sa_type=Time)
    completed_at: datetime | None = Field(sa_type=Time)
    kept: bool | None
    max_price_usd: Decimal | None = Field(sa_type=Money)
    media_list_price_usd: Decimal | None = Field(sa_type=Money)
    erase_requested_at: datetime | None = Field(sa_type=Time)
    erased_at: datetime | None = Field(sa_type=Time)
    key_id: str | None = Field(sa_type=Text)
    parent_job_id: UUID | None
    parent_index: int | None = Field(sa_type=SmallInteger)
    relation: str | None = Field(sa_type=Text)
    style: str | None = Field(sa_type=Text)
    variant: int | None = Field(sa_type=SmallInteger)
    batch_id: UUID | None
    row_key: str | None = Field(sa_type=Text)


class PromptGenerationJob(SQLModel, table=True):
    """One prompt that Grok writes: alone (`job_id` null), or for the job that needs it. The cost is USD."""

    __tablename__ = "prompt_generation_jobs"

    id: UUID = Field(primary_key=True)
    owner: str = Field(sa_type=Text)
    job_id: UUID | None
    operation: str = Field(sa_type=Text)
    ref_urls: list[str] = Field(sa_type=Texts)
    target_url: str | None = Field(sa_type=Text)
    instructions: str | None = Field(sa_type=Text)
    existing_prompt: str | None = Field(sa_type=Text)
    priority: int = Field(sa_type=SmallInteger)
    max_retries: int
    deadline_at: datetime = Field(sa_type=Time)
    caller_metadata: dict[str, str] = Field(sa_type=JSONB, sa_column_kwargs={"name": "metadata"})
    status: str = Field(sa_type=Text)
    reason_code: str | None = Field(sa_type=Text)
    error: str | None = Field(sa_type=Text)
    attempt_no: int
    retry_count: int
    next_attempt_at: datetime | None = Field(sa_type=Time)
    grok_model: str | None = Field(sa_type=Text)
    generated_prompt: str | None = Field(sa_type=Text)
    prompt_source: str | None = Field(sa_type=Text)
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None = Field(sa_type=Money)
    answered_attempts: list[int] = Field(sa_type=ARRAY(Integer()))
    rating: int | None = Field(sa_type=SmallInteger)
    rating_reason: str | None = Field(sa_type=Text)
    cancel_requested_at: datetime | None = Field(sa_type=Time)
    workflow_started_at: datetime | None = Field(sa_type=Time)
    claimed_at: datetime | None = Field(sa_type=Time)
    checked_at: datetime | None = Field(sa_type=Time)
    missing_since: datetime | None = Field(sa_type=Time)
    enqueued_at: datetime = Field(sa_type=Time)
    created_at: datetime = Field(sa_type=Time)
    updated_at: datetime = Field(sa_type=Time)
    started_at: datetime | None = Field(sa_type=Time)
    completed_at: datetime | None = Field(sa_type=Time)
    erase_requested_at: datetime | None = Field(sa_type=Time)
    erased_at: datetime | None = Field(sa_type=Time)
    key_id: str | None = Field(sa_type=Text)
    style: str | None = Field(sa_type=Text)
    style_wording: str | None = Field(sa_type=Text)
    length: str | None = Field(sa_type=Text)
    language: str | None = Field(sa_type=Text)
    target_model: str | None = Field(sa_type=Text)
    target_kind: str | None = Field(sa_type=Text)
    wanted_variants: int = Field(sa_type=SmallInteger)
    wants_negative: bool
    variants: list[dict[str, Any]] = Field(sa_type=JSONB)


class Submission(SQLModel, table=True):
    """One paid POST to WaveSpeed, its intent written before the first byte. Amounts are USD."""

    __tablename__ = "submissions"

    id: UUID = Field(primary_key=True)
    job_id: UUID
    number: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    callback_token: str = Field(sa_type=Text)
    request: dict[str, Any] = Field(sa_type=JSONB)
    request_hash: str = Field(sa_type=Text)
    provider_base: str = Field(sa_type=Text)
    key_fingerprint: str = Field(sa_type=Text)
    intended_at: datetime = Field(sa_type=Time)
    post_before: datetime = Field(sa_type=Time)
    prediction_id: str | None = Field(sa_type=Text)
    media_cost_usd: Decimal | None = Field(sa_type=Money)
    candidates: list[str] = Field(sa_type=JSONB)
    absent_since: datetime | None = Field(sa_type=Time)
    reason_code: str | None = Field(sa_type=Text)
    error: str | None = Field(sa_type=Text)
    repeats: int
    earlier_ids: list[UUID] = Field(sa_type=Uuids)
    created_at: datetime = Field(sa_type=Time)
    outcome_at: datetime | None = Field(sa_type=Time)
    resolved_at: datetime | None = Field(sa_type=Time)
    resolved_by: str | None = Field(sa_type=Text)
    looked_at: datetime | None = Field(sa_type=Time)
    looks: int
    ended_at: datetime | None = Field(sa_type=Time)
    reserved_usd: Decimal | None = Field(sa_type=Money)
    price_source: str | None = Field(sa_type=Text)
    charged_usd: Decimal | None = Field(sa_type=Money)
    refunded_usd: Decimal = Field(sa_type=Money)


class BudgetRow(SQLModel, table=True):
    """What an owner, or `*` (the installation), may spend in a `day` or `month` of UTC or in `total`, in USD."""

    __tablename__ = "budgets"

    owner: str = Field(primary_key=True, sa_type=Text)
    period: str = Field(primary_key=True, sa_type=Text)
    limit_usd: Decimal = Field(sa_type=Money)
    warned_percent: int | None = Field(sa_type=SmallInteger)
    warned_limit_usd: Decimal | None = Field(sa_type=Money)
    warned_since: date | None


class SpendingDay(SQLModel, table=True):
    """What an owner's work with one model and one key (empty: none) has reserved and spent on a day (UTC), in USD."""

    __tablename__ = "spending"

    owner: str = Field(primary_key=True, sa_type=Text)
    day: date = Field(primary_key=True)
    model: str = Field(primary_key=True, sa_type=Text)
    reserved_usd: Decimal = Field(sa_type=Numeric(14, 6))
    spent_usd: Decimal = Field(sa_type=Numeric(14, 6))
    provider: str = Field(primary_key=True, sa_type=Text)
    key_id: str = Field(primary_key=True, sa_type=Text)


class JobEvent(SQLModel, table=True):
    """One change of a job: a row of its timeline. Sequences begin at 1 and have no gaps."""

    __tablename__ = "job_events"

    job_id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Time)
    status: str = Field(sa_type=Text)
    reason_code: str | None = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_type=JSONB)


class WebhookDelivery(SQLModel, table=True):
    """One webhook as a provider sent it, kept until it is processed."""

    __tablename__ = "webhook_deliveries"

    provider: str = Field(primary_key=True, sa_type=Text)
    event_id: str = Field(primary_key=True, sa_type=Text)
    job_id: UUID
    body: dict[str, Any] = Field(sa_type=JSONB)
    received_at: datetime = Field(sa_type=Time)
    processed_at: datetime | None = Field(sa_type=Time)


class IdempotencyRecord(SQLModel, table=True):
    """A caller's Idempotency-Key and what was accepted under it: a job or a prompt job."""

    __tablename__ = "idempotency_keys"

    owner: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    request_hash: str = Field(sa_type=Text)
    job_id: UUID | None
    prompt_job_id: UUID | None
    created_at: datetime = Field(sa_type=Time)


class Switch(SQLModel, table=True):
    """Something an operator or the reconciler has set: drain, ai-prompts, Temporal's cluster, the watermark."""

    __tablename__ = "switches"

    name: str = Field(primary_key=True, sa_type=Text)
    value: str | None = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=Time)
    changed_by: str | None = Field(sa_type=Text)


class Owner(SQLModel, table=True):
    """A team: what belongs to it is invisible to others."""

    __tablename__ = "owners"

    name: str = Field(primary_key=True, sa_type=Text)
    created_at: datetime = Field(sa_type=Time)
    paused_at: datetime | None = Field(sa_type=Time)
    paused_reason: str | None = Field(sa_type=Text)
    paused_by: str | None = Field(sa_type=Text)
    open_jobs: int | None
    requests_per_minute: int | None
    highest_priority: int | None
    models: list[str] | None = Field(sa_type=Texts)
    outputs_per_job: int | None
    uploads_per_day: int | None
    streams: int | None
    queue_paused_at: datetime | None = Field(sa_type=Time)
    queue_paused_by: str | None = Field(sa_type=Text)


class ApiKey(SQLModel, table=True):
    """A key's digest and what it allows."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True, sa_type=Text)
    owner: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    digest: bytes = Field(sa_type=LargeBinary)
    scopes: list[str] = Field(sa_type=Texts)
    created_at: datetime = Field(sa_type=Time)
    created_by: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(sa_type=Time)
    last_used_at: datetime | None = Field(sa_type=Time)
    revoked_at: datetime | None = Field(sa_type=Time)


class BrowserSession(SQLModel, table=True):
    """A browser that has signed in."""

    __tablename__ = "sessions"

    id: UUID = Field(primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary)
    key_id: str | None = Field(sa_type=Text)
    token_digest: bytes | None = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Time)
    last_used_at: datetime = Field(sa_type=Time)
    ended_at: datetime | None = Field(sa_type=Time)
    address: str | None = Field(sa_type=Text)
    user_agent: str | None = Field(sa_type=Text)


class AuditEntry(SQLModel, table=True):
    """Something that somebody did."""

    __tablename__ = "audit_log"

    id: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = Field(sa_type=Time)
    actor: str = Field(sa_type=Text)
    owner: str | None = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    target: str | None = Field(sa_type=Text)
    before: dict[str, Any] | None = Field(sa_type=JSONB)
    after: dict[str, Any] | None = Field(sa_type=JSONB)
    request_id: str | None = Field(sa_type=Text)
    address: str | None = Field(sa_type=Text)


class SubmissionRate(SQLModel, table=True):
    """How fast paid POSTs may be made with a key, per second, by what WaveSpeed answered."""

    __tablename__ = "submission_rates"

    provider_base: str = Field(primary_key=True, sa_type=Text)
    key_fingerprint: str = Field(primary_key=True, sa_type=Text)
    lowered_to: float | None = Field(sa_type=Double)
    lowered_at: datetime | None = Field(sa_type=Time)
    changed_at: datetime | None = Field(sa_type=Time)
    refused_at: datetime | None = Field(sa_type=Time)
    next_at: datetime = Field(sa_type=Time)


class Reading(SQLModel, table=True):
    """When the result of a job's prediction is read next; while it is being read, until when its reader has it."""

    __tablename__ = "readings"

    job_id: UUID = Field(primary_key=True)
    prediction_id: str = Field(sa_type=Text)
    accepted_at: datetime = Field(sa_type=Time)
    due_at: datetime | None = Field(sa_type=Time)
    prompted: bool
    looks: int


class Bill(SQLModel, table=True):
    """When WaveSpeed is asked next what it billed for a prediction."""

    __tablename__ = "bills"

    prediction_id: str = Field(primary_key=True, sa_type=Text)
    due_at: datetime = Field(sa_type=Time)
    since: datetime = Field(sa_type=Time)
    changed_at: datetime | None = Field(sa_type=Time)
    looks: int


class ReadingRate(SQLModel, table=True):
    """When the next planned reading may be made, by all workers together: one row."""

    __tablename__ = "reading_rate"

    one: bool = Field(primary_key=True)
    next_at: datetime = Field(sa_type=Time)


class Erasure(SQLModel, table=True):
    """What is gone from the record and still to be deleted at Temporal and WaveSpeed: a job, or a prompt job."""

    __tablename__ = "erasures"

    id: UUID = Field(primary_key=True)
    table_name: str = Field(sa_type=Text)
    due_at: datetime = Field(sa_type=Time)
    looked_at: datetime | None = Field(sa_type=Time)
    problem: str | None = Field(sa_type=Text)


class OwnerErasure(SQLModel, table=True):
    """An owner all of whose jobs are being erased, and how far the sweep over them has come."""

    __tablename__ = "owner_erasures"

    owner: str = Field(primary_key=True, sa_type=Text)
    accepted_until: datetime = Field(sa_type=Time)
    requested_at: datetime = Field(sa_type=Time)
    began_at: datetime = Field(sa_type=Time)
    table_name: str = Field(sa_type=Text)
    reached_at: datetime | None = Field(sa_type=Time)
    reached_id: UUID | None
    left_open: int = Field(sa_type=BigInteger)


class StoredOutput(SQLModel, table=True):
    """Our own copy of one output of a job: whether it waits to be stored, is stored, could not be or is gone again.

    `renderings` names what lies beside the file (`promptmill.outputs.naming`).
    """

    __tablename__ = "stored_outputs"

    job_id: UUID = Field(primary_key=True)
    index: int = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    expires_at: datetime = Field(sa_type=Time)
    due_at: datetime | None = Field(sa_type=Time)
    attempts: int
    problem: str | None = Field(sa_type=Text)
    warned_at: datetime | None = Field(sa_type=Time)
    path: str | None = Field(sa_type=Text)
    renderings: list[str] = Field(sa_type=Texts)
    content_type: str | None = Field(sa_type=Text)
    bytes: int | None = Field(sa_type=BigInteger)
    total_bytes: int | None = Field(sa_type=BigInteger)
    width: int | None
    height: int | None
    duration_seconds: float | None = Field(sa_type=Double)
    sha256: str | None = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Time)
    stored_at: datetime | None = Field(sa_type=Time)


class PromptStyle(SQLModel, table=True):
    """An owner's own style: what Grok is told for its name."""

    __tablename__ = "prompt_styles"

    owner: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(primary_key=True, sa_type=Text)
    wording: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Time)
    updated_at: datetime = Field(sa_type=Time)


class OutputRemoval(SQLModel, table=True):
    """A stored file that is to be deleted from the storage, with everything beside it."""

    __tablename__ = "output_removals"

    path: str = Field(primary_key=True, sa_type=Text)
    job_id: UUID
    due_at: datetime = Field(sa_type=Time)
    looked_at: datetime | None = Field(sa_type=Time)
    problem: str | None = Field(sa_type=Text)


class Batch(SQLModel, table=True):
    """A table of rows made with one template, within a budget of its own. Costs are USD."""

    __tablename__ = "batches"

    id: UUID = Field(primary_key=True)
    owner: str = Field(sa_type=Text)
    key: str | None = Field(sa_type=Text)
    name: str | None = Field(sa_type=Text)
    template: dict[str, Any] = Field(sa_type=JSONB)
    state: str = Field(sa_type=Text)
    pause_reason: str | None = Field(sa_type=Text)
    paused_by: str | None = Field(sa_type=Text)
    problem: str | None = Field(sa_type=Text)
    max_cost_usd: Decimal = Field(sa_type=Money)
    max_open: int
    stop_after_failures: int | None
    failures_forgiven: int
    priority: int = Field(sa_type=SmallInteger)
    callback_url: str | None = Field(sa_type=Text)
    key_id: str | None = Field(sa_type=Text)
    reserved_usd: Decimal = Field(sa_type=Numeric(14, 6))
    spent_usd: Decimal = Field(sa_type=Numeric(14, 6))
    due_at: datetime | None = Field(sa_type=Time)
    callback_claimed_at: datetime | None = Field(sa_type=Time)
    callback_started_at: datetime | None = Field(sa_type=Time)
    callback_ended_at: datetime | None = Field(sa_type=Time)
    created_at: datetime = Field(sa_type=Time)
    changed_at: datetime = Field(sa_type=Time)
    completed_at: datetime | None = Field(sa_type=Time)


class BatchRow(SQLModel, table=True):
    """One row of a batch, and the job that is made of it."""

    __tablename__ = "batch_rows"

    batch_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, sa_type=Text)
    number: int
    given: dict[str, Any] = Field(sa_type=JSONB)
    request: dict[str, Any] | None = Field(sa_type=JSONB)
    content_hash: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    job_id: UUID | None
    retry_of: UUID | None
    faults: list[dict[str, Any]] = Field(sa_type=JSONB)


class BatchProposal(SQLModel, table=True):
    """Prompts that Grok is asked to propose for a batch, and their approval."""

    __tablename__ = "batch_proposals"

    batch_id: UUID = Field(primary_key=True)
    prompt_job_id: UUID
    rows: int
    request: dict[str, Any] | None = Field(sa_type=JSONB)
    request_hash: str = Field(sa_type=Text)
    approved: list[str] | None = Field(sa_type=JSONB)
    approved_hash: str | None = Field(sa_type=Text)


class Template(SQLModel, table=True):
    """A named recipe: the body of a job to create, with words to be filled in."""

    __tablename__ = "templates"

    id: UUID = Field(primary_key=True)
    owner: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    body: dict[str, Any] = Field(sa_type=JSONB)
    version: int
    created_at: datetime = Field(sa_type=Time)
    changed_at: datetime = Field(sa_type=Time)


class JobTag(SQLModel, table=True):
    """An owner's word on a job."""

    __tablename__ = "job_tags"

    job_id: UUID = Field(primary_key=True)
    tag: str = Field(primary_key=True, sa_type=Text)
    owner: str = Field(sa_type=Text)
    job_created_at: datetime = Field(sa_type=Time)


class Collection(SQLModel, table=True):
    """An owner's named, ordered set of outputs."""

    __tablename__ = "collections"

    id: UUID = Field(primary_key=True)
    owner: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Time)
    changed_at: datetime = Field(sa_type=Time)


class CollectionOutput(SQLModel, table=True):
    """One output in a collection."""

    __tablename__ = "collection_outputs"

    collection_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(primary_key=True)
    index: int = Field(primary_key=True)
    position: int = Field(sa_type=BigInteger)
    added_at: datetime = Field(sa_type=Time)


class AppliedFunction(SQLModel, table=True):
    """Which text of a file in `sql/functions` the database has, by its SHA-256 in hexadecimal."""

    __tablename__ = "applied_functions"

    name: str = Field(primary_key=True, sa_type=Text)
    sha256: str = Field(sa_type=Text)
    applied_at: datetime = Field(sa_type=Time)


class StatusCounter(SQLModel, table=True):
    """How many of an owner's rows in a table have a status; the sum over the slots counts, one may be negative."""

    __tablename__ = "status_counters"

    table_name: str = Field(primary_key=True, sa_type=Text)
    status: str = Field(primary_key=True, sa_type=Text)
    slot: int = Field(primary_key=True, sa_type=SmallInteger)
    n: int = Field(sa_type=BigInteger)
    owner: str = Field(primary_key=True, sa_type=Text)


class UpMinute(SQLModel, table=True):
    """A minute in which an API saw the installation up: a bit for each ten seconds, the lowest the first."""

    __tablename__ = "up_minutes"

    minute: datetime = Field(primary_key=True, sa_type=Time)
    seen: int = Field(sa_type=SmallInteger)


class Backup(SQLModel, table=True):
    """A backup of the record, as whoever took it has told."""

    __tablename__ = "backups"

    name: str = Field(primary_key=True, sa_type=Text)
    taken_at: datetime = Field(sa_type=Time)
    verified_at: datetime | None = Field(sa_type=Time)


class QueueMinute(SQLModel, table=True):
    """What the prompt queue did for an owner in one minute; the sum over the slots counts."""

    __tablename__ = "queue_minutes"

    minute: datetime = Field(primary_key=True, sa_type=Time)
    slot: int = Field(primary_key=True, sa_type=SmallInteger)
    started: int
    wait_seconds: float = Field(sa_type=Double)
    finished: int
    failed: int
    processing_seconds: float = Field(sa_type=Double)
    retried: int
    retried_finished: int
    owner: str = Field(primary_key=True, sa_type=Text)
