"""What an owner may have and ask for: its limits, and what is left of those that one process counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import Scope

from api.access.identities import FRESH_SECONDS, Fresh
from api.clock import now
from api.http.errors import FieldError, Refused
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.limits import OwnerLimits
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store
from promptmill.store.limits import own_limits

ALLOWANCE: Final = "promptmill.allowance"
"""Key in a request's scope: the headers that say how much its owner has left."""

_REQUESTS: Final = "requests"
_UPLOADS: Final = "uploads"


class Limits:
    """The limits of owners, as the record said within the last `FRESH_SECONDS`, and what each has used here.

    Args:
        installation: What holds for owners that have no limits of their own.
        store: Where owners are.
    """

    def __init__(self, installation: OwnerLimits, store: Store) -> None:
        self._installation = installation
        self._store = store
        self._known: Fresh[OwnerLimits] = Fresh(FRESH_SECONDS)
        self._used = FixedWindowRateLimiter(MemoryStorage())

    @property
    def open_jobs(self) -> int | None:
        """How many open jobs an owner may have that has no limit of its own: the record counts them itself."""
        return self._installation.open_jobs

    async def of(self, owner: str) -> OwnerLimits:
        """Return the limits that hold for an owner.

        Raises:
            RecordUnavailable: Postgres is unavailable.
        """
        return await self._known.get(owner, lambda: self._read(owner))

    def forget(self, owner: str) -> None:
        """Ask the record again about an owner: its limits were just changed."""
        self._known.forget(owner)

    async def take_request(self, owner: str, scope: Scope) -> None:
        """Count a request that writes or costs, and note in its scope what is left.

        Raises:
            Refused: `rate_limited`.
            RecordUnavailable: As for `of`.
        """
        most = (await self.of(owner)).requests_per_minute
        if most is not None:
            await self._take(_REQUESTS, owner, RateLimitItemPerMinute(most), scope)

    async def take_upload(self, owner: str, scope: Scope) -> None:
        """Count an upload. Raises as `take_request`."""
        most = (await self.of(owner)).uploads_per_day
        if most is not None:
            await self._take(_UPLOADS, owner, RateLimitItemPerDay(most), scope)

    async def check(self, owner: str, key: IdempotencyKey | None, *, model: str, priority: int, inputs: Any) -> None:
        """Compare what is asked for one job with its owner's limits.

        What was accepted before with this key is not compared: it is not accepted again.

        Raises:
            Refused: `model_not_allowed` or `limit_exceeded`, with a pointer to what is too much.
            RecordUnavailable: As for `of`.
        """
        refusal = _refusal(await self.of(owner), owner, model, priority, inputs)
        if refusal is not None and not await self._accepted_before(owner, key):
            raise refusal

    async def check_priority(self, owner: str, key: IdempotencyKey | None, priority: int) -> None:
        """Compare the priority of a prompt job with its owner's highest, as `check` does."""
        errors = _priority_errors(await self.of(owner), owner, priority)
        if errors and not await self._accepted_before(owner, key):
            raise _exceeded(errors)

    async def _accepted_before(self, owner: str, key: IdempotencyKey | None) -> bool:
        return key is not None and await self._store.jobs.accepted_before(owner, key)

    async def _read(self, owner: str) -> OwnerLimits:
        try:
            own = own_limits(await self._store.limits.owner(owner))
        except RecordNotFound:
            own = OwnerLimits()  # rows of an owner that was removed by hand
        return own.within(self._installation)

    async def _take(self, name: str, owner: str, item: RateLimitItem, scope: Scope) -> None:
        passed = await self._used.hit(item, name, owner)
        stats = await self._used.get_window_stats(item, name, owner)
        wait = max(1, math.ceil(stats.reset_time - now().timestamp()))
        told = {
            "RateLimit-Policy": f'"{name}";q={item.amount};w={item.get_expiry()}',
            "RateLimit": f'"{name}";r={max(stats.remaining, 0)};t={wait}',
        }
        noted: Mapping[str, str] = scope.get(ALLOWANCE, {})
        scope[ALLOWANCE] = {header: ", ".join(filter(None, (noted.get(header), text))) for header, text in told.items()}
        if not passed:
            raise Refused(
                "rate_limited",
                f"{owner} may make {item.amount:,} {name} a {item.GRANULARITY.name}; in {wait} s it may go on.",
                headers={"Retry-After": str(wait)},
            )


def _refusal(limits: OwnerLimits, owner: str, model: str, priority: int, inputs: Mapping[str, Any]) -> Refused | None:
    """Return why an owner may not ask for this job."""
    if not limits.allows_model(model):
        allowed = ", ".join(limits.models or ()) or "none"
        error = FieldError(pointer="/model", message=f"{owner} may use: {allowed}.")
        return Refused("model_not_allowed", f"{owner} may not use this model; it may use: {allowed}.", errors=[error])
    errors = [
        FieldError(pointer=f"/input/{name}", message=f"{owner} may ask for at most {limits.outputs_per_job} per job.")
        for name in limits.excess_outputs(inputs)
    ]
    errors += _priority_errors(limits, owner, priority)
    return _exceeded(errors) if errors else None


def _priority_errors(limits: OwnerLimits, owner: str, priority: int) -> list[FieldError]:
    most = limits.highest_priority
    if most is None or priority <= most:
        return []
    return [FieldError(pointer="/priority", message=f"The highest priority of {owner} is {most}.")]


def _exceeded(errors: list[FieldError]) -> Refused:
    return Refused("limit_exceeded", f"{errors[0].pointer}: {errors[0].message}", errors=errors)
