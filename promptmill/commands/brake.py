"""`promptmill brake`: pause or resume submissions to the providers, and show their state."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.service import RPCError

from promptmill.config.settings import Settings
from promptmill.contracts.errors import TemporalUnavailable
from promptmill.temporal import connect
from promptmill.temporal.brakes import PROVIDERS, Brake, read_brake, set_brake


async def brake_providers(
    settings: Settings, *, on: bool, providers: Sequence[str] = PROVIDERS, reason: str
) -> list[Brake]:
    """Stop or release the queues of these providers and return their state as Temporal reports it.

    Raises:
        TemporalUnavailable: Temporal is unreachable, or does not allow it.
    """
    try:
        client = await connect(settings)
        return [await set_brake(client, settings.task_queue, provider, on=on, reason=reason) for provider in providers]
    except (RuntimeError, RPCError) as error:
        raise TemporalUnavailable(f"The brake was not changed ({error}): check TEMPORAL_ADDRESS.") from error


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
    why = f" ({brake.reason})" if brake.reason else ""
    if brake.on:
        return f"{brake.provider}: stopped{why}. Nothing is submitted; results already paid for are still collected."
    if brake.per_second is not None:
        return f"{brake.provider}: open, at most {brake.per_second:g} per second{why}."
    return f"{brake.provider}: open."
