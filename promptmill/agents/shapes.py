"""What the tools take and return: the parts of the REST API's answers that an agent decides by."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from promptmill.contracts.catalogue import MODEL_CHARACTERS, MODEL_PATTERN

MOST_WAIT_SECONDS: Final = 600
MOST_JOBS: Final = 20
MOST_LISTED: Final = 50
MOST_FOUND: Final = 25

Model = Annotated[
    str,
    Field(
        description="WaveSpeed's path of a model, as `search_models` finds it.",
        max_length=MODEL_CHARACTERS,
        pattern=MODEL_PATTERN,
    ),
]
Inputs = Annotated[
    dict[str, Any], Field(description="The model's own inputs except the prompt, as `get_model` lists them.")
]
Pictures = Annotated[list[str], Field(description="https URLs of pictures, the one to change last.", max_length=8)]
JobId = Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")]
JobIds = Annotated[
    list[Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")]],
    Field(min_length=1, max_length=MOST_JOBS),
]
IdempotencyKey = Annotated[
    str,
    Field(
        min_length=8,
        max_length=255,
        pattern=r"^[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]$",
        description="A text of your own for this one wish, such as a UUID. The same call with the same key, whenever "
        "you are not sure that it arrived, finds what it made and is not paid twice; another key pays again.",
    ),
]
WaitSeconds = Annotated[
    float,
    Field(
        ge=0,
        le=MOST_WAIT_SECONDS,
        description="How long to wait for the end. What is not ready by then goes on; wait again with `wait_for_jobs`.",
    ),
]


class Shape(BaseModel):
    """Names in camelCase, as in the REST API; what else an answer has is left out."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class ModelFound(Shape):
    """A model in a list."""

    model: str
    label: str
    kind: str = Field(description="What it makes: image, video, audio or text.")
    task: str | None = Field(description="Such as `text-to-image`.")
    base_price_usd: float | None = Field(description="Least price of a run.")
    max_pictures: int = Field(description="How many pictures it takes, if `picturesField` is set.")
    pictures_field: str | None


class ModelsFound(Shape):
    """Models that fit best first."""

    items: list[ModelFound]
    more: int = Field(description="How many others fit.")


class ModelInput(Shape):
    """An input of a model."""

    name: str
    description: str
    type: str
    required: bool
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    choices: list[Any] | None = None
    moves_price: bool = False


class ModelDetail(ModelFound):
    """A model with its inputs."""

    description: str
    sizes: list[str]
    fields: list[ModelInput] = Field(description="Its inputs except the prompt and the pictures.")


class Price(Shape):
    """What a run would cost."""

    price_usd: float | None = Field(description="Null if it is unknown: `text` says why.")
    floor: bool = Field(description="Whether it may cost more.")
    text: str


class Problem(Shape):
    """Why something failed."""

    reason_code: str | None
    message: str
    hint: str | None


class PromptWritten(Shape):
    """A question to Grok."""

    prompt_job_id: str
    status: str
    status_text: str
    variants: list[dict[str, Any]] = Field(description="The prompts, each with `prompt` and `negativePrompt`.")
    prompt_cost_usd: float | None
    error: Problem | None


class Stored(Shape):
    """The installation's own copy of an output."""

    state: str
    name: str | None = None
    content_type: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    thumbnail_url: str | None = None


class Output(Shape):
    """One finished file, or text."""

    index: int
    kind: str
    url: str | None = Field(None, description="Where WaveSpeed keeps it for seven days.")
    text: str | None = None
    stored: Stored | None = None


class Job(Shape):
    """A job: where it stands, what it costs, what it made."""

    job_id: str
    status: str = Field(
        description="`submit_unknown`: whether it was sent is unclear and people decide; leave it alone."
    )
    status_text: str
    model: str
    kind: str
    prompt: str | None
    input: dict[str, Any]
    outputs: list[Output]
    error: Problem | None
    paid_text: str
    media_cost_usd: float | None
    prompt_cost_usd: float | None
    max_price_usd: float | None
    warnings: list[str]
    created_at: str
    completed_at: str | None


class Jobs(Shape):
    """Jobs, and whether all of them have ended."""

    items: list[Job]
    ended: bool = Field(description="Whether all of them have ended.")


class JobPage(Shape):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = Field(description="Ask with it for the next page.")


class Fault(Shape):
    """What is wrong with a row of a table."""

    line: int = Field(description="The row, from 1 without the header; 0: the table as a whole.")
    column: str | None
    value: str | None
    message: str
    suggestion: str | None
    rows: int = Field(description="How many rows have it: more than one if nothing takes the column.")


class Words(Shape):
    """A part of a plan, in words."""

    text: str


class PlannedCost(Words):
    """What the rows without faults cost at WaveSpeed."""

    price_usd: float | None = Field(description="Null if any price is unknown.")
    floor_usd: float = Field(description="What is sure to be paid if all run.")
    unknown_rows: int
    affordable_rows: int | None = Field(description="How many rows `maxCostUsd` is enough for.")


class Plan(Shape):
    """What a batch would be, and cost. Nothing was stored or paid."""

    rows: int
    faulty_rows: int
    faults: list[Fault]
    fault_count: int
    warnings: list[str]
    cost: PlannedCost
    duration: Words


class BatchShown(Shape):
    """A batch, and how it stands."""

    batch_id: str
    state: str
    pause_reason: str | None
    problem: str | None = Field(description="Why it is paused, or what it waits for.")
    rows: int
    counts: dict[str, int] = Field(description="How many rows are in which state.")
    max_cost_usd: float
    spent_usd: float
    reserved_usd: float
    left_usd: float


class BatchMade(BatchShown):
    """A batch as it was accepted, or added to."""

    added_rows: int = Field(description="How many rows are new to it; 0 if it was sent before.")
    faults: list[Fault]
    fault_count: int


class SavedFile(Shape):
    """A file that was written, or why not."""

    job_id: str
    index: int
    path: str | None = Field(description="Where it is now; null if it was not written.")
    bytes: int | None = None
    problem: str | None = None


class Saved(Shape):
    """What became of each output."""

    files: list[SavedFile]


class BudgetLeft(Shape):
    """A budget and what is used of it."""

    owner: str = Field(description="`*`: the whole installation.")
    period: str
    limit_usd: float
    spent_usd: float
    reserved_usd: float = Field(description="Held for what may be charged.")


class SpendRow(Shape):
    """What one day or model cost."""

    name: str
    spent_usd: float
    reserved_usd: float


class Spend(Shape):
    """What was spent, and the budgets that hold."""

    spent_usd: float
    reserved_usd: float
    items: list[SpendRow]
    budgets: list[BudgetLeft]


By = Literal["day", "model"]
