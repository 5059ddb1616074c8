"""Makes each row of a table with each of several prompts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promptmill.batches.filling import INSTRUCTIONS, KEY, PROMPT
from promptmill.batches.rows import WHOLE_TABLE, Fault, Line, as_text
from promptmill.contracts.batches import MOST_ROWS

PLACEHOLDER = "a prompt"
"""Stands for each prompt that is not written yet, while a table is checked and priced."""


def with_any(lines: Iterable[Line | Fault], times: int) -> Iterator[Line | Fault]:
    """Return a table whose rows have a prompt that stands for so many that are not written yet; to be checked."""
    for line, key in _checked(lines, times):
        yield line if isinstance(line, Fault) else Line(line.number, line.values | _made(PLACEHOLDER, key, times))


def with_each(lines: Iterable[Line | Fault], prompts: Sequence[str]) -> Iterator[Line | Fault]:
    """Return a table with a row for each of its rows and each prompt; the faults of the source are passed on.

    Numbers are counted anew. A row's key is the old one, or the old number, and the prompt's place: `fox-2`.
    """
    for line, key in _checked(lines, len(prompts)):
        if isinstance(line, Fault):
            yield line
            continue
        for place, prompt in enumerate(prompts, 1):
            yield Line((line.number - 1) * len(prompts) + place, line.values | _made(prompt, key, place))


def _made(prompt: str, key: str, place: int) -> dict[str, str]:
    return {PROMPT: prompt, KEY: f"{key}-{place}"}


def _checked(lines: Iterable[Line | Fault], times: int) -> Iterator[tuple[Line | Fault, str]]:
    """Yield rows with their keys, as long as there are not too many for so many prompts, and faults."""
    rows = 0
    for line in lines:
        if isinstance(line, Fault):
            yield line, ""
            continue
        given = [name for name in (PROMPT, INSTRUCTIONS) if line.values.get(name) not in (None, "")]
        message = "Leave it out: the prompts are those that Grok proposes, for all rows."
        yield from ((Fault.of(line.number, name, message, value=line.values[name]), "") for name in given)
        rows += times
        if rows > MOST_ROWS:
            message = f"With {times} prompts each, the table has more than {MOST_ROWS:,} rows: send it in parts."
            yield Fault.of(WHOLE_TABLE, None, message), ""
            return
        if not given:
            yield line, (as_text(line.values.get(KEY)) or str(line.number)).strip()
