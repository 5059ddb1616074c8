"""What an owner may have and ask for. Each limit that an owner has not of its own is the installation's setting."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from promptmill.contracts.messages import Message

LOWEST_PRIORITY: Final = 1
HIGHEST_PRIORITY: Final = 10

MOST: Final = 1_000_000
"""The highest number that a limit can be set to."""

MOST_PATTERNS: Final = 50
PATTERN_CHARACTERS: Final = 200
"""How many patterns of models an owner may have, and how long each may be."""

REASON_CHARACTERS: Final = 500
"""Maximum length of the reason of a pause."""

_PATTERN: Final = re.compile(r"[A-Za-z0-9._/*?-]+")

OUTPUT_INPUTS: Final = ("num_images", "max_images", "num_outputs", "num_videos", "n", "batch_size")
"""Inputs of models that say how many outputs a job makes."""


class OwnerLimits(Message):
    """The limits of an owner. None: of an owner's own, the installation's; of the installation, no limit.

    Attributes:
        open_jobs: Jobs that have not ended, and as many prompt jobs.
        requests_per_minute: Requests that write or cost, at one process of the API.
        highest_priority: Of a job, 1 to 10.
        models: Patterns of the models that may be used, such as `bytedance/*`; empty: none.
        outputs_per_job: How many pictures, or other outputs, one job may make.
        uploads_per_day: Uploaded images, at one process of the API.
        streams: Live streams at once, at one process of the API.
    """

    open_jobs: int | None = None
    requests_per_minute: int | None = None
    highest_priority: int | None = None
    models: tuple[str, ...] | None = None
    outputs_per_job: int | None = None
    uploads_per_day: int | None = None
    streams: int | None = None

    def within(self, installation: OwnerLimits) -> OwnerLimits:
        """Return what holds for an owner with these limits of its own."""
        own = self.model_dump(exclude_none=True)
        return OwnerLimits.model_validate(installation.model_dump() | own)

    def allows_model(self, model: str) -> bool:
        """Return whether jobs may use a model."""
        return self.models is None or any(fnmatchcase(model, pattern) for pattern in self.models)

    def excess_outputs(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        """Yield the inputs of a job that ask for more outputs than one job may make."""
        if self.outputs_per_job is None:
            return
        for name in OUTPUT_INPUTS:
            if _number(inputs.get(name)) > self.outputs_per_job:
                yield name


def _number(value: object) -> float:
    """Return the number that an input is, also as a text, which a model may read as one; 0 if it is none."""
    if not isinstance(value, int | float | str):
        return 0
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return 0


NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "open_jobs": (0, MOST),
    "requests_per_minute": (1, MOST),
    "highest_priority": (LOWEST_PRIORITY, HIGHEST_PRIORITY),
    "outputs_per_job": (1, MOST),
    "uploads_per_day": (0, MOST),
    "streams": (0, MOST),
}
"""The limits that are numbers, with the lowest and the highest that each may be."""


def model_pattern(text: str) -> str:
    """Return a pattern of models: their names, where `*` stands for any characters and `?` for one.

    Raises:
        ValueError: It would match none.
    """
    if len(text) > PATTERN_CHARACTERS or not _PATTERN.fullmatch(text):
        raise ValueError(
            f"A pattern of models is 1 to {PATTERN_CHARACTERS} letters, digits and . _ / - with * for any characters, "
            "such as bytedance/*."
        )
    return text


def parsed_limits(texts: Sequence[str], *, none: bool = False) -> dict[str, Any]:
    """Return the limits that texts like `open-jobs=40` set; without a value it is None, the installation's.

    Args:
        texts: As at the command line.
        none: Whether those that are not named become None.

    Raises:
        ValueError: One is no limit, or its value is out of range.
    """
    found: dict[str, Any] = dict.fromkeys(OwnerLimits.model_fields) if none else {}
    for text in texts:
        word, sign, value = text.partition("=")
        name = word.strip().replace("-", "_")
        if not sign or name not in OwnerLimits.model_fields:
            known = ", ".join(field.replace("_", "-") for field in OwnerLimits.model_fields)
            raise ValueError(f"{text!r}: give LIMIT=VALUE, where LIMIT is one of {known}.")
        found[name] = _parsed(name, value.strip()) if value.strip() else None
    return found


def _parsed(name: str, value: str) -> int | list[str]:
    if name == "models":
        patterns = [model_pattern(part.strip()) for part in value.split(",")]
        if len(patterns) > MOST_PATTERNS:
            raise ValueError(f"models: at most {MOST_PATTERNS} patterns.")
        return patterns
    low, high = NUMBERS[name]
    if not value.isascii() or not value.isdigit() or not low <= int(value[:10]) <= high:
        raise ValueError(f"{name.replace('_', '-')}: a whole number from {low:,} to {high:,}, not {value[:20]!r}.")
    return int(value)


def pause_reason(text: str) -> str:
    """Return the reason of a pause without the blanks around it.

    Raises:
        ValueError: There is none, or it is too long.
    """
    reason = text.strip()
    if not reason or len(reason) > REASON_CHARACTERS or not reason.isprintable():
        raise ValueError(f"Say why, in 1 to {REASON_CHARACTERS} printable characters: whoever meets it wants to know.")
    return reason


def limit_texts(limits: OwnerLimits) -> Sequence[str]:
    """Describe the limits that there are, such as `open jobs: 40`."""
    return [
        f"{name.replace('_', ' ')}: {', '.join(value) or 'none' if isinstance(value, tuple) else f'{value:,}'}"
        for name, value in limits.model_dump(exclude_none=True).items()
    ]
