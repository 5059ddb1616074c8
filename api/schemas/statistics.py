"""Statistics of some days. Amounts are USD; days and hours are those of UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Self

from pydantic import Field, model_validator

from api.schemas.bases import Answer, field_errors
from api.schemas.days import AskDays
from promptmill.contracts.statistics import LikedBy, Step

MOST_HOURLY_DAYS: Final = 7
"""The longest range by the hour."""


class AskStatistics(AskDays):
    """Which statistics."""

    by: Step = Field(
        Step.DAY, description=f"How long each step is. By the hour: at most {MOST_HOURLY_DAYS} days, named by `from`."
    )

    @model_validator(mode="after")
    def _has_few_steps(self) -> Self:
        first, last = self.days()
        if self.by is Step.HOUR and (last - first).days >= MOST_HOURLY_DAYS:
            raise field_errors(type(self), [(("by",), f"By the hour, ask for at most {MOST_HOURLY_DAYS} days.")])
        return self


class PromptsAnswer(Answer):
    """The prompts that were written in one step."""

    at: datetime = Field(description="When the step begins.")
    written: int = Field(description="How many.")
    minutes: int = Field(description="In how many minutes any were written.")
    busiest: int = Field(description="How many in the busiest minute.")


class SecondsAnswer(Answer):
    """Seconds that jobs took."""

    median: float = Field(description="Half of them took no longer.")
    p95: float = Field(description="95 of 100 took no longer.")


class JobsMadeAnswer(Answer):
    """The jobs that completed in one step."""

    at: datetime = Field(description="When the step begins.")
    jobs: int = Field(description="How many.")
    wait: SecondsAnswer = Field(description="From acceptance until WaveSpeed had it: the prompt included.")
    making: SecondsAnswer = Field(description="At WaveSpeed.")


class DaySpendingAnswer(Answer):
    """What a model cost on one day: that of the permission, or for Grok on which xAI told it."""

    day: date = Field(description="The day.")
    provider: str | None = Field(description="`wavespeed` or `grok`; null for all models but the most expensive ones.")
    model: str | None = Field(description="The model; null for all but the most expensive ones.")
    spent_usd: float = Field(description="Spent, as budgets count it.")
    charged_usd: float = Field(description="What the provider has charged so far, without refunds, as far as is known.")
    reserved_usd: float = Field(description="Held for submissions that may be charged.")


class LikedAnswer(Answer):
    """How people rated the outputs of a model or style."""

    by: LikedBy = Field(description="What `name` is.")
    name: str = Field(description="Whose outputs.")
    made: int = Field(description="Jobs that completed.")
    liked: int = Field(description="Jobs whose outputs are liked.")
    disliked: int = Field(description="Jobs whose outputs are disliked.")


class StatisticsAnswer(Answer):
    """Statistics from one day to another, both included. A step in which nothing happened has no entry."""

    from_: date = Field(alias="from", description="The first day.")
    to: date = Field(description="The last day.")
    zone: str = Field(description="The time zone of days and hours.")
    by: Step = Field(description="How long each step of `prompts` and `jobs` is.")
    owner: str | None = Field(description="Whose; null: everybody's.")
    prompts: list[PromptsAnswer] = Field(description="By step, in order.")
    jobs: list[JobsMadeAnswer] = Field(description="By step, in order.")
    spending: list[DaySpendingAnswer] = Field(description="By day and model, in order.")
    likes: list[LikedAnswer] = Field(description="The most liked first.")
