"""`promptmill init` and `promptmill adopt-temporal`: bind this installation to its Temporal."""

from __future__ import annotations

from temporalio.service import RPCError

from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.errors import TemporalUnavailable
from promptmill.temporal import connect
from promptmill.temporal.installation import TemporalIdentity, adopt_identity, initialize
from promptmill.temporal.search_attributes import AttributeGaps


async def initialize_installation(settings: Settings) -> AttributeGaps:
    """Register search attributes and create the schedule, as `POST /api/init` does. Safe to repeat.

    Returns:
        The search attributes that could not be registered, or have another type.

    Raises:
        TemporalUnavailable: Temporal is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        try:
            return await initialize(settings, store, await connect(settings))
        except (RuntimeError, RPCError) as error:
            raise TemporalUnavailable(_unavailable(error)) from error


async def adopt_temporal(settings: Settings) -> TemporalIdentity:
    """Accept the current Temporal as the one that the record belongs to.

    Raises:
        TemporalUnavailable: Temporal is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_record(settings) as store:
        try:
            return await adopt_identity(store, await connect(settings), reason="adopted by an operator", by=operator())
        except (RuntimeError, RPCError) as error:
            raise TemporalUnavailable(_unavailable(error)) from error


def _unavailable(error: Exception) -> str:
    return f"Temporal is unreachable ({error}): check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE."
