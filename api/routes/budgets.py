"""Money: what may be spent, and what is reserved and spent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.access.scopes import needs, owner_asked
from api.dependencies import BalanceDep, ByDep, CallerDep, HeldJobsDep, StoreDep
from api.http.errors import WITH_BODY, Refused, problems
from api.http.representations import CONDITIONAL, json_answer, wants_csv
from api.http.strict_json import StrictRoute
from api.installation.budgets import budgets_of
from api.schemas.budgets import (
    AskSpend,
    BalanceAnswer,
    BudgetAnswer,
    BudgetList,
    BudgetOwner,
    SetBudget,
    SpendAnswer,
    SpendList,
)
from promptmill.contracts.access import Scope
from promptmill.contracts.budgets import INSTALLATION, Budget, BudgetPeriod, HeldBy, SpendQuery, grok_of, sum_of
from promptmill.spreadsheets import spend_csv

router = APIRouter(prefix="/api", tags=["money"], route_class=StrictRoute)

_AWAY = problems(HTTPStatus.SERVICE_UNAVAILABLE)
_WRONG = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"model": SpendList, "content": {"text/csv": {"schema": {"type": "string"}}}}
}
PeriodInPath = Annotated[BudgetPeriod, Path(description="What the limit holds for.")]
OwnerInPath = Annotated[BudgetOwner, Path(description="Whose budget; `*` is the whole installation.")]


@router.get("/budgets", dependencies=[needs(Scope.JOBS_READ)], responses=_AWAY)
async def list_budgets(store: StoreDep, caller: CallerDep) -> BudgetList:
    """List the owner's budgets, for admins all, and what is used of them in the current day, month, or in total."""
    return BudgetList(items=[_shown(budget) for budget in await budgets_of(store, caller)])


@router.put(
    "/budgets/{owner}/{period}",
    dependencies=[needs(Scope.ADMIN)],
    responses=problems(HTTPStatus.NOT_FOUND, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def set_budget(
    *, owner: OwnerInPath, period: PeriodInPath, request: SetBudget, store: StoreDep, held: HeldJobsDep, by: ByDep
) -> BudgetAnswer:
    """Set a budget. It holds from the next submission on; jobs without room wait unpaid until there is some.

    Jobs that it held and that now have room go on at once, as fast as they can be submitted.
    """
    if owner != INSTALLATION and not await store.access.is_owner(owner):
        raise Refused("unknown_owner")
    await store.budgets.set(owner, period, request.limit_usd, by=by)
    held.wake(HeldBy(owner, period))
    found = {(budget.owner, budget.period): budget for budget in await store.budgets.all()}
    if (owner, period) not in found:
        raise _no_budget()  # removed in the meantime
    return _shown(found[owner, period])


@router.delete(
    "/budgets/{owner}/{period}",
    dependencies=[needs(Scope.ADMIN)],
    status_code=HTTPStatus.NO_CONTENT,
    responses={**_WRONG, **problems(HTTPStatus.NOT_FOUND)},
)
async def remove_budget(
    owner: OwnerInPath, period: PeriodInPath, store: StoreDep, held: HeldJobsDep, by: ByDep
) -> None:
    """Remove a budget. Jobs that it held go on at once, as fast as they can be submitted."""
    if not await store.budgets.remove(owner, period, by=by):
        raise _no_budget()
    held.wake(HeldBy(owner, period))


@router.get("/balance", dependencies=[needs(Scope.OPERATE)])
async def show_balance(balance: BalanceDep) -> BalanceAnswer:
    """Return the balance at WaveSpeed, which is asked at most once a minute."""
    usd, reason = await balance.look()
    return BalanceAnswer(balance_usd=None if usd is None else float(usd), reason=reason)


@router.get(
    "/spend",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=SpendList,
    responses={**_WRONG, **_CSV, **CONDITIONAL},
)
async def show_spend(
    asked: Annotated[AskSpend, Query()], request: Request, store: StoreDep, caller: CallerDep
) -> Response:
    """Add up what is reserved and spent of the caller's owner; admins see all owners.

    A submission to WaveSpeed counts on the day of its permission, a prompt of Grok on the day on which xAI told its
    cost.
    """
    owner = owner_asked(caller, asked.owner)
    first, last = asked.days()
    query = SpendQuery(by=asked.by, first=first, last=last, owner=owner, all_names=caller.may(Scope.ADMIN))
    rows = await store.budgets.spend(query)
    if wants_csv(request, asked.format):
        name = f"spend-by-{asked.by}-{first}-{last}.csv"
        return Response(
            spend_csv(asked.by, rows),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"},
        )
    spent, reserved = sum_of(rows)
    return json_answer(
        request,
        SpendList(
            by=asked.by,
            from_=first,
            to=last,
            items=[SpendAnswer.built_from(row) for row in rows],
            spent_usd=float(spent),
            reserved_usd=float(reserved),
            grok_usd=float(grok_of(rows)),
        ),
    )


def _shown(budget: Budget) -> BudgetAnswer:
    return BudgetAnswer(
        owner=budget.owner,
        period=budget.period,
        limit_usd=float(budget.limit_usd),
        reserved_usd=float(budget.reserved_usd),
        spent_usd=float(budget.spent_usd),
    )


def _no_budget() -> Refused:
    return Refused("not_found", "There is no such budget.")
