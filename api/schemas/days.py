"""A range of days to add something up for, and whose."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.clock import now
from api.schemas.access import OwnerName
from api.schemas.bases import StrictRequestModel, field_errors

MOST_DAYS: Final = 366
"""The longest range."""

USUAL_DAYS: Final = 31


def _written_out(value: Any) -> Any:
    """Refuse what pydantic would also read as a day (a number of seconds), and days near the calendar's ends."""
    if not isinstance(value, str) or not re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("refused", "Must be a day, such as 2026-01-31.")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]


class AskDays(StrictRequestModel):
    """Which days (of UTC), and whose."""

    from_: Day | None = Field(None, alias="from", description="The first day (UTC). Default: 30 days before `to`.")
    to: Day | None = Field(None, description=f"The last day. Default: today. At most {MOST_DAYS} days in all.")
    owner: OwnerName | None = Field(
        None, description="Only what is this owner's. Default: the caller's; for admins everybody's."
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.from_ is not None and self.to is not None and not 0 <= (self.to - self.from_).days < MOST_DAYS:
            raise field_errors(type(self), [(("from",), f"Must be at most {MOST_DAYS - 1} days before `to`.")])
        return self

    def days(self) -> tuple[date, date]:
        """Return the first and the last day."""
        last = self.to or (self.from_ + timedelta(days=USUAL_DAYS - 1) if self.from_ else now().date())
        return self.from_ or last - timedelta(days=USUAL_DAYS - 1), last
