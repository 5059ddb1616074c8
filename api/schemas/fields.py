"""Field types shared by several requests, each with its limits."""

from __future__ import annotations

import re
import unicodedata
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

from promptmill.addresses import MAX_URL_CHARACTERS
from promptmill.contracts.budgets import MOST_USD
from promptmill.contracts.catalogue import MODEL_CHARACTERS, MODEL_PATTERN, RESERVED_VENDORS
from promptmill.contracts.texts import is_blank
from promptmill.strict_json import text_error

PROMPT_CHARACTERS: Final = 10_000
INSTRUCTIONS_CHARACTERS: Final = 4_000
REF_URLS: Final = 8
METADATA_ENTRIES: Final = 16
METADATA_NAME_CHARACTERS: Final = 64
METADATA_VALUE_CHARACTERS: Final = 1_000
DAY: Final = 86_400
WEEK: Final = 7 * DAY
SEARCH_CHARACTERS: Final = 200
NAME_CHARACTERS: Final = 100
TAG_CHARACTERS: Final = 40


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


def _no_other_path(model: str) -> str:
    if model.split("/", 1)[0].lower() in RESERVED_VENDORS:
        raise PydanticCustomError("refused", "This is another path of WaveSpeed's API, not a model.")
    return model


ModelPath = Annotated[
    str,
    StringConstraints(max_length=MODEL_CHARACTERS, pattern=MODEL_PATTERN),
    AfterValidator(_no_other_path),
    Field(description="WaveSpeed's model path: `vendor/name[/variant]`.", examples=["wavespeed-ai/flux-dev"]),
]

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
StyleName = Annotated[
    str,
    StringConstraints(pattern=r"^\w([\w .'-]{0,38}[\w.'-])?$"),
    Field(
        description="A style's name: letters, digits, spaces and .'-_; 40 characters at most.", examples=["cinematic"]
    ),
]
OptionalStyle = Annotated[StyleName | None, BeforeValidator(blank_is_absent)]
LanguageName = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[^\W\d_][\w ()-]{0,39}$")] | None, BeforeValidator(blank_is_absent)
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


def _plain(value: Any) -> Any:
    """Refuse `1e3`, ` 1` and `1_0`, which Python would read as numbers."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        raise PydanticCustomError("refused", "Must be an amount in USD, such as 0.05.")
    return value


WrittenUsd = Annotated[
    Decimal,
    Field(ge=0, le=MOST_USD, decimal_places=6),
    BeforeValidator(_plain),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_USD}),
]
"""The same in an address."""

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


def true_or_false(value: Any) -> Any:
    """Refuse other words for a flag in an address: pydantic would also read `1`, `on` and `yes`."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise PydanticCustomError("refused", "Must be `true` or `false`.")
    return value


WrittenFlag = Annotated[bool, BeforeValidator(true_or_false)]
"""A flag in an address."""


def storable(text: str) -> str:
    """Refuse a text that Postgres cannot store."""
    error = text_error(text)
    if error is not None:
        raise PydanticCustomError("refused", "{message}", {"message": f"The text {error}."})
    return text


def _tidy(value: Any) -> Any:
    """Return a text in Unicode's composed form, without spaces around it and with single ones in it."""
    return " ".join(unicodedata.normalize("NFC", value).split()) if isinstance(value, str) else value


def _tidy_tag(value: Any) -> Any:
    """Return the same in lower case, which may be longer: before its length is judged."""
    return _tidy(value.lower()) if isinstance(value, str) else value


_TURNING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Characters that turn the direction of what follows, also of the text behind a name."""


def _shown(text: str) -> str:
    """Refuse a name that shows nothing, or has controls in it, or would show what stands beside it turned."""
    if is_blank(text):
        raise PydanticCustomError("refused", "Must have at least one visible character.")
    if any(unicodedata.category(one) == "Cc" or unicodedata.bidirectional(one) in _TURNING for one in text):
        raise PydanticCustomError("refused", "Must not contain control characters.")
    return storable(text)


def _tag(text: str) -> str:
    if "," in text:
        raise PydanticCustomError("refused", "Must not contain a comma: it stands between tags.")
    return text


NameText = Annotated[
    Annotated[str, StringConstraints(max_length=NAME_CHARACTERS)], BeforeValidator(_tidy), AfterValidator(_shown)
]
"""The name of a template or a collection."""

SearchText = Annotated[str, StringConstraints(max_length=SEARCH_CHARACTERS), AfterValidator(storable)]
"""A text to look for."""

TagText = Annotated[
    Annotated[str, StringConstraints(max_length=TAG_CHARACTERS)],
    BeforeValidator(_tidy_tag),
    AfterValidator(_shown),
    AfterValidator(_tag),
]
"""A tag as it is stored: in lower case, with single spaces."""


def digits(value: Any) -> Any:
    """Refuse anything but a plain whole number: pydantic would also accept `5.0`, ` 5` and `1_0`."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("refused", "Must be a whole number.")
    return value
