"""Makes jobs of a command line: inputs, uploaded files, and keys by which the same line finds its jobs again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from promptmill.cli.options import checked
from promptmill.cli.user.profiles import config_folder, read_private, write_private

if TYPE_CHECKING:
    from promptmill_client import Client

STDIN: Final = "-"
SEED: Final = "seed"
_UPLOADS: Final = "uploads"
_LEFT: Final = timedelta(days=2)
"""How long an upload must still be there to be used again: its job may wait for a day."""

_CENT: Final = Decimal("0.000001")


def read_prompt(text: str | None) -> str | None:
    """Return the prompt; `-` reads it from standard input."""
    return sys.stdin.read().strip() if text == STDIN else text


def read_inputs(client: Client, pairs: Sequence[str], uploads: dict[str, str]) -> dict[str, Any]:
    """Return a model's inputs: `key=value`, as JSON where it is, and `key=@file`, which is uploaded.

    The same key more than once makes a list.

    Args:
        client: Uploads.
        pairs: The options.
        uploads: Gets what each uploaded file's address stands for.
    """
    inputs: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{pair!r} is not key=value, such as seed=7 or image=@fox.png", param_hint="-i")
        value = _value(client, text, uploads)
        if name in inputs:
            before = inputs[name] if isinstance(inputs[name], list) else [inputs[name]]
            inputs[name] = [*before, value]
        else:
            inputs[name] = value
    return inputs


def _value(client: Client, text: str, uploads: dict[str, str]) -> Any:
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        url, digest = uploaded(client, Path(text[1:]))
        uploads[url] = digest
        return url
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        return text


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def uploaded(client: Client, file: Path) -> tuple[str, str]:
    """Return the address of an uploaded file, and the digest of its content.

    What was uploaded in these days is not uploaded again: the same line asks for the same job, also after a crash.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="-i") from None
    place = f"{client.address.url}\n{client.address.api_key}\n".encode()
    digest = hashlib.sha256(content).hexdigest()
    # A file for each: lines that run side by side lose nothing of each other.
    kept = config_folder() / _UPLOADS / f"{hashlib.sha256(place + content).hexdigest()}.json"
    known = read_private(kept)
    if not _is_there(known):
        made = client.files.upload(content, name=file.name)
        known = {"url": made.url, "expiresAt": made.expires_at.isoformat()}
        write_private(kept, known)
        _forget_old(kept.parent)
    return str(known["url"]), digest


def _is_there(told: Mapping[str, Any]) -> bool:
    try:
        return datetime.fromisoformat(told["expiresAt"]) > _now() + _LEFT
    except (TypeError, KeyError, ValueError):
        return False


def _forget_old(folder: Path) -> None:
    for kept in folder.glob("*.json"):
        if not _is_there(read_private(kept)):
            kept.unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # no workflow runs here


def each_order(order: Mapping[str, Any], repeat: int, most_usd: Decimal | None) -> list[dict[str, Any]]:
    """Return the orders of a line: the limit is for all of them, and a seed counts up."""
    limit = {} if most_usd is None else {"maxPriceUsd": float((most_usd / repeat).quantize(_CENT, ROUND_DOWN))}
    inputs = order.get("input", {})
    seed = inputs.get(SEED)
    orders = []
    for number in range(repeat):
        counted = {SEED: seed + number} if isinstance(seed, int) and seed >= 0 else {}
        orders.append({**order, **limit, "input": inputs | counted})
    return orders


def keys_of(orders: Sequence[Mapping[str, Any]], given: str | None, uploads: Mapping[str, str]) -> list[str]:
    """Return the idempotency key of each order: the one that was given, or made of what it asks for.

    An upload counts by its content: if its address were forgotten, the API would refuse the same key with another
    address, and nothing would be paid again.
    """
    if given is not None:
        return [given] if len(orders) == 1 else [f"{given}-{number}" for number in range(1, len(orders) + 1)]
    return [_key({"order": order, "number": number}, uploads) for number, order in enumerate(orders, start=1)]


def _key(meaning: Mapping[str, Any], uploads: Mapping[str, str]) -> str:
    written = json.dumps(meaning, sort_keys=True)
    for url, digest in uploads.items():
        written = written.replace(json.dumps(url), json.dumps(digest))
    return f"line-{hashlib.sha256(written.encode()).hexdigest()[:40]}"


def usd(text: str) -> Decimal:
    """Return an amount that a person has written.

    Raises:
        typer.BadParameter: It is none.
    """

    def amount(text: str) -> Decimal:
        try:
            found = Decimal(text.removeprefix("$"))
        except ArithmeticError:
            raise ValueError(f"{text!r} is no amount, such as 0.25") from None
        if not (found.is_finite() and found >= 0):
            raise ValueError(f"{text!r} is no amount, such as 0.25")
        return found

    return checked(amount, text, "--max-cost")
