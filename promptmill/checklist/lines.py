"""The lines of the checklist, as `docs/checklist.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self

from pydantic import model_validator

import promptmill
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.messages import Message

ROOT: Final = Path(promptmill.__path__[0]).parent
"""The checkout, or what the image has of it."""

FILE: Final = ROOT / "docs" / "checklist.toml"

Phase = Literal["before", "after"]


class Line(Message):
    """One line.

    It is judged by the `check` of that name, given the names in `of`; where that cannot look, and where there is none,
    by the `tests` that showed it, if their report is given; and otherwise a person signs, having seen to `person`.

    Attributes:
        phase: `before`: must hold before new code is started. `after`: needs it running.
        words: What it asks.
        advice: What to do when it fails.
    """

    number: str
    phase: Phase
    words: str
    check: str | None = None
    of: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    person: str | None = None
    advice: str | None = None

    @model_validator(mode="after")
    def _somebody_judges(self) -> Self:
        if not (self.check or self.tests or self.person):
            raise ValueError(f"line {self.number} is judged by nobody: give it check, tests or person")
        if self.check and not self.advice:
            raise ValueError(f"line {self.number} may fail: it needs an advice")
        return self


class Checklist(NamedTuple):
    """All lines in their order, and the titles of the sections by number."""

    sections: Mapping[str, str]
    lines: Sequence[Line]


def read_checklist() -> Checklist:
    """Read the checklist.

    Raises:
        ConfigurationError: It is not where it belongs.
    """
    try:
        found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError("docs/checklist.toml is not there: run this in a checkout or in the image.") from None
    return Checklist(found["sections"], [Line.model_validate(line) for line in found["line"]])
