"""The shapes of requests and answers, generated from the OpenAPI document by `make types`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from promptmill_client.shapes import Shape


class ApproveBatch(Shape):
    """The prompts with which a batch is made: as Grok proposed them, edited, or others."""

    model_config = ConfigDict(
        extra="forbid",
    )
    prompts: list[str]
    """
    Each row of the table is made with each of them. `{{column}}` is filled in from each row.
    """


class AskPrice(Shape):
    """The inputs of a run to estimate. Nothing is accepted or stored."""

    model_config = ConfigDict(
        extra="forbid",
    )
    model: str
    """
    WaveSpeed's model path: `vendor/name[/variant]`.
    """
    input: dict[str, Any] | None = None
    """
    The model's own inputs except the prompt; 64 KiB at most.
    """
    prompt: str | None = None
    """
    May be omitted if there is none yet.
    """
    target_url: Annotated[str | None, Field(alias="targetUrl")] = None
    """
    The image to change.
    """
    ref_urls: Annotated[list[str] | None, Field(alias="refUrls")] = None
    """
    Reference images, sent before the target, in this order.
    """
    allow_unknown_model: Annotated[bool, Field(alias="allowUnknownModel")] = False
    """
    Accept a model that WaveSpeed's list does not have, or inputs that the model's schema does not allow. Without a list, neither is checked.
    """


class BalanceAnswer(Shape):
    """What is left on the account at WaveSpeed."""

    balance_usd: Annotated[float | None, Field(alias="balanceUsd")]
    """
    The balance; null if it is unavailable.
    """
    reason: str | None
    """
    Why it is unavailable.
    """


class BatchState(StrEnum):
    """Where a batch stands.

    `awaiting_approval`: Grok has been asked for prompts, and nothing is made before a person has approved some.
    `planning`: its rows are being stored, and nothing is made yet.
    """

    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DONE_WITH_FAILURES = "done_with_failures"
    CANCELLED = "cancelled"


class Billed(StrEnum):
    """Whether WaveSpeed charged for a job, derived from its submissions. `refunded`: it did, and refunded all of it."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"
    REFUNDED = "refunded"


class BudgetPeriod(StrEnum):
    """What a budget's limit holds for: each day, each month, or all time."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class OpenJobs(StrEnum):
    """`keep`: its open jobs go on. `cancel`: they are cancelled, as far as that is possible."""

    KEEP = "keep"
    CANCEL = "cancel"


class CancelBatch(Shape):
    """What to cancel of a batch."""

    model_config = ConfigDict(
        extra="forbid",
    )
    open_jobs: Annotated[OpenJobs, Field(alias="openJobs")] = OpenJobs.KEEP
    """
    `keep`: its open jobs go on. `cancel`: they are cancelled, as far as that is possible.
    """


class ChangeBatch(Shape):
    """New values for a batch; what is left out stays. Jobs that are open keep their priority."""

    model_config = ConfigDict(
        extra="forbid",
    )
    max_cost_usd: Annotated[float | None, Field(alias="maxCostUsd")] = None
    """
    A batch that its budget has paused goes on if there is room now.
    """
    max_open: Annotated[int | None, Field(alias="maxOpen")] = None
    """
    How many of its jobs may be open at once.
    """
    priority: int | None = None
    """
    Of the jobs of rows that wait.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")] = None
    """
    Null: never.
    """
    name: str | None = None
    """
    Null: none.
    """


class ChangeJob(Shape):
    """New values for a job that waits; what is left out stays.

    `input`, `targetUrl` and `refUrls` belong together: giving one of them replaces all three.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    model: str | None = None
    """
    Another model of the same kind.
    """
    input: dict[str, Any] | None = None
    """
    As when it is created, without the prompt.
    """
    prompt: str | None = None
    """
    What WaveSpeed gets; once Grok has written its own.
    """
    target_url: Annotated[str | None, Field(alias="targetUrl")] = None
    """
    The image to change.
    """
    ref_urls: Annotated[list[str] | None, Field(alias="refUrls")] = None
    """
    Reference images, sent before the target, in this order.
    """
    priority: int | None = None
    """
    1-10; 10 is the highest.
    """
    max_price_usd: Annotated[float | None, Field(alias="maxPriceUsd")] = None
    """
    Null: no limit.
    """
    allow_unknown_model: Annotated[bool, Field(alias="allowUnknownModel")] = False
    """
    Accept a model that WaveSpeed's list does not have, or inputs that the model's schema does not allow. Without a list, neither is checked.
    """


class Control(StrEnum):
    """What a form offers for an input: how its value is chosen, where `InputType` says what the value is."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    SLIDER = "slider"
    SWITCH = "switch"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXTS = "texts"
    MEDIA = "media"
    MEDIA_LIST = "mediaList"
    LORAS = "loras"
    OBJECTS = "objects"
    SIZE = "size"
    SEED = "seed"
    JSON = "json"


class CostSource(StrEnum):
    """Where a media cost comes from."""

    QUOTED = "quoted"
    BILLED = "billed"


class TableFormat(StrEnum):
    """What `table` is. Default: `jsonl` if it begins with `{`, otherwise `csv`."""

    CSV = "csv"
    JSONL = "jsonl"


class ErrorAnswer(Shape):
    """Why something failed, the provider's message, and what a person can do."""

    reason_code: Annotated[str | None, Field(alias="reasonCode")]
    """
    A stable code; `docs/reason-codes.md` explains each.
    """
    message: str
    """
    What happened, with the provider's own words where there are any.
    """
    hint: str | None
    """
    What a person can do about it.
    """


class FaultAnswer(Shape):
    """What is wrong with a row of a table."""

    line: int
    """
    The row, from 1 without the header; 0: the header, or the table as a whole.
    """
    column: str | None
    """
    The column; null if no single one is at fault.
    """
    value: str | None
    """
    What it has there, cut; null if it has nothing.
    """
    message: str
    """
    What is wrong, and what would be right.
    """
    suggestion: str | None
    """
    What was probably meant; null without a good guess.
    """
    rows: int
    """
    How many rows have it. More than one for a column that nothing takes, which is reported once, at its first row; 0 for the table as a whole.
    """


class FieldAnswer(Shape):
    """One input of a model, as shown in a form. Null means not specified; WaveSpeed has the final say."""

    name: str
    """
    Its name in `input`.
    """
    title: str
    """
    For people.
    """
    description: str
    """
    What it does, in WaveSpeed's words.
    """
    type: str
    """
    How it is entered.
    """
    required: bool
    """
    Whether a run needs it.
    """
    default: Any
    """
    The value that applies if none is given.
    """
    minimum: float | int | None
    """
    Smallest number.
    """
    maximum: float | int | None
    """
    Largest number.
    """
    step: float | int | None
    """
    Numbers are multiples of it.
    """
    choices: list[Any] | None
    """
    All values of a `choice`.
    """
    suggestions: list[str] | None
    """
    Suggested values; others are possible.
    """
    max_length: Annotated[int | None, Field(alias="maxLength")]
    """
    Characters of a text.
    """
    moves_price: Annotated[bool, Field(alias="movesPrice")]
    """
    Whether it is known to affect the price of a run.
    """
    control: Control | str
    """
    What a form offers for it; `type` says what its value is.
    """
    unit: str | None
    """
    The unit of its value.
    """
    placeholder: str
    """
    An example of what to enter; empty if there is none.
    """
    media: list[str]
    """
    What its files may be: `image`, `video`, `audio`, or a media type or an ending. Empty: no files.
    """
    min_items: Annotated[int | None, Field(alias="minItems")]
    """
    Fewest entries of a list that is not empty.
    """
    max_items: Annotated[int | None, Field(alias="maxItems")]
    """
    Most entries of a list.
    """
    item_choices: Annotated[list[Any] | None, Field(alias="itemChoices")]
    """
    All values of an entry.
    """
    parts: list[FieldAnswer]
    """
    What each entry of a list of objects has.
    """


class FieldError(Shape):
    """One error in a request.

    `pointer` is a JSON pointer into the body (`/input/size`), or begins with `/query/`, `/header/` or, for a row of a
    table and its column, `/line/`.
    """

    pointer: str
    """
    A JSON pointer into the body; or it begins with `/query/`, `/header/`, `/line/`.
    """
    message: str
    """
    What is wrong, and what would be right.
    """


class JobStatus(StrEnum):
    """A job's status. `docs/transitions.md` lists the allowed transitions; SQL's `transition_allowed` enforces them."""

    QUEUED = "queued"
    PROMPTING = "prompting"
    DISPATCHING = "dispatching"
    SUBMIT_UNKNOWN = "submit_unknown"
    GENERATING = "generating"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class Links(Shape):
    """Links: related resources of this service, and the workflow in the Temporal Web UI."""

    self: str
    """
    Itself.
    """
    events: str | None = None
    """
    Its timeline.
    """
    cancel: str | None = None
    """
    Where to send DELETE; null once it has ended.
    """
    retry: str | None = None
    """
    Where to send POST; null if it cannot be retried.
    """
    erase: str | None = None
    """
    Where to send POST; null until it has ended, and once it is erased.
    """
    resolve: str | None = None
    """
    Where to decide an unclear submission; null unless it is unclear.
    """
    temporal: str | None = None
    """
    Its workflow in the Temporal Web UI; null if no address is configured.
    """


class MediaKind(StrEnum):
    """The media type of an output, or of a model's outputs."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    JSON = "json"


class ModelAnswer(Shape):
    """A known WaveSpeed model. Other model paths can be used with `allowUnknownModel`."""

    model: str
    label: str
    kind: MediaKind | str
    """
    What it generates: image, video, audio or text.
    """
    pictures_field: Annotated[str | None, Field(alias="picturesField")]
    """
    The input that takes images; null if it takes none.
    """
    max_pictures: Annotated[int, Field(alias="maxPictures")]
    sizes: list[str]
    """
    Allowed values of the input `size`, "W*H".
    """
    side_min: Annotated[int | None, Field(alias="sideMin")]
    """
    Minimum side of a custom size, in pixels.
    """
    side_max: Annotated[int | None, Field(alias="sideMax")]
    """
    Maximum side of a custom size, in pixels.
    """
    seed: bool
    defaults: dict[str, Any]
    """
    Inputs that are sent unless the caller sets them.
    """
    base_price_usd: Annotated[float | None, Field(alias="basePriceUsd")]
    """
    Minimum price of a run; null if unknown.
    """
    task: str | None
    """
    WaveSpeed's own category, such as `image-to-video`; null if unknown.
    """
    known: str
    """
    Where it comes from: `preset` (ours), `wavespeed` (WaveSpeed's list) or `both`.
    """


class ModelDetail(Shape):
    """One model with its fields: all inputs except the prompt, images, what is hidden, and what is never sent."""

    model: str
    label: str
    kind: MediaKind | str
    """
    What it generates: image, video, audio or text.
    """
    pictures_field: Annotated[str | None, Field(alias="picturesField")]
    """
    The input that takes images; null if it takes none.
    """
    max_pictures: Annotated[int, Field(alias="maxPictures")]
    sizes: list[str]
    """
    Allowed values of the input `size`, "W*H".
    """
    side_min: Annotated[int | None, Field(alias="sideMin")]
    """
    Minimum side of a custom size, in pixels.
    """
    side_max: Annotated[int | None, Field(alias="sideMax")]
    """
    Maximum side of a custom size, in pixels.
    """
    seed: bool
    defaults: dict[str, Any]
    """
    Inputs that are sent unless the caller sets them.
    """
    base_price_usd: Annotated[float | None, Field(alias="basePriceUsd")]
    """
    Minimum price of a run; null if unknown.
    """
    task: str | None
    """
    WaveSpeed's own category, such as `image-to-video`; null if unknown.
    """
    known: str
    """
    Where it comes from: `preset` (ours), `wavespeed` (WaveSpeed's list) or `both`.
    """
    description: str
    """
    What the model does.
    """
    fields: list[FieldAnswer]
    """
    Its inputs, in display order.
    """


class ModelList(Shape):
    """The known models, in display order."""

    items: list[ModelAnswer]
    """
    The models.
    """
    source: str
    """
    `wavespeed`: WaveSpeed's list, presets first. `presets`: the list is not available (yet).
    """
    as_of: Annotated[AwareDatetime | None, Field(alias="asOf")]
    """
    When WaveSpeed's list was fetched.
    """


class OnPromptFailure(StrEnum):
    """What a job does if Grok fails to write its prompt."""

    FAIL = "fail"
    TEMPLATE = "template"
    USE_PROMPT = "usePrompt"


class Operation(StrEnum):
    """What Grok is asked to do: write from images and instructions, enhance a prompt, or describe the target image."""

    GENERATE = "generate"
    ENHANCE = "enhance"
    DESCRIBE = "describe"


class PauseReason(StrEnum):
    """Why a batch is paused.

    `budget`: nothing is left of it. `failures`: too many rows have failed, or one as every other would. `owner`,
    `admin`: a person wants it.
    """

    BUDGET = "budget"
    FAILURES = "failures"
    OWNER = "owner"
    ADMIN = "admin"


class PlannedBudget(Shape):
    """A budget that the batch would draw on."""

    owner: str
    """
    Whose it is; `*` is the whole installation.
    """
    period: BudgetPeriod | str
    """
    What its limit holds for.
    """
    left_usd: Annotated[float, Field(alias="leftUsd")]
    """
    What is neither spent nor reserved.
    """
    enough: bool | None
    """
    Whether it is enough for all rows; null if their cost is unknown.
    """


class PlannedCost(Shape):
    """What the rows without faults cost in all, as far as it is known before anything runs."""

    price_usd: Annotated[float | None, Field(alias="priceUsd")]
    """
    All rows at WaveSpeed; null if the price of any is unknown.
    """
    floor_usd: Annotated[float, Field(alias="floorUsd")]
    """
    What is sure to be paid to WaveSpeed if all run: the known prices, added up.
    """
    floor: bool
    """
    Whether `priceUsd` is a minimum: some runs may cost more.
    """
    unknown_rows: Annotated[int, Field(alias="unknownRows")]
    """
    Rows whose price is unknown.
    """
    prompts: int
    """
    Rows for which Grok writes the prompt first.
    """
    prompts_usd: Annotated[float | None, Field(alias="promptsUsd")]
    """
    What Grok's prompts cost, at the median of the newest ones; 0 without any, null if unknown.
    """
    text: str
    """
    The above in words.
    """
    affordable_rows: Annotated[int | None, Field(alias="affordableRows")]
    """
    How many rows, in their order, `maxCostUsd` is enough for; null without it, or if it is unknown.
    """


class PlannedDuration(Shape):
    """How long all rows take, by the permitted rates and the newest jobs of the model. Null: unknown."""

    seconds: float | None
    """
    From the start to the last output.
    """
    low_seconds: Annotated[float | None, Field(alias="lowSeconds")]
    """
    Given if it is uncertain.
    """
    high_seconds: Annotated[float | None, Field(alias="highSeconds")]
    """
    Given if it is uncertain.
    """
    text: str
    """
    The above in words, and what it depends on.
    """


class PlannedPrice(Shape):
    """What WaveSpeed asks for some rows, each of which costs the same."""

    price_usd: Annotated[float | None, Field(alias="priceUsd")]
    """
    For one row; null if it is unknown, and `reason` says why.
    """
    list_price_usd: Annotated[float | None, Field(alias="listPriceUsd")]
    """
    WaveSpeed's list price; null without a discount.
    """
    floor: bool
    """
    Whether `priceUsd` is a minimum: a run may cost more.
    """
    missing: list[str]
    """
    Inputs that affect the price and are not set.
    """
    reason: str | None
    """
    Why there is no price, or why it is a minimum although nothing is missing.
    """
    text: str
    """
    The above in words.
    """
    rows: int
    """
    How many rows.
    """
    lines: list[list[Any]]
    """
    Which: from and to, both included.
    """


class PriceAnswer(Shape):
    """What WaveSpeed would charge for exactly the inputs that would be sent."""

    model: str
    """
    The model.
    """
    price_usd: Annotated[float | None, Field(alias="priceUsd")]
    """
    Null if there is none; `reason` says why.
    """
    list_price_usd: Annotated[float | None, Field(alias="listPriceUsd")]
    """
    WaveSpeed's list price; null without a discount.
    """
    floor: bool
    """
    Whether `priceUsd` is a minimum: the run may cost more.
    """
    missing: list[str]
    """
    Inputs that affect the price and are not set.
    """
    reason: str | None
    """
    Why there is no price, or why it is a minimum although nothing is missing.
    """
    problems: list[FieldError]
    """
    Inputs that a job needs and that are not there yet, as `POST /api/jobs/create` would name them.
    """
    text: str
    """
    The above in words.
    """
    asked_at: Annotated[AwareDatetime, Field(alias="askedAt")]
    """
    When WaveSpeed was asked.
    """


class Problem(Shape):
    """A problem document (RFC 9457). `code` is stable; programs should branch on it."""

    type: str
    """
    Where this code is explained.
    """
    title: str
    """
    The code in words.
    """
    status: int
    """
    The HTTP status.
    """
    detail: str
    """
    What happened, and what to do.
    """
    instance: str
    """
    The path of the request.
    """
    code: str
    """
    Stable: branch on it.
    """
    request_id: Annotated[str, Field(alias="requestId")]
    """
    Names the request in logs.
    """
    errors: list[FieldError] | None = None
    """
    The fields that are not valid, or ask for too much.
    """


class PromptJobStatus(StrEnum):
    """A prompt job's status. Between attempts it stays `processing`."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PromptLength(StrEnum):
    """How long a prompt is to be."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class PromptSource(StrEnum):
    """Who wrote the prompt that goes to WaveSpeed."""

    GROK = "grok"
    GROK_FALLBACK = "grok_fallback"
    TEMPLATE = "template"
    CALLER = "caller"
    EDITED = "edited"


class PromptStatus(StrEnum):
    """`jobs.prompt_status`: the state of a job's prompt, from the job's point of view."""

    NOT_REQUESTED = "not_requested"
    PENDING = "pending"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Mode(StrEnum):
    """`given`: the template and its rows. `each`: Grok, anew for each row, as with `useAiPrompt`. `variants`: Grok proposes `count` prompts with one question, and each row is made with each of those that are approved."""

    GIVEN = "given"
    EACH = "each"
    VARIANTS = "variants"


class Prompts(Shape):
    """Who writes the prompts of a batch."""

    model_config = ConfigDict(
        extra="forbid",
    )
    mode: Mode
    """
    `given`: the template and its rows. `each`: Grok, anew for each row, as with `useAiPrompt`. `variants`: Grok proposes `count` prompts with one question, and each row is made with each of those that are approved.
    """
    count: int | None = None
    """
    With `variants`: how many different prompts Grok is asked for. Fewer may come.
    """


class ProposalState(StrEnum):
    """Whether Grok has proposed prompts for a batch."""

    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"


class ProviderMode(StrEnum):
    """Whether a provider is real or simulated; fixed for a job on acceptance."""

    REAL = "real"
    SIMULATED = "simulated"


class RateResult(Shape):
    """A rating of a job's outputs; replaces the previous one."""

    model_config = ConfigDict(
        extra="forbid",
    )
    kept: bool | None
    """
    Whether the result is kept; null removes the rating.
    """


class Rating(StrEnum):
    """The rating of a written prompt."""

    UP = "up"
    DOWN = "down"


class Relation(StrEnum):
    """How a job was made from an output of another."""

    EDIT = "edit"
    ANIMATE = "animate"
    UPSCALE = "upscale"
    REFERENCE = "reference"
    VARIATION = "variation"
    RETRY = "retry"


class ResultCounts(Shape):
    """How many results of a prompt were kept and discarded; unrated ones count as neither."""

    kept: int = 0
    """
    Results rated as kept.
    """
    discarded: int = 0
    """
    Results rated as discarded.
    """


class RetryJob(Shape):
    """How a job is retried."""

    model_config = ConfigDict(
        extra="forbid",
    )
    force: bool = False
    """
    Retry even if an earlier submission may still be billed; this is recorded.
    """


class RowCounts(Shape):
    """How many rows are in which state."""

    waiting: int = 0
    """
    They have no job yet, or are to be tried again.
    """
    open: int = 0
    """
    Their jobs are under way.
    """
    unclear: int = 0
    """
    A submission may be paid, and nobody knows yet.
    """
    completed: int = 0
    """
    Their outputs are there.
    """
    failed: int = 0
    """
    Their jobs ended without outputs.
    """
    cancelled: int = 0
    """
    Their jobs were cancelled.
    """
    skipped: int = 0
    """
    They waited when the batch was cancelled.
    """
    faulty: int = 0
    """
    No job can be made of them.
    """
    gone: int = 0
    """
    Their jobs were deleted after their time.
    """


class RowState(StrEnum):
    """What has become of a row: SQL's `batch_row_state` says it of the row and its job.

    `unclear`: its submission may be paid, and nobody knows yet. `gone`: its job was deleted after its time.
    """

    WAITING = "waiting"
    OPEN = "open"
    UNCLEAR = "unclear"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    FAULTY = "faulty"
    GONE = "gone"


class ShareOutput(Shape):
    """How long an output is to be shared."""

    model_config = ConfigDict(
        extra="forbid",
    )
    hours: int = 24
    """
    Hours after which the address ends, 1 to 2,160 (90 days).
    """


class SharedOutput(Shape):
    """An address that anyone who knows it can open, until it ends."""

    url: str
    """
    Where the file is: below the address at which this API was called; if that is this machine's own, below PROMPTMILL_PUBLIC_URL, if it is set.
    """
    expires_at: Annotated[AwareDatetime, Field(alias="expiresAt")]
    """
    When it ends.
    """


class SpendAnswer(Shape):
    """What one day, owner, model or key cost: charged (`spentUsd`), and held for submissions that may be."""

    name: str
    """
    The day, owner, model or key; `no key` for what no API key created.
    """
    key_id: Annotated[str | None, Field(alias="keyId")]
    """
    By key: its id. Else null.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    Charged, by WaveSpeed and xAI.
    """
    grok_usd: Annotated[float, Field(alias="grokUsd")]
    """
    Of `spentUsd`, what xAI charged for Grok's prompts.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    Held for submissions that may be charged.
    """


class SpendBy(StrEnum):
    """What spending is added up by."""

    DAY = "day"
    OWNER = "owner"
    MODEL = "model"
    KEY = "key"


class SpendList(Shape):
    """Spending from one day to another, both included: days in order, all else by cost, highest first."""

    by: SpendBy | str
    """
    What it is added up by.
    """
    from_: Annotated[date, Field(alias="from")]
    """
    The first day (UTC).
    """
    to: date
    """
    The last day.
    """
    items: list[SpendAnswer]
    """
    Rows with something charged or held.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    Charged, in all.
    """
    grok_usd: Annotated[float, Field(alias="grokUsd")]
    """
    Of `spentUsd`, what xAI charged.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    Held, in all.
    """


class Stage(Shape):
    """A stage of a job: how long it lasted, and whether it is still active."""

    stage: str
    """
    A status that is not final, or `writing` while Grok writes.
    """
    seconds: float
    """
    How long it lasted, or has lasted so far.
    """
    open: bool
    """
    Whether it is still active.
    """


class StoredState(StrEnum):
    """Where an output stands. `failed`: it was not stored while WaveSpeed had it. `removed`: it was, and had to go."""

    WAITING = "waiting"
    STORED = "stored"
    FAILED = "failed"
    REMOVED = "removed"


class StyleUse(Shape):
    """How a style has fared with one model in the last 30 days."""

    model: str
    """
    The WaveSpeed model.
    """
    jobs: int
    """
    Jobs whose prompt was asked for in this style.
    """
    kept: int
    """
    Those whose outputs are liked.
    """
    discarded: int
    """
    Those whose outputs are discarded.
    """


class UploadedFile(Shape):
    """An uploaded file: `url` can be used in `input`, and an image's as `targetUrl` and in `refUrls`.

    Anyone who knows the URL can open it. Size and type are those of the cleaned image.
    """

    url: str
    """
    Where it is.
    """
    content_type: Annotated[str, Field(alias="contentType")]
    """
    `image/jpeg`, `image/png`, or a video's or sound's own.
    """
    width: int | None
    """
    Pixels; null if it is no image.
    """
    height: int | None
    """
    Pixels; null if it is no image.
    """
    size_bytes: Annotated[int, Field(alias="sizeBytes")]
    """
    Bytes as they are stored.
    """
    expires_at: Annotated[AwareDatetime, Field(alias="expiresAt")]
    """
    When WaveSpeed deletes it.
    """


class VariantAnswer(Shape):
    """One of the prompts that Grok wrote for a question."""

    prompt: str
    """
    The prompt.
    """
    negative_prompt: Annotated[str | None, Field(alias="negativePrompt")] = None
    """
    What must not be seen; null where none was asked for.
    """


class WaitFor(StrEnum):
    """What a job is waiting for."""

    GROK_QUEUE = "grok_queue"
    GROK = "grok"
    WAVESPEED_QUEUE = "wavespeed_queue"
    WAVESPEED = "wavespeed"
    RETRY = "retry"
    OPERATOR = "operator"
    BUDGET = "budget"
    RESUMPTION = "resumption"
    OWN_RESUMPTION = "own_resumption"


class BudgetAnswer(Shape):
    """A budget and what is used of it in the current period. `owner` is `*` for the whole installation."""

    owner: str
    """
    Whose it is.
    """
    period: BudgetPeriod | str
    """
    What the limit holds for.
    """
    limit_usd: Annotated[float, Field(alias="limitUsd")]
    """
    What may be spent in the period.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    Held for submissions that may be charged.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    Charged.
    """


class BudgetList(Shape):
    """All budgets, the installation's first."""

    items: list[BudgetAnswer]
    """
    The budgets.
    """


class CreateBatch(Shape):
    """A batch to run: its rows become ordinary jobs, within a budget of its own."""

    model_config = ConfigDict(
        extra="forbid",
    )
    template: dict[str, Any]
    """
    A body of `POST /api/jobs/create`. In `prompt`, `instructions` and the texts of `input`, `{{column}}` is filled in from each row.
    """
    rows: list[Any] | None = None
    """
    Objects with a value for each column; 10,000 at most.
    """
    table: str | None = None
    """
    CSV whose first line names the columns, separated by commas, semicolons or tabs; or JSONL.
    """
    table_format: Annotated[TableFormat | None, Field(alias="tableFormat")] = None
    """
    What `table` is. Default: `jsonl` if it begins with `{`, otherwise `csv`.
    """
    matrix: dict[str, list[Any]] | None = None
    """
    Values for each column: each value is combined with each of the others.
    """
    repeat: int | None = None
    """
    How often to run the template: with the `seed` of its `input`, then the next, and so on.
    """
    pictures: list[str] | None = None
    """
    URLs of images: one row each, as its `image`.
    """
    prompts: Prompts | None = None
    """
    Default: as the template says.
    """
    key: str | None = None
    """
    Names the batch: sent again with the same key, a table only adds what is new. Default: the `Idempotency-Key`, if there is one.
    """
    name: str | None = None
    """
    What people call it.
    """
    max_open: Annotated[int, Field(alias="maxOpen")] = 10
    """
    How many of its jobs may be open at once.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")] = None
    """
    Pause it once this many of its rows have failed. Default: never.
    """
    priority: int | None = None
    """
    Of all its jobs. Default: the template's, or 5.
    """
    skip_faulty: Annotated[bool, Field(alias="skipFaulty")] = False
    """
    Make the other rows if some are faulty. Otherwise, a single fault keeps all from being stored.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")] = None
    """
    Called once, when the batch has ended.
    """
    max_cost_usd: Annotated[float, Field(alias="maxCostUsd")]
    """
    What all its jobs may cost together, prompts included, in USD.
    """


class CreateJob(Shape):
    """A job to accept: one piece of media, with a prompt given, taken from a prompt job, or written by Grok first."""

    model_config = ConfigDict(
        extra="forbid",
    )
    model: str
    """
    WaveSpeed's model path: `vendor/name[/variant]`.
    """
    input: dict[str, Any] | None = None
    """
    The model's own inputs except the prompt; 64 KiB at most.
    """
    prompt: str | None = None
    """
    Required without `useAiPrompt` or `promptJobId`.
    """
    use_ai_prompt: Annotated[bool, Field(alias="useAiPrompt")] = False
    """
    Have Grok write the prompt first.
    """
    prompt_job_id: Annotated[UUID | None, Field(alias="promptJobId")] = None
    """
    A completed prompt job whose prompt to use.
    """
    operation: Operation | None = None
    """
    Default: `enhance` if a prompt is given, otherwise `generate`.
    """
    instructions: str | None = None
    """
    What the prompt should achieve.
    """
    target_url: Annotated[str | None, Field(alias="targetUrl")] = None
    """
    The image to change; sent last to the model and to Grok.
    """
    ref_urls: Annotated[list[str] | None, Field(alias="refUrls")] = None
    """
    Reference images, sent before the target, in this order.
    """
    on_prompt_failure: Annotated[OnPromptFailure, Field(alias="onPromptFailure")] = OnPromptFailure.FAIL
    """
    What to do if Grok fails.
    """
    priority: int = 5
    """
    1-10; 10 is the highest.
    """
    deadline_seconds: Annotated[int, Field(alias="deadlineSeconds")] = 86400
    """
    Maximum seconds from acceptance to the job's end, including all waiting.
    """
    generate_timeout_seconds: Annotated[int | None, Field(alias="generateTimeoutSeconds")] = None
    """
    Seconds from WaveSpeed's acceptance. Default: 900 for images, 3600 for videos.
    """
    allow_unknown_model: Annotated[bool, Field(alias="allowUnknownModel")] = False
    """
    Accept a model that WaveSpeed's list does not have, or inputs that the model's schema does not allow. Without a list, neither is checked.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")] = None
    """
    Called when the job ends; delivered at least once.
    """
    max_price_usd: Annotated[float | None, Field(alias="maxPriceUsd")] = None
    """
    Do not submit the job, and end it as `failed`, if it costs more, in USD. Default: no limit.
    """
    metadata: dict[str, str] | None = None
    """
    Returned unchanged.
    """
    parent_job_id: Annotated[UUID | None, Field(alias="parentJobId")] = None
    """
    The job of yours that it is made from; with `relation`.
    """
    parent_index: Annotated[int | None, Field(alias="parentIndex")] = None
    """
    Which of that job's `outputs`, from 0; null: none in particular.
    """
    relation: Relation | None = None
    """
    How it is made from `parentJobId`.
    """
    style: str | None = None
    """
    With `useAiPrompt`: how Grok writes, one of `GET /api/prompt-styles`.
    """
    prompt_length: Annotated[PromptLength | None, Field(alias="promptLength")] = None
    """
    With `useAiPrompt`: how long. Default: `medium`.
    """
    prompt_language: Annotated[str | None, Field(alias="promptLanguage")] = None
    """
    With `useAiPrompt`: in which language, by its English name. Default: English.
    """
    variant: int | None = None
    """
    Which of the `variants` of `promptJobId` to use, from 0. Default: the first.
    """


class EnqueuePrompt(Shape):
    """A question to Grok: it writes one prompt, or several variants. Requires an image, instructions or a prompt."""

    model_config = ConfigDict(
        extra="forbid",
    )
    operation: Operation | None = None
    """
    Default: `enhance` if a prompt is given, otherwise `generate`. `describe` writes the prompt that would produce `targetUrl`.
    """
    instructions: str | None = None
    """
    What the prompt should achieve.
    """
    prompt: str | None = None
    """
    The prompt to enhance.
    """
    target_url: Annotated[str | None, Field(alias="targetUrl")] = None
    """
    The image to change, or to describe; sent to Grok last.
    """
    ref_urls: Annotated[list[str] | None, Field(alias="refUrls")] = None
    """
    Reference images, sent before the target, in this order.
    """
    style: str | None = None
    """
    How Grok writes: one of `GET /api/prompt-styles`. Default: as it likes.
    """
    length: PromptLength | None = None
    """
    How long a prompt is to be. Default: `medium`.
    """
    language: str | None = None
    """
    In which language, by its English name. Default: English.
    """
    target_model: Annotated[str | None, Field(alias="targetModel")] = None
    """
    The model that gets the prompt. If it takes a negative prompt, that is written as well.
    """
    target_kind: Annotated[MediaKind | None, Field(alias="targetKind")] = None
    """
    What is to be made. Default: what `targetModel` makes.
    """
    wanted_variants: Annotated[int, Field(alias="wantedVariants")] = 1
    """
    How many different prompts to write with one question. Fewer may come.
    """
    priority: int = 5
    """
    1-10; 10 is the highest.
    """
    deadline_seconds: Annotated[int, Field(alias="deadlineSeconds")] = 86400
    """
    Maximum seconds from acceptance to the job's end, including all waiting.
    """
    metadata: dict[str, str] | None = None
    """
    Returned unchanged.
    """


class Event(Shape):
    """One change of a job."""

    sequence: int
    """
    Its number among the job's events, from 1, without gaps.
    """
    at: AwareDatetime
    """
    When it was recorded.
    """
    status: JobStatus | str
    """
    The job's status from then on.
    """
    reason_code: Annotated[str | None, Field(alias="reasonCode")]
    """
    Why, as a stable code.
    """
    text: str
    """
    What happened, in a sentence.
    """
    detail: dict[str, Any]
    """
    What else was recorded; differs by event.
    """


class PlanAnswer(Shape):
    """What a batch would be, and cost. Nothing was stored, made or paid."""

    rows: int
    """
    Rows of the table.
    """
    faulty_rows: Annotated[int, Field(alias="faultyRows")]
    """
    Of these, those with faults.
    """
    faults: list[FaultAnswer]
    """
    The faults in order; 1,000 at most.
    """
    fault_count: Annotated[int, Field(alias="faultCount")]
    """
    How many faults there are.
    """
    readable: bool
    """
    Whether the whole table was read. If not, a fault of line 0 says why, and `skipFaulty` does not help.
    """
    warnings: list[str]
    """
    What jobs of the batch would warn of, each once.
    """
    cost: PlannedCost
    """
    Of the rows without faults.
    """
    prices: list[PlannedPrice]
    """
    The prices of the rows without faults.
    """
    budgets: list[PlannedBudget]
    """
    The budgets of the owner, and those of the installation.
    """
    duration: PlannedDuration
    """
    Of the rows without faults.
    """


class PlanBatch(Shape):
    """A batch to plan, in the same body that creates it. Nothing is stored, made or paid."""

    model_config = ConfigDict(
        extra="forbid",
    )
    template: dict[str, Any]
    """
    A body of `POST /api/jobs/create`. In `prompt`, `instructions` and the texts of `input`, `{{column}}` is filled in from each row.
    """
    rows: list[Any] | None = None
    """
    Objects with a value for each column; 10,000 at most.
    """
    table: str | None = None
    """
    CSV whose first line names the columns, separated by commas, semicolons or tabs; or JSONL.
    """
    table_format: Annotated[TableFormat | None, Field(alias="tableFormat")] = None
    """
    What `table` is. Default: `jsonl` if it begins with `{`, otherwise `csv`.
    """
    matrix: dict[str, list[Any]] | None = None
    """
    Values for each column: each value is combined with each of the others.
    """
    repeat: int | None = None
    """
    How often to run the template: with the `seed` of its `input`, then the next, and so on.
    """
    pictures: list[str] | None = None
    """
    URLs of images: one row each, as its `image`.
    """
    prompts: Prompts | None = None
    """
    Default: as the template says.
    """
    key: str | None = None
    """
    Names the batch: sent again with the same key, a table only adds what is new. Default: the `Idempotency-Key`, if there is one.
    """
    name: str | None = None
    """
    What people call it.
    """
    max_open: Annotated[int, Field(alias="maxOpen")] = 10
    """
    How many of its jobs may be open at once.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")] = None
    """
    Pause it once this many of its rows have failed. Default: never.
    """
    priority: int | None = None
    """
    Of all its jobs. Default: the template's, or 5.
    """
    skip_faulty: Annotated[bool, Field(alias="skipFaulty")] = False
    """
    Make the other rows if some are faulty. Otherwise, a single fault keeps all from being stored.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")] = None
    """
    Called once, when the batch has ended.
    """
    max_cost_usd: Annotated[float | None, Field(alias="maxCostUsd")] = None
    """
    What the batch may cost, to learn how many rows that is enough for.
    """


class ProposalAnswer(Shape):
    """The prompts that Grok proposes for a batch, for approval. Nothing is made or paid at WaveSpeed before that."""

    state: ProposalState | str
    """
    Whether they are there.
    """
    prompt_job_id: Annotated[UUID, Field(alias="promptJobId")]
    """
    The question to Grok: `GET /api/prompt/queue/{promptJobId}` has its costs.
    """
    rows: int
    """
    How many rows the table has, each of which is made with each prompt.
    """
    wanted: int
    """
    How many Grok was asked for.
    """
    prompts: list[str]
    """
    What it wrote, each text once.
    """
    problem: str | None
    """
    Why there are none, or fewer; null if nothing is wrong.
    """


class RetriedBatch(Shape):
    """A batch whose failed rows are tried again."""

    batch_id: Annotated[UUID, Field(alias="batchId")]
    """
    Its id.
    """
    owner: str
    """
    Whose it is.
    """
    key: str | None
    """
    The key that its caller gave it; null: none.
    """
    name: str | None
    """
    What people call it.
    """
    model: str | None
    """
    The template's model.
    """
    state: BatchState | str
    """
    Where it stands.
    """
    pause_reason: Annotated[PauseReason | str | None, Field(alias="pauseReason")]
    """
    Why it is paused; null while it is not.
    """
    paused_by: Annotated[str | None, Field(alias="pausedBy")]
    """
    Who paused it, as `actor` in logs; null if nobody did.
    """
    problem: str | None
    """
    Why it is paused, or what it waits for, in words.
    """
    proposal: ProposalAnswer | None = None
    """
    What `POST …/approve` takes prompts from; null unless it waits for that.
    """
    rows: int
    """
    How many rows it has.
    """
    counts: RowCounts
    max_cost_usd: Annotated[float, Field(alias="maxCostUsd")]
    """
    Its budget.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    What its jobs have cost, prompts included.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    What is reserved for submissions under way.
    """
    left_usd: Annotated[float, Field(alias="leftUsd")]
    """
    What is left of its budget.
    """
    max_open: Annotated[int, Field(alias="maxOpen")]
    """
    How many of its jobs may be open at once.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")]
    """
    How many failed rows pause it; null: it goes on.
    """
    priority: int
    """
    Of its jobs, 1 to 10.
    """
    template: dict[str, Any]
    """
    What its rows fill.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")]
    """
    Called when it has ended.
    """
    created_at: Annotated[AwareDatetime, Field(alias="createdAt")]
    """
    When it was accepted.
    """
    changed_at: Annotated[AwareDatetime, Field(alias="changedAt")]
    """
    When it last changed.
    """
    completed_at: Annotated[AwareDatetime | None, Field(alias="completedAt")]
    """
    When no row waited or was open any more; null before that.
    """
    retried_rows: Annotated[int, Field(alias="retriedRows")]
    """
    How many rows wait again. Never one that is unclear, or may be charged.
    """


class StoredAnswer(Shape):
    """Our own copy of an output. All but `state` and `problem` are null until it is stored."""

    state: StoredState | str
    """
    `waiting`: it is about to be stored. `stored`: it is. `failed`: it was not stored while WaveSpeed had it. `removed`: it was stored, and deleted because the storage was full.
    """
    name: str | None
    """
    The file's name.
    """
    url: str | None
    """
    The file, as a path of this API.
    """
    thumbnail_url: Annotated[str | None, Field(alias="thumbnailUrl")]
    """
    A small picture of it (WebP); null for other files.
    """
    poster_url: Annotated[str | None, Field(alias="posterUrl")]
    """
    The first frame of a video (WebP); null for other files.
    """
    preview_url: Annotated[str | None, Field(alias="previewUrl")]
    """
    The first seconds of a video, as a small animated picture (WebP); null for other files.
    """
    content_type: Annotated[str | None, Field(alias="contentType")]
    """
    Its media type, by its bytes.
    """
    bytes: int | None
    """
    Its size.
    """
    width: int | None
    """
    In pixels; null if it could not be read.
    """
    height: int | None
    """
    In pixels; null if it could not be read.
    """
    duration_seconds: Annotated[float | None, Field(alias="durationSeconds")]
    """
    Of a video or sound; null if it could not be read.
    """
    sha256: str | None
    """
    Its SHA-256, in hexadecimal.
    """
    stored_at: Annotated[AwareDatetime | None, Field(alias="storedAt")]
    """
    When it was stored.
    """
    problem: str | None
    """
    Why it is not stored yet, or was not; null if nothing is wrong.
    """


class StyleAnswer(Shape):
    """A style: a named way in which Grok writes."""

    name: str
    """
    Its name.
    """
    wording: str | None
    """
    What Grok is told; null if the style has been deleted since.
    """
    own: bool
    """
    Whether it is the owner's own, and may be changed and deleted.
    """
    models: list[StyleUse]
    """
    How it has fared, by model, the most used first.
    """


class StyleList(Shape):
    """All styles: those that everybody has, the owner's own by name, and deleted ones that were used lately."""

    items: list[StyleAnswer]
    """
    The styles.
    """
    most_own: Annotated[int, Field(alias="mostOwn")]
    """
    How many an owner may have of its own.
    """


class Timeline(Shape):
    """Everything that happened to a job, in order, and how long each stage took."""

    items: list[Event]
    """
    The events, oldest first.
    """
    stages: list[Stage]
    """
    The stages, in order.
    """


class Wait(Shape):
    """What a job is waiting for now. Position and estimates are approximate; null means unknown, never 0.

    `of` is counted up to 1,000 (`capped`). `stopped`: whether the queue is stopped, null if unknown; `stoppedReason`:
    the operator's reason, or for `budget` which one has no room and when it starts again, for `resumption` who
    paused the owner and why, for `own_resumption` which of the owner's own people paused its queue. The estimate is
    based on recent throughput; low and high are given if it is uncertain. `longerThanUsual`: it is already taking
    longer than nearly all comparable recent jobs.
    """

    for_: Annotated[WaitFor | str | None, Field(alias="for")] = None
    """
    What it waits for; null if it does not wait.
    """
    position: int | None = None
    """
    How many are ahead, plus one.
    """
    of: int | None = None
    """
    How many wait in that queue, counted up to 1,000.
    """
    capped: bool = False
    """
    Whether there are more than `of`.
    """
    stopped: bool | None = None
    """
    Whether an operator has stopped the queue; null if unknown.
    """
    stopped_reason: Annotated[str | None, Field(alias="stoppedReason")] = None
    """
    The operator's reason.
    """
    stopped_since: Annotated[AwareDatetime | None, Field(alias="stoppedSince")] = None
    """
    Since when the owner or its queue is paused.
    """
    estimate_seconds: Annotated[float | None, Field(alias="estimateSeconds")] = None
    """
    Based on recent throughput.
    """
    estimate_low_seconds: Annotated[float | None, Field(alias="estimateLowSeconds")] = None
    """
    Given if the estimate is uncertain.
    """
    estimate_high_seconds: Annotated[float | None, Field(alias="estimateHighSeconds")] = None
    """
    Given if the estimate is uncertain.
    """
    longer_than_usual: Annotated[bool, Field(alias="longerThanUsual")] = False
    """
    Whether it is already taking longer than nearly all comparable recent jobs.
    """


class BatchAnswer(Shape):
    """A batch, and how it stands."""

    batch_id: Annotated[UUID, Field(alias="batchId")]
    """
    Its id.
    """
    owner: str
    """
    Whose it is.
    """
    key: str | None
    """
    The key that its caller gave it; null: none.
    """
    name: str | None
    """
    What people call it.
    """
    model: str | None
    """
    The template's model.
    """
    state: BatchState | str
    """
    Where it stands.
    """
    pause_reason: Annotated[PauseReason | str | None, Field(alias="pauseReason")]
    """
    Why it is paused; null while it is not.
    """
    paused_by: Annotated[str | None, Field(alias="pausedBy")]
    """
    Who paused it, as `actor` in logs; null if nobody did.
    """
    problem: str | None
    """
    Why it is paused, or what it waits for, in words.
    """
    proposal: ProposalAnswer | None = None
    """
    What `POST …/approve` takes prompts from; null unless it waits for that.
    """
    rows: int
    """
    How many rows it has.
    """
    counts: RowCounts
    max_cost_usd: Annotated[float, Field(alias="maxCostUsd")]
    """
    Its budget.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    What its jobs have cost, prompts included.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    What is reserved for submissions under way.
    """
    left_usd: Annotated[float, Field(alias="leftUsd")]
    """
    What is left of its budget.
    """
    max_open: Annotated[int, Field(alias="maxOpen")]
    """
    How many of its jobs may be open at once.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")]
    """
    How many failed rows pause it; null: it goes on.
    """
    priority: int
    """
    Of its jobs, 1 to 10.
    """
    template: dict[str, Any]
    """
    What its rows fill.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")]
    """
    Called when it has ended.
    """
    created_at: Annotated[AwareDatetime, Field(alias="createdAt")]
    """
    When it was accepted.
    """
    changed_at: Annotated[AwareDatetime, Field(alias="changedAt")]
    """
    When it last changed.
    """
    completed_at: Annotated[AwareDatetime | None, Field(alias="completedAt")]
    """
    When no row waited or was open any more; null before that.
    """


class BatchList(Shape):
    """A page of batches, newest first."""

    items: list[BatchAnswer]
    """
    The batches.
    """
    next_cursor: Annotated[str | None, Field(alias="nextCursor")]
    """
    Send it as `cursor` for the next page; null on the last one.
    """


class CreatedBatch(Shape):
    """A batch as it was accepted, or added to."""

    batch_id: Annotated[UUID, Field(alias="batchId")]
    """
    Its id.
    """
    owner: str
    """
    Whose it is.
    """
    key: str | None
    """
    The key that its caller gave it; null: none.
    """
    name: str | None
    """
    What people call it.
    """
    model: str | None
    """
    The template's model.
    """
    state: BatchState | str
    """
    Where it stands.
    """
    pause_reason: Annotated[PauseReason | str | None, Field(alias="pauseReason")]
    """
    Why it is paused; null while it is not.
    """
    paused_by: Annotated[str | None, Field(alias="pausedBy")]
    """
    Who paused it, as `actor` in logs; null if nobody did.
    """
    problem: str | None
    """
    Why it is paused, or what it waits for, in words.
    """
    proposal: ProposalAnswer | None = None
    """
    What `POST …/approve` takes prompts from; null unless it waits for that.
    """
    rows: int
    """
    How many rows it has.
    """
    counts: RowCounts
    max_cost_usd: Annotated[float, Field(alias="maxCostUsd")]
    """
    Its budget.
    """
    spent_usd: Annotated[float, Field(alias="spentUsd")]
    """
    What its jobs have cost, prompts included.
    """
    reserved_usd: Annotated[float, Field(alias="reservedUsd")]
    """
    What is reserved for submissions under way.
    """
    left_usd: Annotated[float, Field(alias="leftUsd")]
    """
    What is left of its budget.
    """
    max_open: Annotated[int, Field(alias="maxOpen")]
    """
    How many of its jobs may be open at once.
    """
    stop_after_failures: Annotated[int | None, Field(alias="stopAfterFailures")]
    """
    How many failed rows pause it; null: it goes on.
    """
    priority: int
    """
    Of its jobs, 1 to 10.
    """
    template: dict[str, Any]
    """
    What its rows fill.
    """
    callback_url: Annotated[str | None, Field(alias="callbackUrl")]
    """
    Called when it has ended.
    """
    created_at: Annotated[AwareDatetime, Field(alias="createdAt")]
    """
    When it was accepted.
    """
    changed_at: Annotated[AwareDatetime, Field(alias="changedAt")]
    """
    When it last changed.
    """
    completed_at: Annotated[AwareDatetime | None, Field(alias="completedAt")]
    """
    When no row waited or was open any more; null before that.
    """
    added_rows: Annotated[int, Field(alias="addedRows")]
    """
    How many rows of the table are new to it.
    """
    faults: list[FaultAnswer]
    """
    What is wrong with the rows that are skipped; the first ones.
    """
    fault_count: Annotated[int, Field(alias="faultCount")]
    """
    How many faults there are.
    """


class OutputAnswer(Shape):
    """One finished file: `url` for files, `text` for text and JSON."""

    index: int
    """
    Its place among the outputs, from 0.
    """
    kind: MediaKind | str
    """
    What it is.
    """
    url: str | None = None
    """
    Where WaveSpeed keeps the file; until `expiresAt`.
    """
    text: str | None = None
    """
    The output itself, where it is text or JSON.
    """
    nsfw: bool | None = None
    """
    WaveSpeed's classification; null if there is none.
    """
    expires_at: Annotated[AwareDatetime | None, Field(alias="expiresAt")] = None
    """
    When WaveSpeed deletes the file, seven days after it was made.
    """
    stored: StoredAnswer | None = None
    """
    Our own copy of it; null if this installation stores none, or did not when it was made.
    """
    omitted: bool = False
    """
    True in a list if `url` or `text` was too long for it; the job itself has it. Otherwise absent.
    """


class PromptJobAnswer(Shape):
    """A prompt job: one question to Grok, and the prompts that it wrote."""

    prompt_job_id: Annotated[UUID, Field(alias="promptJobId")]
    """
    Its id, a UUID of version 7.
    """
    job_id: Annotated[UUID | None, Field(alias="jobId")]
    """
    The job that it belongs to; null if it was requested alone.
    """
    status: PromptJobStatus | str
    """
    Where it stands.
    """
    status_text: Annotated[str, Field(alias="statusText")]
    """
    The status and what it means right now, in a sentence.
    """
    operation: Operation | str
    """
    What Grok does.
    """
    generated_prompt: Annotated[str | None, Field(alias="generatedPrompt")]
    """
    The prompt; null until it is written.
    """
    variants: list[VariantAnswer]
    """
    All prompts of the answer, `generatedPrompt` first.
    """
    wanted_variants: Annotated[int, Field(alias="wantedVariants")]
    """
    How many were asked for.
    """
    style: str | None
    """
    The style that was asked for; null: none.
    """
    length: PromptLength | str | None
    """
    The length that was asked for; null: none.
    """
    language: str | None
    """
    The language that was asked for; null: English.
    """
    target_model: Annotated[str | None, Field(alias="targetModel")]
    """
    The model that it was written for; null: none in particular.
    """
    target_kind: Annotated[MediaKind | str | None, Field(alias="targetKind")]
    """
    What is to be made from it; null: not said.
    """
    prompt_source: Annotated[PromptSource | str | None, Field(alias="promptSource")]
    """
    Where the prompt came from; null until it is written.
    """
    grok_model: Annotated[str | None, Field(alias="grokModel")]
    """
    The model that wrote it, or is asked now.
    """
    retry_count: Annotated[int, Field(alias="retryCount")]
    """
    Failed attempts so far.
    """
    next_attempt_at: Annotated[AwareDatetime | None, Field(alias="nextAttemptAt")]
    """
    When Grok is asked again; null if that is not planned.
    """
    wait: Wait
    queue_position: Annotated[int | None, Field(alias="queuePosition")]
    """
    The same as `wait.position`.
    """
    estimated_wait_seconds: Annotated[float | None, Field(alias="estimatedWaitSeconds")]
    """
    The same as `wait.estimateSeconds`.
    """
    error: ErrorAnswer | None
    """
    Why it failed, or failed last; null if nothing is wrong.
    """
    prompt_cost_usd: Annotated[float | None, Field(alias="promptCostUsd")]
    """
    Grok's charge so far; null if unknown.
    """
    created_at: Annotated[AwareDatetime, Field(alias="createdAt")]
    """
    When it was accepted.
    """
    started_at: Annotated[AwareDatetime | None, Field(alias="startedAt")]
    """
    When Grok was first asked; null before.
    """
    completed_at: Annotated[AwareDatetime | None, Field(alias="completedAt")]
    """
    When it ended; null before.
    """
    erase_requested_at: Annotated[AwareDatetime | None, Field(alias="eraseRequestedAt")]
    """
    Since when its words and addresses are erased here; null if they are not.
    """
    erased_at: Annotated[AwareDatetime | None, Field(alias="erasedAt")]
    """
    Since when they are deleted at Temporal as well; null before.
    """
    metadata: dict[str, str]
    """
    The caller's own labels.
    """
    rating: Rating | str | None
    """
    The rating; null if there is none.
    """
    rating_reason: Annotated[str | None, Field(alias="ratingReason")]
    """
    Why, in the person's own words.
    """
    results: ResultCounts
    """
    Across all jobs that used the prompt.
    """
    links: Links


class RowAnswer(Shape):
    """A row of a batch, and what has become of it."""

    number: int
    """
    Its line in the table, from 1.
    """
    key: str
    """
    What names it in its batch.
    """
    state: RowState | str
    """
    What has become of it.
    """
    values: dict[str, Any]
    """
    Its columns as they were given.
    """
    job_id: Annotated[UUID | None, Field(alias="jobId")]
    """
    Its job; null while there is none.
    """
    status: JobStatus | str | None
    """
    Its job's status.
    """
    error: ErrorAnswer | None
    """
    Why its job ended without outputs; null if nothing is wrong.
    """
    prompt: str | None
    """
    What WaveSpeed gets; null while Grok has not written it.
    """
    outputs: list[OutputAnswer]
    """
    The finished files.
    """
    cost_usd: Annotated[float | None, Field(alias="costUsd")]
    """
    What it has cost, its prompt included; null if that is not known.
    """
    kept: bool | None
    """
    The rating of its outputs; null if there is none.
    """
    faults: list[FaultAnswer]
    """
    What is wrong with it, if it is faulty.
    """


class RowList(Shape):
    """A page of a batch's rows, by their number."""

    items: list[RowAnswer]
    """
    The rows.
    """
    next_cursor: Annotated[str | None, Field(alias="nextCursor")]
    """
    Send it as `cursor` for the next page; null on the last one.
    """


class JobAnswer(Shape):
    """A job: one piece of media to generate."""

    job_id: Annotated[UUID, Field(alias="jobId")]
    """
    Its id, a UUID of version 7.
    """
    owner: str
    """
    Whose job it is.
    """
    status: JobStatus | str
    """
    Where it stands.
    """
    status_text: Annotated[str, Field(alias="statusText")]
    """
    The status and what it means right now, in a sentence.
    """
    wait: Wait
    queue_position: Annotated[int | None, Field(alias="queuePosition")]
    """
    The same as `wait.position`.
    """
    estimated_wait_seconds: Annotated[float | None, Field(alias="estimatedWaitSeconds")]
    """
    The same as `wait.estimateSeconds`.
    """
    prompt_job_id: Annotated[UUID | None, Field(alias="promptJobId")]
    """
    The prompt job whose prompt it uses.
    """
    prompt_status: Annotated[PromptStatus | str, Field(alias="promptStatus")]
    """
    Where its prompt stands.
    """
    prompt_source: Annotated[PromptSource | str | None, Field(alias="promptSource")]
    """
    Where the prompt came from; null until it is settled.
    """
    model: str
    """
    The WaveSpeed model.
    """
    kind: MediaKind | str
    """
    What the model generates: image or video.
    """
    input: dict[str, Any]
    """
    The model's own inputs except the prompt, with the images in the model's image field.
    """
    prompt: str | None
    """
    What WaveSpeed gets; null until it is settled.
    """
    original_prompt: Annotated[str | None, Field(alias="originalPrompt")]
    """
    The caller's own prompt.
    """
    instructions: str | None
    """
    What the caller asked Grok for.
    """
    target_url: Annotated[str | None, Field(alias="targetUrl")]
    """
    The image to change.
    """
    ref_urls: Annotated[list[str], Field(alias="refUrls")]
    """
    The reference images.
    """
    priority: int
    """
    1 to 10; 10 is served first.
    """
    prediction_id: Annotated[str | None, Field(alias="predictionId")]
    """
    WaveSpeed's prediction; null until it is known.
    """
    outputs: list[OutputAnswer]
    """
    The finished files.
    """
    error: ErrorAnswer | None
    """
    Why it ended without outputs, or why it waits; null if nothing is wrong.
    """
    candidates: list[str] | None
    """
    Predictions that an unclear submission may have created; null if nothing is unclear, and in lists.
    """
    billed: Billed | str
    paid_text: Annotated[str, Field(alias="paidText")]
    """
    What has been charged so far, in a sentence.
    """
    prompt_cost_usd: Annotated[float | None, Field(alias="promptCostUsd")]
    """
    Grok's charge so far; null if unknown.
    """
    media_cost_usd: Annotated[float | None, Field(alias="mediaCostUsd")]
    """
    What its prediction costs at WaveSpeed, less what was refunded; null if unknown.
    """
    media_cost_source: Annotated[CostSource | str | None, Field(alias="mediaCostSource")]
    """
    `quoted`: its price when it was submitted. `billed`: what WaveSpeed's books show, minutes or hours after the job's end.
    """
    media_list_price_usd: Annotated[float | None, Field(alias="mediaListPriceUsd")]
    """
    WaveSpeed's list price, where it quoted less; null without a discount, or if unknown.
    """
    max_price_usd: Annotated[float | None, Field(alias="maxPriceUsd")]
    """
    If it costs more, it ends without being submitted; null: no limit.
    """
    provider_mode: Annotated[ProviderMode | str, Field(alias="providerMode")]
    """
    Whether providers are real or simulated, so that nothing is charged.
    """
    retry_of: Annotated[UUID | None, Field(alias="retryOf")]
    """
    The job that it retries.
    """
    parent_job_id: Annotated[UUID | None, Field(alias="parentJobId")]
    """
    The job that it was made from; null if there is none, or it has been deleted.
    """
    parent_index: Annotated[int | None, Field(alias="parentIndex")]
    """
    Which of that job's outputs, from 0; null: none in particular.
    """
    relation: Relation | str | None
    """
    How it was made from another; null: not at all.
    """
    style: str | None
    """
    The style in which Grok was asked to write its prompt; null: none.
    """
    variant: int | None
    """
    Which of the variants of `promptJobId` it took, from 0; null if it named none.
    """
    batch_id: Annotated[UUID | None, Field(alias="batchId")]
    """
    The batch of whose row it was made; null: none, or it was deleted.
    """
    row_key: Annotated[str | None, Field(alias="rowKey")]
    """
    The key of that row.
    """
    warnings: list[str]
    """
    What the caller should know about the request, in sentences.
    """
    created_at: Annotated[AwareDatetime, Field(alias="createdAt")]
    """
    When it was accepted.
    """
    dispatched_at: Annotated[AwareDatetime | None, Field(alias="dispatchedAt")]
    """
    When it was handed to WaveSpeed; null before.
    """
    completed_at: Annotated[AwareDatetime | None, Field(alias="completedAt")]
    """
    When it ended; null before.
    """
    deadline_at: Annotated[AwareDatetime, Field(alias="deadlineAt")]
    """
    When it is given up if it has not ended by then.
    """
    erase_requested_at: Annotated[AwareDatetime | None, Field(alias="eraseRequestedAt")]
    """
    Since when its words, addresses and outputs are erased here; null if they are not.
    """
    erased_at: Annotated[AwareDatetime | None, Field(alias="erasedAt")]
    """
    Since when they are deleted at Temporal and WaveSpeed as well; null before.
    """
    metadata: dict[str, str]
    """
    The caller's own labels.
    """
    tags: list[str]
    """
    The owner's words on it, in order.
    """
    collections: list[UUID]
    """
    The collections that have outputs of it.
    """
    kept: bool | None
    """
    The rating of the outputs; null if there is none.
    """
    prompt_rating: Annotated[Rating | str | None, Field(alias="promptRating")]
    """
    The rating of the prompt of `promptJobId`; null if there is none.
    """
    links: Links


class JobList(Shape):
    """A page of jobs, newest first. `nextCursor` is null on the last one."""

    items: list[JobAnswer]
    """
    The jobs.
    """
    next_cursor: Annotated[str | None, Field(alias="nextCursor")]
    """
    Send it as `cursor` for the next page; null on the last one.
    """
    searched_until: Annotated[AwareDatetime | None, Field(alias="searchedUntil")]
    """
    Set if older jobs have not been looked at yet: when the oldest one looked at was created. `nextCursor` continues from there. Otherwise null.
    """


FieldAnswer.model_rebuild()
