"""Plans a batch: what its rows are, what is wrong with them, what they cost, how long they take. It stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final

from api.batches.checking import Checker
from api.batches.costs import PriceGroup, TablePrices
from api.batches.durations import Extent, Rates, duration_of
from api.catalogue.prices import Prices
from api.installation.budgets import budgets_of
from api.jobs.reading import usd
from api.jobs.sentences import price_text
from api.jobs.waiting import RecentPace
from api.schemas.batch_runs import PlanBatch
from api.schemas.batches import (
    FAULTS_TOLD,
    FaultAnswer,
    PlanAnswer,
    PlannedBudget,
    PlannedCost,
    PlannedDuration,
    PlannedPrice,
)
from promptmill.api_resources import ApiResources
from promptmill.batches.rows import WHOLE_TABLE, ColumnFault, Fault
from promptmill.contracts.access import Caller
from promptmill.contracts.budgets import INSTALLATION, Budget
from promptmill.formats import money

WARNINGS_TOLD: Final = 20
"""How many different warnings a plan has."""


class TableReport:
    """What is known of a table's rows once all were checked: how many there are, and what is wrong with them."""

    def __init__(self) -> None:
        self.good = 0
        self.faulty: set[int] = set()
        self.faults: list[Fault] = []
        self.repeated: list[Fault] = []
        """What is wrong with columns again, in further rows: the first ones."""
        self.fault_count = 0
        self.readable = True
        self._rows_of: dict[str | None, int] = {}
        """By each column that is at fault as such, and told: how many rows have a value in it."""

    def note(self, fault: Fault) -> None:
        """Add a fault; the first ones are kept, and of those of a column the first one is counted."""
        if isinstance(fault, ColumnFault) and fault.column in self._rows_of:
            self._rows_of[fault.column] += 1
            self.faulty.add(fault.line)
            if len(self.repeated) < FAULTS_TOLD:
                self.repeated.append(fault)
            return
        self.fault_count += 1
        if fault.line == WHOLE_TABLE:
            self.readable = False
        else:
            self.faulty.add(fault.line)
        # What concerns the whole table is told whatever else is wrong with it.
        if len(self.faults) < FAULTS_TOLD:
            self.faults.append(fault)
            if isinstance(fault, ColumnFault):
                self._rows_of[fault.column] = 1
        elif fault.line == WHOLE_TABLE:
            self.faults[-1] = fault

    def told(self) -> list[FaultAnswer]:
        """Return the faults as a response has them."""
        return [FaultAnswer.built_from(fault, rows=self._rows(fault)) for fault in self.faults]

    def _rows(self, fault: Fault) -> int:
        return self._rows_of.get(fault.column, 1) if isinstance(fault, ColumnFault) else int(fault.line != WHOLE_TABLE)


@dataclass(frozen=True)
class Planner:
    """Plans batches for one caller."""

    caller: Caller
    checker: Checker
    resources: ApiResources
    prices: Prices
    pace: RecentPace

    async def plan(self, wanted: PlanBatch) -> PlanAnswer:
        """Return the plan.

        Raises:
            Refused: The template is at fault, or WaveSpeed's list of models cannot be read.
            RecordUnavailable: Postgres is unavailable.
        """
        report = TableReport()
        warnings: dict[str, None] = {}
        table = None
        times = wanted.proposed or 1
        prompts = 0 if wanted.proposed is None else 1
        async for row in self.checker.rows(wanted.filled_template(), wanted.lines):
            if isinstance(row, Fault):
                report.note(row)
                continue
            report.good += 1
            prompts += row.job.use_ai_prompt
            if table is None:
                table = TablePrices(row.job.model, (await self.checker.catalogue.look()).entries.get(row.job.model))
            table.add(row.row.number, row.job, times)
            warnings |= dict.fromkeys(row.job.warnings if len(warnings) < WARNINGS_TOLD else ())
        if table is not None:
            await table.ask(self.prices)
        groups = [*table.groups()] if table else []
        prompt_usd = await self._prompt_usd(prompts)
        cost = _cost(groups, prompts, prompt_usd)
        if table is not None and wanted.max_cost_usd is not None:
            each = prompt_usd if prompts and wanted.proposed is None else Decimal(0)
            left = wanted.max_cost_usd if wanted.proposed is None else wanted.max_cost_usd - (prompt_usd or 0)
            cost = cost.model_copy(update={"affordable_rows": table.affordable(left, prompt_usd=each)})
        return PlanAnswer(
            rows=report.good + len(report.faulty),
            faulty_rows=len(report.faulty),
            faults=report.told(),
            fault_count=report.fault_count,
            readable=report.readable,
            warnings=list(warnings)[:WARNINGS_TOLD],
            cost=cost,
            prices=[_price(group) for group in groups],
            budgets=await self._budgets(cost),
            duration=await self._duration(table.model if table else "", report.good * times, prompts, wanted.max_open),
        )

    async def _prompt_usd(self, prompts: int) -> Decimal | None:
        """Return what one of Grok's prompts costs by the newest ones; None if there are none."""
        costs = await self.pace.prompt_costs() if prompts else ()
        return median(costs) if costs else None

    async def _budgets(self, cost: PlannedCost) -> list[PlannedBudget]:
        owners = {self.caller.owner, INSTALLATION}
        found = [one for one in await budgets_of(self.resources.store, self.caller) if one.owner in owners]
        needed = None
        if cost.price_usd is not None and cost.prompts_usd is not None:
            needed = Decimal(str(cost.price_usd)) + Decimal(str(cost.prompts_usd))
        least = Decimal(str(cost.floor_usd))
        return [_budget(one, least=least, needed=needed) for one in found]

    async def _duration(self, model: str, rows: int, prompts: int, at_once: int | None) -> PlannedDuration:
        settings, account = self.resources.settings, self.resources.account
        open_jobs = (await self.checker.limits.of(self.caller.owner)).open_jobs
        rate = await self.resources.store.rates.in_force(
            account.base, account.key_fingerprint, settings.submission_pace
        )
        found = await duration_of(
            Extent(rows, prompts, min((one for one in (at_once, open_jobs) if one is not None), default=None)),
            model,
            Rates(submissions=rate.per_second, prompts=settings.grok_per_second),
            self.pace,
        )
        seconds, low, high = found.estimate
        return PlannedDuration(seconds=seconds, low_seconds=low, high_seconds=high, text=found.text)


def _cost(groups: Sequence[PriceGroup], prompts: int, prompt_usd: Decimal | None) -> PlannedCost:
    known = sum((group.usd * group.rows for group in groups if group.usd is not None), Decimal(0))
    unknown = sum(group.rows for group in groups if group.usd is None)
    floor = any(group.worth.floor for group in groups)
    grok = None if prompts and prompt_usd is None else prompts * (prompt_usd or Decimal(0))
    return PlannedCost(
        price_usd=None if unknown else usd(known),
        floor_usd=float(known),
        floor=floor,
        unknown_rows=unknown,
        prompts=prompts,
        prompts_usd=usd(grok),
        text=cost_text(known, unknown=unknown, floor=floor, prompts=prompts, grok=grok),
        affordable_rows=None,
    )


def cost_text(known: Decimal, *, unknown: int, floor: bool, prompts: int, grok: Decimal | None) -> str:
    """Return what a table costs in words."""
    more = f", and {unknown:,} {'row' if unknown == 1 else 'rows'} whose price is unknown" if unknown else ""
    text = f"{'At least' if floor or unknown else 'About'} {money(known)} at WaveSpeed{more}."
    if not prompts:
        return text
    questions = f"{prompts:,} {'prompt' if prompts == 1 else 'prompts'} by Grok"
    return f"{text} {questions}: {'price unknown' if grok is None else f'about {money(grok)}'}."


def _price(group: PriceGroup) -> PlannedPrice:
    worth = group.worth
    return PlannedPrice(
        price_usd=usd(group.usd),
        list_price_usd=usd(group.price.list_usd) if group.price else None,
        floor=worth.floor,
        missing=list(worth.missing),
        reason=group.reason,
        text=price_text(group.usd, floor=worth.floor, missing=worth.missing, reason=group.reason),
        rows=group.rows,
        lines=group.lines,
    )


def _budget(budget: Budget, *, least: Decimal, needed: Decimal | None) -> PlannedBudget:
    """Return what a budget has left, and whether that is enough: certainly not for less than is sure to be paid."""
    left = max(budget.limit_usd - budget.reserved_usd - budget.spent_usd, Decimal(0))
    enough = False if left < least else None if needed is None else left >= needed
    return PlannedBudget(owner=budget.owner, period=budget.period, left_usd=float(left), enough=enough)
