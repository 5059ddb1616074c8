"""Field types shared by several requests, each with its limits."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from promptmill.addresses import MAX_URL_CHARACTERS

PROMPT_CHARACTERS: Final = 10_000
INSTRUCTIONS_CHARACTERS: Final = 4_000
REF_URLS: Final = 8
METADATA_ENTRIES: Final = 16
METADATA_NAME_CHARACTERS: Final = 64
METADATA_VALUE_CHARACTERS: Final = 1_000
DAY: Final = 86_400
WEEK: Final = 7 * DAY


def blank_is_absent(value: Any) -> Any:
    """Return null for a blank string, which forms send for empty fields."""
    return None if isinstance(value, str) and not value.strip() else value


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
Priority = Annotated[StrictInt, Field(ge=1, le=10, description="1-10; 10 is the highest.")]
DeadlineSeconds = Annotated[
    StrictInt, Field(ge=30, le=WEEK, description="Seconds from acceptance to the end, including all waiting.")
]
Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=METADATA_NAME_CHARACTERS)],
        Annotated[str, StringConstraints(max_length=METADATA_VALUE_CHARACTERS)],
    ],
    Field(max_length=METADATA_ENTRIES, description="Returned unchanged."),
]
