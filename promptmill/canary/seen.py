"""What a canary has seen: answers by the name of the call, and what was sent and learned on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from promptmill.providers.http.answers import Answer


class Missing:
    """The field is not in the answer."""


MISSING: Final = Missing()


@dataclass(frozen=True)
class Part:
    """An answer, or the part of one that an assumption is about.

    Attributes:
        status: The HTTP status; None for a part.
        body: Its JSON; None if it is none.
    """

    body: Any
    status: int | None = None

    @classmethod
    def of(cls, answer: Answer) -> Part:
        """Return a whole answer."""
        return cls(answer.document, answer.status)

    def value(self, path: str) -> Any:
        """Return what is at a path such as `data.urls.get`, `HTTP` for the status; `MISSING` if nothing is."""
        if path == "HTTP":
            return self.status
        found = self.body
        for step in path.split("."):
            if isinstance(found, Mapping):
                found = found.get(step, MISSING)
            elif isinstance(found, list) and step.isdecimal():
                found = found[int(step)] if int(step) < len(found) else MISSING
            else:
                return MISSING
        return found


@dataclass
class Seen:
    """Everything that the judgement needs.

    Attributes:
        marker: Is in the prompt of both paid requests: by it a lost one is found.
        parts: By the name of the call.
        sent: The inputs of the paid POST.
        quoted_usd: What it is quoted to cost, with the discount.
        most_usd: Without it.
        grok_bound_usd: What Grok's question can cost at most, by xAI's prices.
        grok_cost_usd: What it cost, as its answer says.
        webhook_signed: Whether the secret made the webhook's signature; None without both.
    """

    marker: str
    parts: dict[str, Part] = field(default_factory=dict)
    model: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)
    quoted_usd: Decimal | None = None
    most_usd: Decimal | None = None
    grok_model: str = ""
    grok_bound_usd: Decimal | None = None
    grok_cost_usd: Decimal | None = None
    prediction_id: str | None = None
    webhook_signed: bool | None = None
    webhook_fresh: bool | None = None
    notes: dict[str, str] = field(default_factory=dict)
    """Why a call is not among the parts, by its name."""
