"""Quotes and bills: what WaveSpeed says that it would charge, has charged, and refunded."""

from __future__ import annotations

from decimal import Decimal

from promptmill.contracts.messages import Message


class Quote(Message):
    """What WaveSpeed would charge, in USD, and its list price if that is higher: the rest is a discount."""

    usd: Decimal
    list_usd: Decimal | None = None


class Bill(Message):
    """What WaveSpeed's books show for one prediction, in USD. They lag: what is missing may still come.

    Attributes:
        charged_usd: The sum of its charges; None while there is none.
        refunded_usd: The sum of its refunds, as a positive amount.
    """

    prediction_id: str
    charged_usd: Decimal | None = None
    refunded_usd: Decimal = Decimal(0)


class DueBill(Message):
    """A prediction whose bill was due. `ended`: its job has ended, so WaveSpeed is to be asked now."""

    prediction_id: str
    ended: bool
