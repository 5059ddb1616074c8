"""Requests and responses about batches: a template, and a table whose rows fill it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PlainValidator, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from promptmill.batches.delimited import lines_of
from promptmill.batches.rows import MOST_COLUMNS, Fault, Line
from promptmill.batches.sources import of_matrix, of_pictures, of_repeat, of_rows, read_csv, read_jsonl
from promptmill.batches.variants import with_any, with_each
from promptmill.contracts.batches import MOST_PROPOSED, MOST_ROWS
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.placeholders import words_in

FAULTS_TOLD: Final = 1_000
"""How many faults of a table a response has."""

_SOURCES: Final = ("rows", "table", "matrix", "repeat", "pictures")
_ASKED: Final = ("prompt", "instructions")
_QUESTION: Final = frozenset(
    {*_ASKED, "useAiPrompt", "operation", "onPromptFailure", "style", "promptLength", "promptLanguage"}
)
"""The fields of a template that are Grok's alone, where it proposes the prompts of all rows."""


def _text(value: Any) -> str:
    """Take a text as it is: that of a file may have bytes that are not UTF-8, which are faults of their cells."""
    if not isinstance(value, str):
        raise PydanticCustomError("refused", "Must be a text.")
    return value


TableText = Annotated[str, PlainValidator(_text, json_schema_input_type=str)]


class Prompts(StrictRequestModel):
    """Who writes the prompts of a batch."""

    mode: Literal["given", "each", "variants"] = Field(
        description="`given`: the template and its rows. `each`: Grok, anew for each row, as with `useAiPrompt`. "
        "`variants`: Grok proposes `count` prompts with one question, and each row is made with each of those that are "
        "approved."
    )
    count: Annotated[StrictInt, Field(ge=2, le=MOST_PROPOSED)] | None = Field(
        None, description="With `variants`: how many different prompts Grok is asked for. Fewer may come."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.mode == "variants") != (self.count is not None):
            message = "Required with `variants`." if self.count is None else "Requires the mode `variants`."
            raise field_errors(type(self), [(("count",), message)])
        return self


class BatchSource(StrictRequestModel):
    """A template and the rows that fill it: exactly one of `rows`, `table`, `matrix`, `repeat` and `pictures`.

    With the prompts `variants` none is needed: that is one row. A row's columns are `prompt`, `instructions`, `image`,
    `images`, `key`, labels (`meta.…`), inputs of the model, and words that stand as `{{column}}` in a text of the
    template.
    """

    template: dict[str, Any] = Field(
        description="A body of `POST /api/jobs/create`. In `prompt`, `instructions` and the texts of `input`, "
        "`{{column}}` is filled in from each row."
    )
    rows: Annotated[list[Any], Field(max_length=MOST_ROWS)] | None = Field(
        None, description=f"Objects with a value for each column; {MOST_ROWS:,} at most."
    )
    table: TableText | None = Field(
        None, description="CSV whose first line names the columns, separated by commas, semicolons or tabs; or JSONL."
    )
    table_format: Literal["csv", "jsonl"] | None = Field(
        None, description="What `table` is. Default: `jsonl` if it begins with `{`, otherwise `csv`."
    )
    matrix: Annotated[dict[str, list[Any]], Field(min_length=1, max_length=MOST_COLUMNS)] | None = Field(
        None, description="Values for each column: each value is combined with each of the others."
    )
    repeat: Annotated[StrictInt, Field(ge=1, le=MOST_ROWS)] | None = Field(
        None, description="How often to run the template: with the `seed` of its `input`, then the next, and so on."
    )
    pictures: Annotated[list[str], Field(max_length=MOST_ROWS)] | None = Field(
        None, description="URLs of images: one row each, as its `image`."
    )
    prompts: Prompts | None = Field(None, description="Default: as the template says.")

    @property
    def proposed(self) -> int | None:
        """How many prompts Grok is to propose; None if it is not asked for any before rows are made."""
        return None if self.prompts is None else self.prompts.count

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) > 1 or (not given and self.proposed is None):
            message = "Give exactly one of `rows`, `table`, `matrix`, `repeat` and `pictures`."
            raise field_errors(type(self), [((name,), message) for name in given] or [((), message)])
        if self.table is None and self.table_format is not None:
            raise field_errors(type(self), [(("tableFormat",), "Requires `table`.")])
        return self

    @model_validator(mode="after")
    def _prompts_fit(self) -> Self:
        if self.prompts is not None and self.prompts.mode == "given" and self.template.get("useAiPrompt"):
            raise field_errors(type(self), [(("prompts", "mode"), "The template has `useAiPrompt`: that is `each`.")])
        if self.proposed is not None:
            message = "One question is asked for all rows, so that no column can be filled in here."
            wrong = [(("template", name), message) for name in _ASKED if words_in(self.template.get(name))]
            message = "Leave it out: the prompts are those that Grok proposes."
            wrong += [(("template", name), message) for name in ("promptJobId", "variant") if name in self.template]
            if wrong:
                raise field_errors(type(self), wrong)
        return self

    def filled_template(self) -> dict[str, Any]:
        """Return the template as each row's job has it."""
        if self.proposed is not None:
            return {name: value for name, value in self.template.items() if name not in _QUESTION}
        asks = {"useAiPrompt": True} if self.prompts is not None and self.prompts.mode == "each" else {}
        return self.template | asks

    def source(self) -> dict[str, Any]:
        """Return, as JSON, what the rows are made of: this alone, whatever else a request has."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, include=set(BatchSource.model_fields))

    def lines(self, prompts: Sequence[str] | None = None) -> Iterator[Line | Fault]:
        """Return the rows one by one, and what of them cannot be read.

        Args:
            prompts: Those with which each row is made, if Grok was to propose some. Default: one that stands for all.
        """
        if self.proposed is None:
            return self._lines()
        return with_any(self._lines(), self.proposed) if prompts is None else with_each(self._lines(), prompts)

    def _lines(self) -> Iterator[Line | Fault]:
        if self.rows is not None:
            return of_rows(self.rows)
        if self.matrix is not None:
            return of_matrix(self.matrix)
        if self.repeat is not None:
            return of_repeat(self.repeat, _seed(self.template))
        if self.pictures is not None:
            return of_pictures(self.pictures)
        if self.table is None:
            return of_rows([{}])
        table = self.table
        begins = table[:100].removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").lstrip()
        jsonl = self.table_format == "jsonl" or (self.table_format is None and begins.startswith("{"))
        return (read_jsonl if jsonl else read_csv)(lines_of(table))


def _seed(template: dict[str, Any]) -> int | None:
    """Return the seed of a template; a negative one asks the model to draw."""
    inputs = template.get("input")
    seed = inputs.get("seed") if isinstance(inputs, dict) else None
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None


class FaultAnswer(Answer):
    """What is wrong with a row of a table."""

    line: int = Field(description="The row, from 1 without the header; 0: the header, or the table as a whole.")
    column: str | None = Field(description="The column; null if no single one is at fault.")
    value: str | None = Field(description="What it has there, cut; null if it has nothing.")
    message: str = Field(description="What is wrong, and what would be right.")
    suggestion: str | None = Field(description="What was probably meant; null without a good guess.")
    rows: int = Field(
        description="How many rows have it. More than one for a column that nothing takes, which is reported once, at "
        "its first row; 0 for the table as a whole."
    )


class PlannedPrice(Answer):
    """What WaveSpeed asks for some rows, each of which costs the same."""

    price_usd: float | None = Field(description="For one row; null if it is unknown, and `reason` says why.")
    list_price_usd: float | None = Field(description="WaveSpeed's list price; null without a discount.")
    floor: bool = Field(description="Whether `priceUsd` is a minimum: a run may cost more.")
    missing: list[str] = Field(description="Inputs that affect the price and are not set.")
    reason: str | None = Field(description="Why there is no price, or why it is a minimum although nothing is missing.")
    text: str = Field(description="The above in words.")
    rows: int = Field(description="How many rows.")
    lines: list[tuple[int, int]] = Field(description="Which: from and to, both included.")


class PlannedCost(Answer):
    """What the rows without faults cost in all, as far as it is known before anything runs."""

    price_usd: float | None = Field(description="All rows at WaveSpeed; null if the price of any is unknown.")
    floor_usd: float = Field(description="What is sure to be paid to WaveSpeed if all run: the known prices, added up.")
    floor: bool = Field(description="Whether `priceUsd` is a minimum: some runs may cost more.")
    unknown_rows: int = Field(description="Rows whose price is unknown.")
    prompts: int = Field(description="Rows for which Grok writes the prompt first.")
    prompts_usd: float | None = Field(
        description="What Grok's prompts cost, at the median of the newest ones; 0 without any, null if unknown."
    )
    text: str = Field(description="The above in words.")
    affordable_rows: int | None = Field(
        description="How many rows, in their order, `maxCostUsd` is enough for; null without it, or if it is unknown."
    )


class PlannedBudget(Answer):
    """A budget that the batch would draw on."""

    owner: str = Field(description="Whose it is; `*` is the whole installation.")
    period: BudgetPeriod = Field(description="What its limit holds for.")
    left_usd: float = Field(description="What is neither spent nor reserved.")
    enough: bool | None = Field(description="Whether it is enough for all rows; null if their cost is unknown.")


class PlannedDuration(Answer):
    """How long all rows take, by the permitted rates and the newest jobs of the model. Null: unknown."""

    seconds: float | None = Field(description="From the start to the last output.")
    low_seconds: float | None = Field(description="Given if it is uncertain.")
    high_seconds: float | None = Field(description="Given if it is uncertain.")
    text: str = Field(description="The above in words, and what it depends on.")


class PlanAnswer(Answer):
    """What a batch would be, and cost. Nothing was stored, made or paid."""

    rows: int = Field(description="Rows of the table.")
    faulty_rows: int = Field(description="Of these, those with faults.")
    faults: list[FaultAnswer] = Field(description=f"The faults in order; {FAULTS_TOLD:,} at most.")
    fault_count: int = Field(description="How many faults there are.")
    readable: bool = Field(
        description="Whether the whole table was read. If not, a fault of line 0 says why, and `skipFaulty` does not "
        "help."
    )
    warnings: list[str] = Field(description="What jobs of the batch would warn of, each once.")
    cost: PlannedCost = Field(description="Of the rows without faults.")
    prices: list[PlannedPrice] = Field(description="The prices of the rows without faults.")
    budgets: list[PlannedBudget] = Field(description="The budgets of the owner, and those of the installation.")
    duration: PlannedDuration = Field(description="Of the rows without faults.")
