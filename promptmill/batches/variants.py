"""Makes each row of a table with each of several prompts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promptmill.batches.filling import INSTRUCTIONS, KEY, PROMPT
from promptmill.batches.rows import WHOLE_TABLE, Fault, Line, as_text
from promptmill.contracts.batches import MOST_ROWS

PLACEHOLDER = "a prompt"
"""Stands for each prompt that is not written yet, while a table is checked and priced."""


def with_each(lines: Iterable[Line | Fault], prompts: Sequence[str]) -> Iterator[Line | Fault]:
    """Return a table with a row for each of its rows and each prompt; the faults of the source are passed on.

    Numbers are counted anew. A row's key is the old one, or the old number, and the prompt's place: `fox-2`.
    """
    places = range(1, len(prompts) + 1)
    rows = 0
    for line in lines:
        if isinstance(line, Fault):
            yield line
            continue
        given = [name for name in (PROMPT, INSTRUCTIONS) if line.values.get(name) not in (None, "")]
        if given:
            message = "Leave it out: the prompts are those that Grok proposes, for all rows."
            yield from (Fault.of(line.number, name, message, value=line.values[name]) for name in given)
            continue
        rows += len(prompts)
        if rows > MOST_ROWS:
            message = f"With {len(prompts)} prompts each, the table has more than {MOST_ROWS:,} rows: send it in parts."
            yield Fault.of(WHOLE_TABLE, None, message)
            return
        key = as_text(line.values.get(KEY)) or str(line.number)
        for place, prompt in zip(places, prompts, strict=True):
            number = (line.number - 1) * len(prompts) + place
            yield Line(number, line.values | {PROMPT: prompt, KEY: f"{key.strip()}-{place}"})
