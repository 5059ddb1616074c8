"""Money, durations and rates as people read them. `tests/data/formats.json` holds the page's code to the same rules."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_TENTHS_BELOW: Final = 9.95
_SECONDS_BELOW: Final = 90
_MINUTES_BELOW: Final = 90
_HOURS_BELOW: Final = 48


def money(usd: Decimal | float) -> str:
    """Return USD with two to six decimal places: `$0.30`, `$0.0125`, `$1,200.00`."""
    whole, _, places = f"{abs(usd):,.6f}".partition(".")
    return f"{'-' if usd < 0 else ''}${whole}.{places.rstrip('0').ljust(2, '0')}"


def duration(seconds: float) -> str:
    """Return a duration in the unit that people would use: `3.2 s`, `45 s`, `12 min`, `3 h 5 min`, `2 d`."""
    value = max(0.0, seconds)
    if value < _TENTHS_BELOW:
        return f"{_rounded(value, '0.1').normalize():f} s"
    if value < _SECONDS_BELOW:
        return f"{_rounded(value)} s"
    minutes = int(_rounded(value / 60))
    if minutes < _MINUTES_BELOW:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < _HOURS_BELOW:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{_rounded(hours / 24)} d"


def rate(per_second: float) -> str:
    """Return a rate in the unit that people would say: `10 a second`, `2.5 a second`, `40 a minute`."""
    if per_second >= 1:
        return f"{_rounded(per_second, '0.1').normalize():f} a second"
    return f"{_rounded(per_second * 60, '0.1').normalize():f} a minute"


def _rounded(value: float, step: str = "1") -> Decimal:
    """Round half up, as JavaScript does; Python rounds half to even."""
    return Decimal(value).quantize(Decimal(step), ROUND_HALF_UP)
