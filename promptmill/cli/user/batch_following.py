"""How a batch stands, and waiting for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from promptmill.cli.user.approving import tell_open_question
from promptmill.cli.user.calling import FAILED, INTERRUPTED, REFUSED, UNCLEAR
from promptmill.cli.user.following import TURN_SECONDS
from promptmill.cli.user.telling import note, on_the_wire, print_json, progress
from promptmill.formats import money

if TYPE_CHECKING:
    from promptmill_client import BatchAnswer
    from promptmill_client.sync_batches import Batch

# Imported where it is needed: `--help` must not wait for the client.
# ruff: noqa: PLC0415


def finish(found: Batch, within: float | None, *, as_json: bool) -> None:
    """Wait for a batch and say how it stands; ends the command with its exit code.

    Raises:
        typer.Exit: Always.
    """
    from promptmill_client import BatchAnswer, WaitedOut

    until = None if within is None else time.monotonic() + within
    try:
        with progress() as shown:
            while not (found.ended or found.paused or found.asks_for_approval):
                shown.say(sentence(found.answer))
                left = TURN_SECONDS if until is None else min(TURN_SECONDS, until - time.monotonic())
                try:
                    found.wait(max(left, 0))
                except WaitedOut as waited:
                    if isinstance(waited.last, BatchAnswer):
                        found.answer = waited.last
                    if until is not None and time.monotonic() >= until:
                        raise
    except (KeyboardInterrupt, WaitedOut) as end:
        note(f"The batch goes on: promptmill batch watch {found.id}")
        if isinstance(end, WaitedOut):
            raise
        raise typer.Exit(INTERRUPTED) from None
    note(sentence(found.answer))
    tell_open_question(found)
    if as_json:
        print_json(on_the_wire(found.answer))
    raise typer.Exit(_code(found.answer))


def _code(found: BatchAnswer) -> int:
    if found.counts.unclear:
        return UNCLEAR
    if found.state == "paused":
        return REFUSED if found.pause_reason == "budget" else FAILED
    return 0 if found.state in ("done", "awaiting_approval") else FAILED


def sentence(found: BatchAnswer) -> str:
    """Return how a batch stands, in a sentence."""
    spent = f"{money(found.spent_usd)} of {money(found.max_cost_usd)} spent"
    by = f" ({found.pause_reason})" if found.pause_reason else ""
    why = f" {found.problem[0].upper()}{found.problem[1:]}." if found.problem else ""
    return f"{found.state}{by}: {counted(found)}; {spent}.{why}"


def counted(found: BatchAnswer) -> str:
    """Return how many of a batch's rows are done, and what has become of the others."""
    counts = found.counts
    told = (
        (counts.failed, "failed"),
        (counts.unclear, "unclear"),
        (counts.cancelled + counts.skipped, "cancelled"),
        (counts.faulty, "faulty"),
    )
    return ", ".join(
        [f"{counts.completed:,} of {found.rows:,} done", *(f"{many:,} {word}" for many, word in told if many)]
    )
