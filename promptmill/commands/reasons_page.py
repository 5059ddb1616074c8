"""`docs/reason-codes.md`, made from the reason codes themselves."""

from __future__ import annotations

from typing import Final

from promptmill.contracts.reasons import REASONS, ReasonCode

HEAD: Final = """\
# Reason codes

Why a job or a prompt job ended, or what it waits for. The code stands in `error.reasonCode` of a job, in its events
(`reasonCode`), in the record (`reason_code`) and as the type of the workflow's failure in Temporal. A code never
changes once it is released; new ones may come.

A job's reason is not an HTTP error code. Those tell why a request was refused; the API shows them at `/docs/errors`.

This page is made by `promptmill reasons`; a test holds it equal to the code.
"""

GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Grok writes the prompt", ("grok_",)),
    ("The submission to WaveSpeed", ("wavespeed_", "submit_", "provider_")),
    ("What WaveSpeed makes of it", ("generation_", "prediction_")),
    ("The job's own life", ("",)),
)
"""Headings, each with the beginnings of its codes; a code stands under the first that fits."""


def reasons_page() -> str:
    """Return the text of `docs/reason-codes.md`."""
    parts = [HEAD]
    left = list(ReasonCode)
    for heading, beginnings in GROUPS:
        codes = [code for code in left if code.startswith(beginnings)]
        left = [code for code in left if code not in codes]
        rows = [f"| `{code}` | {REASONS[code].message} | {REASONS[code].hint} |" for code in codes]
        parts.append("\n".join([f"## {heading}\n", "| code | means | what to do |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)
