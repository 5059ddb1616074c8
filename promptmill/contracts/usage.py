"""What one answer of a language model used."""

from __future__ import annotations

from decimal import Decimal

from promptmill.contracts.messages import Message


class TokenUsage(Message):
    """Tokens and cost in USD as the provider told them; None where it did not.

    Attributes:
        output_tokens: Everything billed as output: completion and reasoning.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
