"""The kinds of fields that several requests share, each with its limits."""

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
    """Return null for a text of nothing but spaces: forms send those for what was left empty."""
    return None if isinstance(value, str) and not value.strip() else value


Url = Annotated[
    str,
    StringConstraints(max_length=MAX_URL_CHARACTERS),
    Field(description="An `https` address that providers can open: no credentials, no private host."),
]
"""An address; whether it may be opened is judged by `promptmill.addresses`, which needs the installation's rule."""

OptionalUrl = Annotated[Url | None, BeforeValidator(blank_is_absent)]
PromptText = Annotated[
    Annotated[str, StringConstraints(max_length=PROMPT_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]
InstructionsText = Annotated[
    Annotated[str, StringConstraints(max_length=INSTRUCTIONS_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]
RefUrls = Annotated[
    list[Url],
    Field(max_length=REF_URLS, description="Further pictures to go by: before the target, in this order."),
]
Flag = StrictBool
Priority = Annotated[StrictInt, Field(ge=1, le=10, description="1-10; 10 goes first.")]
DeadlineSeconds = Annotated[
    StrictInt, Field(ge=30, le=WEEK, description="Seconds from acceptance to the end, the wait included.")
]
Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=METADATA_NAME_CHARACTERS)],
        Annotated[str, StringConstraints(max_length=METADATA_VALUE_CHARACTERS)],
    ],
    Field(max_length=METADATA_ENTRIES, description="Given back as it came."),
]
