"""What the rows of a table cost at WaveSpeed: rows with the same inputs that affect the price are asked for once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from api.catalogue.entries import Entry, Known
from api.catalogue.floors import Judgement, judge, price_movers
from api.catalogue.prices import ANY_SEED, Price, Prices
from api.http.strict_json import canonical
from promptmill.config.presets import compose_request
from promptmill.contracts.catalogue import ModelInput
from promptmill.contracts.store import NewJob

MOST_PRICES: Final = 40
"""How many prices are asked for one table: WaveSpeed is asked politely, and a plan shall not take long."""

AT_ONCE: Final = 2
"""Of them, so that those who ask for the price of a single run meanwhile get theirs."""

PRICES_SECONDS: Final = 7
"""How long all of them may take."""

_NOT_ASKED: Final = b""
"""The key of the rows whose price is not asked."""

TOO_MANY: Final = f"The rows have more than {MOST_PRICES} different prices, and only so many are asked for."
TOO_SLOW: Final = "WaveSpeed did not return all prices in time."


@dataclass
class PriceGroup:
    """Rows that cost the same.

    Attributes:
        body: What one of them would submit; None if no price is asked.
        worth: Whether its price may be too low.
        lines: Their numbers, as ranges.
    """

    body: Mapping[str, Any] | None
    worth: Judgement
    lines: list[tuple[int, int]] = field(default_factory=list)
    rows: int = 0
    price: Price | None = None

    @property
    def usd(self) -> Decimal | None:
        """The price of one row, if it is known."""
        return self.price.usd if self.price else None

    @property
    def reason(self) -> str | None:
        """Why there is no price, or why it may be too low."""
        if self.price is not None:
            return self.price.reason or self.worth.reason
        return TOO_MANY if self.body is None else TOO_SLOW

    def add(self, number: int, times: int) -> None:
        """Add a row that is made so many times; they come in order."""
        self.rows += times
        if self.lines and self.lines[-1][1] == number - 1:
            self.lines[-1] = (self.lines[-1][0], number)
        else:
            self.lines.append((number, number))


class TablePrices:
    """The prices of a table's rows.

    Args:
        model: The model of all rows.
        entry: What is known of it.
    """

    def __init__(self, model: str, entry: Entry | None) -> None:
        self.model = model
        self._entry = entry
        self._movers = _movers(entry)
        self._groups: dict[bytes, PriceGroup] = {}
        self._of_row: list[PriceGroup] = []

    def add(self, number: int, job: NewJob, times: int = 1) -> None:
        """Add a row that is made so many times."""
        body = compose_request(self.model, job.input, job.prompt or job.original_prompt or "", ANY_SEED)
        key = hashlib.sha256(canonical(self._relevant(body)).encode()).digest()
        is_asked = key in self._groups or len(self._groups) < MOST_PRICES
        group = self._groups.get(key if is_asked else _NOT_ASKED)
        if group is None:
            group = PriceGroup(body if is_asked else None, judge(self._entry, body))
            self._groups[key if is_asked else _NOT_ASKED] = group
        group.add(number, times)
        self._of_row += [group] * times

    async def ask(self, prices: Prices) -> None:
        """Ask WaveSpeed for as many prices as there is time for."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def asked(group: PriceGroup, body: Mapping[str, Any]) -> None:
            async with turns:
                group.price = await prices.of(self.model, body)

        asking = [asyncio.ensure_future(asked(group, group.body)) for group in self.groups() if group.body is not None]
        if not asking:
            return
        try:
            await asyncio.wait(asking, timeout=PRICES_SECONDS)
        finally:
            for task in asking:
                task.cancel()

    def groups(self) -> Iterator[PriceGroup]:
        """Return the rows by what they cost."""
        yield from self._groups.values()

    def affordable(self, usd: Decimal, *, prompt_usd: Decimal | None) -> int | None:
        """Return how many rows, in their order, an amount is enough for; None if a price of them is unknown.

        Args:
            usd: The amount.
            prompt_usd: What a row costs besides; None if that is unknown.
        """
        left = usd
        for place, group in enumerate(self._of_row):
            if group.usd is None or prompt_usd is None:
                return None
            left -= group.usd + prompt_usd
            if left < 0:
                return place
        return len(self._of_row)

    def _relevant(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the part of a body that affects its price; all of it but prompt and seed where that is not known."""
        if self._movers is None:
            return {name: value for name, value in body.items() if name not in {"prompt", "seed"}}
        return {name: _counted(body.get(name), told) for name, told in self._movers.items()}


def _movers(entry: Entry | None) -> Mapping[str, ModelInput] | None:
    """Return the inputs that affect a model's price; None if they are not known."""
    if entry is None or not entry.inputs:
        return None
    names = price_movers(entry)
    if entry.known is Known.PRESET and not names:
        return None  # a preset does not name all inputs
    return {each.name: each for each in entry.inputs if each.name in names}


def _counted(value: Any, told: ModelInput) -> Any:
    """Return a value as far as it affects a price: of images, how many there are."""
    if not told.pictures:
        return value
    return len(value) if isinstance(value, list) else int(bool(value))
