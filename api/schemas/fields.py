"""Field types shared by several requests, each with its limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from api.http.strict_json import text_error
from promptmill.addresses import MAX_URL_CHARACTERS
from promptmill.contracts.budgets import MOST_USD
from promptmill.contracts.texts import is_blank

PROMPT_CHARACTERS: Final = 10_000
INSTRUCTIONS_CHARACTERS: Final = 4_000
REF_URLS: Final = 8
METADATA_ENTRIES: Final = 16
METADATA_NAME_CHARACTERS: Final = 64
METADATA_VALUE_CHARACTERS: Final = 1_000
DAY: Final = 86_400
WEEK: Final = 7 * DAY
CURSOR_CHARACTERS: Final = 200


class Range(NamedTuple):
    """The inclusive bounds of an integer, and its default."""

    minimum: int
    maximum: int
    usual: int


PRIORITY: Final = Range(1, 10, 5)
DEADLINE_SECONDS: Final = Range(30, WEEK, DAY)


def blank_is_absent(value: Any) -> Any:
    """Return null for a string that shows nothing, which forms send for empty fields."""
    return None if isinstance(value, str) and is_blank(value) else value


def _in_utc(at: datetime) -> datetime:
    """Return the time in UTC; times at the limits of the calendar have none."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("refused", "This time cannot be represented in UTC.") from None


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: Any) -> Any:
    """Refuse a number, which pydantic would read as seconds since 1970."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise PydanticCustomError("refused", "Must be a time with its zone, such as 2026-01-31T12:00:00Z.")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]

Url = Annotated[
    str,
    StringConstraints(max_length=MAX_URL_CHARACTERS),
    Field(description="An `https` URL that providers can open: no credentials, no private host."),
]
"""A URL; whether it is allowed is decided by `promptmill.addresses`, which needs the installation's setting."""

OptionalUrl = Annotated[Url | None, BeforeValidator(blank_is_absent)]
PromptText = Annotated[
    Annotated[str, StringConstraints(max_length=PROMPT_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]
InstructionsText = Annotated[
    Annotated[str, StringConstraints(max_length=INSTRUCTIONS_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]
RefUrls = Annotated[
    list[Url],
    Field(max_length=REF_URLS, description="Reference images, sent before the target, in this order."),
]


def _number(value: Any) -> Any:
    """Refuse what is not a JSON number: pydantic would also read texts, and true as 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("refused", "Must be a number.")
    return value


Usd = Annotated[
    Decimal,
    Field(ge=0, le=MOST_USD, decimal_places=6),
    BeforeValidator(_number),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_USD}),
]
"""An amount in US dollars, exact to a millionth."""

MaxPrice = Annotated[
    Annotated[Usd, Field(gt=0), WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_USD})] | None,
    Field(),
]
Flag = StrictBool
AllowUnknownModel = Annotated[
    Flag,
    Field(
        description="Accept a model that WaveSpeed's list does not have, or inputs that the model's schema does not "
        "allow. Without a list, neither is checked."
    ),
]
Priority = Annotated[StrictInt, Field(ge=PRIORITY.minimum, le=PRIORITY.maximum, description="1-10; 10 is the highest.")]
DeadlineSeconds = Annotated[
    StrictInt,
    Field(
        ge=DEADLINE_SECONDS.minimum,
        le=DEADLINE_SECONDS.maximum,
        description="Maximum seconds from acceptance to the job's end, including all waiting.",
    ),
]
Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=METADATA_NAME_CHARACTERS)],
        Annotated[str, StringConstraints(max_length=METADATA_VALUE_CHARACTERS)],
    ],
    Field(max_length=METADATA_ENTRIES, description="Returned unchanged."),
]


def storable(text: str) -> str:
    """Refuse a text that Postgres cannot store."""
    error = text_error(text)
    if error is not None:
        raise PydanticCustomError("refused", "{message}", {"message": f"The text {error}."})
    return text


def digits(value: Any) -> Any:
    """Refuse anything but a plain whole number: pydantic would also accept `5.0`, ` 5` and `1_0`."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("refused", "Must be a whole number.")
    return value
