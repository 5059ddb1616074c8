"""What was removed of what simulated providers had made."""

from __future__ import annotations

from decimal import Decimal

from promptmill.contracts.messages import Message


class Purged(Message):
    """Numbers of rows, and what the submissions had spent."""

    jobs: int
    prompt_jobs: int
    submissions: int
    webhooks: int
    spent_usd: Decimal
