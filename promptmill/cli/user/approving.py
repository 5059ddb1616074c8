"""The prompts that Grok proposes for a batch: shown, and chosen from."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from promptmill.cli.user.orders import STDIN
from promptmill.cli.user.telling import note, progress

if TYPE_CHECKING:
    from promptmill_client import BatchAnswer
    from promptmill_client.sync_batches import Batch

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415


def have_approved(found: Batch, within: float | None) -> None:
    """Have a person at a terminal choose among the proposed prompts.

    Elsewhere, or if there are none, the batch is left as it is.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from promptmill_client import WaitedOut

    try:
        with progress() as shown:
            shown.say("Grok writes the prompts …")
            found.wait(within)
    except (KeyboardInterrupt, WaitedOut):
        return
    proposed = proposed_by(found)
    if found.asks_for_approval and proposed:
        for line in proposed_lines(found.answer):
            note(line)
        chosen = _chosen(proposed)
        if chosen:
            found.approve(chosen)


def tell_open_question(found: Batch) -> None:
    """Say how a batch goes on whose prompts nobody has approved yet."""
    if found.asks_for_approval:
        for line in proposed_lines(found.answer):
            note(line)
        note(f"Nothing is made until you choose: promptmill batch approve {found.id} --take all")


def proposed_by(found: Batch) -> Sequence[str]:
    """Return the prompts that were proposed, if the batch still waits for approval."""
    proposal = found.answer.proposal
    return () if proposal is None else proposal.prompts


def proposed_lines(found: BatchAnswer) -> Iterator[str]:
    """Yield the proposed prompts with their numbers, and what is wrong with the proposal."""
    if found.proposal is not None:
        for number, prompt in enumerate(found.proposal.prompts, 1):
            yield f"{number:>3}  {prompt}"
        if found.proposal.problem:
            yield found.proposal.problem


def taken(take: str, proposed: Sequence[str]) -> Sequence[str]:
    """Return the prompts with these numbers, counted from 1; `all` are all.

    Raises:
        typer.BadParameter: There are no such numbers.
    """
    if not proposed:
        message = "there are no proposed prompts: see `batch show`, or give --prompts"
        raise typer.BadParameter(message, param_hint="--take")
    if take.strip() == "all":
        return proposed
    numbers = [part.strip() for part in take.split(",")]
    if not all(number.isascii() and number.isdigit() and 1 <= int(number) <= len(proposed) for number in numbers):
        raise typer.BadParameter(f"give numbers from 1 to {len(proposed)} with commas, or all", param_hint="--take")
    return [proposed[number - 1] for number in dict.fromkeys(map(int, numbers))]


def read_lines(file: Path) -> Sequence[str]:
    """Return the lines of a file that are not empty.

    Raises:
        typer.BadParameter: It cannot be read.
    """
    try:
        content = sys.stdin.buffer.read() if str(file) == STDIN else file.read_bytes()
        # Not `splitlines`: other separators, such as U+2028, are part of a prompt, and make no second one to pay.
        return [line for line in re.split(r"[\r\n]+", content.decode("utf-8-sig")) if line.strip()]
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--prompts") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not UTF-8", param_hint="--prompts") from None


def _chosen(proposed: Sequence[str]) -> Sequence[str]:
    """Ask a person until the answer makes sense; nothing: later."""
    while True:
        asked = "Which are to be made? Numbers with commas, or all; nothing: decide later"
        answer = str(typer.prompt(asked, default="", show_default=False, err=True)).strip()
        if not answer:
            return ()
        try:
            return taken(answer, proposed)
        except typer.BadParameter as wrong:
            note(f"{wrong.message[0].upper()}{wrong.message[1:]}.")
