"""The price of a submission, known before its permission is asked for; a job that has to ask again has it already."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptmill.contracts.bills import Quote

FRESH_SECONDS: Final = 300.0
"""How long a price is remembered. Prices change rarely, and what is charged in the end is WaveSpeed's."""

FAILED_SECONDS: Final = 30.0
"""How long WaveSpeed is not asked again for a price that it did not name."""

MAX_REMEMBERED: Final = 2_000


@dataclass
class Quotes:
    """Asks WaveSpeed for prices, and remembers them.

    Attributes:
        ask: Returns the price of a model with exactly these inputs, within seconds; None if it is unknown.
        clock: Monotonic seconds.
    """

    ask: Callable[[str, Mapping[str, Any]], Awaitable[Quote | None]]
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[float, Quote | None]] = field(default_factory=dict, init=False)

    async def of(self, model: str, body: Mapping[str, Any]) -> Quote | None:
        """Return what a submission with this body costs; None if unknown. Never raises."""
        # Each attempt draws another seed, which no price depends on.
        question = json.dumps([model, {name: body[name] for name in body if name != "seed"}], sort_keys=True)
        good_until, known = self._seen.get(question, (0.0, None))
        if self.clock() < good_until:
            return known
        price = await self.ask(model, body)
        self._remember(question, price)
        return price

    def _remember(self, question: str, price: Quote | None) -> None:
        now = self.clock()
        if len(self._seen) >= MAX_REMEMBERED:
            self._seen = {asked: seen for asked, seen in self._seen.items() if seen[0] > now}
        if len(self._seen) >= MAX_REMEMBERED:
            self._seen.clear()
        self._seen[question] = (now + (FAILED_SECONDS if price is None else FRESH_SECONDS), price)
