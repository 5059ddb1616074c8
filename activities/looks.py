"""When a prediction is looked at: around the time its model usually takes, and as often as all together may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ENOUGH: Final = 8
"""Durations that a model's history must have before it is used."""

DISCOUNT: Final = 0.9
"""Share of its recorded durations by which a model is expected to finish. They end with the look that found the result:
without a discount the looks would never move back when a model becomes faster."""

FINEST: Final = 0.1
"""Smallest share of the predictions still open that should finish between two looks."""

COARSEST: Final = 0.9
"""Largest one, however many predictions are open."""

RESERVE: Final = 1.5
"""How much rarer the looks are planned than the rate permits: else readings that are late delay all others."""

CLOSEST: Final = 0.25
"""Shortest pause around the usual time, as a share of the first pause without a history, while few are open."""

GROWTH: Final = 1.25
"""How much longer each pause is than the last where nothing is known of the model."""

OVERDUE: Final = 0.1
"""Pause of a prediction that takes longer than all others, as a share of the time since half of them had finished."""


@dataclass(frozen=True)
class Pauses:
    """Seconds between two looks without a history: at first, and at most.

    Without a history the first look is at once: some models need no longer, and it costs one read.
    """

    first: float
    longest: float


def next_look(
    waited: float, looks: int, pauses: Pauses, *, usual: Sequence[float], spacing: float, not_before: float = 0
) -> float:
    """Return in how many seconds a prediction is looked at next.

    Args:
        waited: Seconds since it was accepted.
        looks: How many times it has been looked at.
        pauses: The bounds without a history.
        usual: How long its model's newest predictions took, in seconds.
        spacing: Seconds between two looks at a prediction if all open ones took turns at the permitted rate.
        not_before: Seconds after acceptance during which a webhook is waited for instead.
    """
    if len(usual) < ENOUGH:
        # The exponent is bounded: a day of looking has thousands of looks.
        pause = min(pauses.first * GROWTH ** min(looks - 1, 40), pauses.longest) if looks else 0
        if spacing > pauses.first:
            pause = max(pause, spacing)
    else:
        pause = _by_history(waited, looks, pauses, sorted(usual), spacing)
    return max(pause, not_before - waited)


def _by_history(waited: float, looks: int, pauses: Pauses, usual: Sequence[float], spacing: float) -> float:
    """Look again when a certain share of those that take at least as long should have finished.

    The share is the larger, the rarer the looks must be: the few looks are not spread over a time in which nothing
    finishes.
    """
    median = usual[len(usual) // 2]
    spread = (usual[int(len(usual) * 0.84)] - usual[int(len(usual) * 0.16)]) / 2
    share = min(max(RESERVE * spacing / median, FINEST), COARSEST)
    shortest = max(CLOSEST * pauses.first, min(spacing, pauses.first))
    longest = max(2 * share * spread, OVERDUE * (waited - median), shortest)
    later = [seconds * DISCOUNT - waited for seconds in usual if seconds * DISCOUNT > waited]
    if not looks:
        return later[int(share * len(later))] if later else 0
    return min(max(later[int(share * len(later))], shortest), longest) if later else longest
