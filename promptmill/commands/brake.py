"""`promptmill brake`: pause or resume submissions to the providers, and show their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from temporalio.service import RPCError

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.access import By, by_whom
from promptmill.contracts.errors import ConfigurationError, RecordError, TemporalUnavailable
from promptmill.temporal import connect
from promptmill.temporal.brakes import PROVIDERS, Brake, read_brake, set_brake
from promptmill.temporal.braking import note_brake


async def brake_providers(
    settings: Settings,
    *,
    on: bool,
    providers: Sequence[str] = PROVIDERS,
    reason: str,
    say: Callable[[str], None] = lambda _: None,
) -> list[Brake]:
    """Stop or release the queues of these providers and return their state as Temporal reports it.

    The audit log is told afterwards, if Postgres is there: the brake must not depend on it.

    Raises:
        TemporalUnavailable: Temporal is unreachable, or does not allow it.
    """
    by = operator()
    changes: list[tuple[Brake, Brake]] = []
    try:
        client = await connect(settings)
        for provider in providers:
            before = await read_brake(client, settings.task_queue, provider)
            after = await set_brake(client, settings.task_queue, provider, on=on, reason=reason, by=by)
            changes.append((before, after))
    except (RuntimeError, RPCError) as error:
        raise TemporalUnavailable(f"The brake was not changed ({error}): check TEMPORAL_ADDRESS.") from error
    finally:
        await _tell(settings, by, changes, say)
    return [after for _, after in changes]


async def show_brakes(settings: Settings) -> list[Brake]:
    """Return both providers' brakes.

    Raises:
        TemporalUnavailable: Temporal is unreachable.
    """
    try:
        client = await connect(settings)
        return [await read_brake(client, settings.task_queue, provider) for provider in PROVIDERS]
    except (RuntimeError, RPCError) as error:
        raise TemporalUnavailable(f"Temporal is unreachable ({error}): check TEMPORAL_ADDRESS.") from error


def brake_sentence(brake: Brake) -> str:
    """Return a queue's state in one sentence."""
    why = "".join(f" {words}" for words in (by_whom(brake.by), f"({brake.reason})" if brake.reason else "") if words)
    if brake.on:
        return f"{brake.provider}: stopped{why}. Nothing is submitted; results already paid for are still collected."
    if brake.per_second is not None:
        return f"{brake.provider}: open, at most {brake.per_second:g} per second{why}."
    return f"{brake.provider}: open."


async def _tell(settings: Settings, by: By, changes: Sequence[tuple[Brake, Brake]], say: Callable[[str], None]) -> None:
    """Write what changed into the audit log, or say why that failed."""
    if not changes:
        return
    try:
        async with open_record(settings) as store:
            for read, now in changes:
                await note_brake(store, by, read, now)
    except (RecordError, ConfigurationError) as error:
        say(f"The audit log does not have this: {error}")
