"""Field types shared by several requests, each with its limits."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from promptmill.addresses import MAX_URL_CHARACTERS
from promptmill.contracts.texts import is_blank

PROMPT_CHARACTERS: Final = 10_000
INSTRUCTIONS_CHARACTERS: Final = 4_000
REF_URLS: Final = 8
METADATA_ENTRIES: Final = 16
METADATA_NAME_CHARACTERS: Final = 64
METADATA_VALUE_CHARACTERS: Final = 1_000
DAY: Final = 86_400
WEEK: Final = 7 * DAY


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
        description="Seconds from acceptance to the end, including all waiting.",
    ),
]
Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=METADATA_NAME_CHARACTERS)],
        Annotated[str, StringConstraints(max_length=METADATA_VALUE_CHARACTERS)],
    ],
    Field(max_length=METADATA_ENTRIES, description="Returned unchanged."),
]
