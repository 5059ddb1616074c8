"""How late results are found when many predictions are open: the plan of looks in virtual time.

`python -m tests.bench.reading` prints a table; nothing is read and nobody waits.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from activities.looks import Pauses, next_look

PER_SECOND: Final = 20.0
MEDIANS: Final = {"a": 30.0, "b": 60.0, "c": 120.0, "d": 240.0, "e": 400.0, "f": 500.0}
SPREAD: Final = 0.22
"""Standard deviation of a model's durations, as a share of its median."""

LONGEST: Final = 600.0
PAUSES: Final = Pauses(5, 15)
HISTORY: Final = 50
FRESH_SECONDS: Final = 30.0

Look = Callable[..., float]


@dataclass(frozen=True)
class Work:
    """One prediction: when it is accepted, and how long it takes."""

    accepted_at: float
    model: str
    seconds: float


@dataclass
class Found:
    """How long each result waited after it was ready, in seconds, and how many looks were made."""

    delays: list[float] = field(default_factory=list)
    looks: int = 0

    def quantile(self, share: float) -> float:
        """Return a quantile of the delays."""
        return sorted(self.delays)[int(share * (len(self.delays) - 1))]


def batch(number: int, chance: random.Random, *, over: float = 10.0) -> list[Work]:
    """Return jobs that are all accepted within some seconds."""
    return [_work(chance.uniform(0, over), chance) for _ in range(number)]


def flow(per_second: float, seconds: float, chance: random.Random) -> list[Work]:
    """Return jobs that are accepted one by one."""
    return [_work(chance.uniform(0, seconds), chance) for _ in range(int(per_second * seconds))]


def _work(accepted_at: float, chance: random.Random) -> Work:
    model = chance.choice([*MEDIANS])
    seconds = MEDIANS[model] * max(0.3, chance.gauss(1, SPREAD))
    return Work(accepted_at, model, min(seconds, LONGEST))


def in_turn(
    waited: float, looks: int, pauses: Pauses, *, usual: object, spacing: float, not_before: float = 0
) -> float:
    """Look as often as it grows rarer, or in turn with all others: what a plan without a history does."""
    return next_look(waited, looks, pauses, usual=(), spacing=spacing, not_before=not_before)


def simulate(
    work: list[Work], look: Look = next_look, *, per_second: float = PER_SECOND, known: bool = True, after: float = 0
) -> Found:
    """Read everything as the workers do: what is due longest first, at the rate, with the models' newest durations.

    Args:
        known: Whether the models have a history from the start, of true durations.
        after: Results that are ready before this moment are not counted.
    """
    history: dict[str, deque[float]] = {model: deque(maxlen=HISTORY) for model in MEDIANS}
    if known:
        chance = random.Random(1)
        for _ in range(HISTORY * len(MEDIANS) * 2):
            one = _work(0, chance)
            history[one.model].append(one.seconds)
    usual = {model: (0.0, [*seconds]) for model, seconds in history.items()}
    found, seen = Found(), set[int]()
    looks = [0] * len(work)
    # A look is due at the acceptance: there it is only planned.
    due = [(one.accepted_at, index) for index, one in enumerate(work)]
    heapq.heapify(due)
    open_now, turn = 0, 0.0
    while due:
        at, index = heapq.heappop(due)
        one = work[index]
        if accepted := index not in seen:
            seen.add(index)
            open_now += 1
            now = at
        else:
            now = max(at, turn)
            turn = now + 1 / per_second
            looks[index] += 1
            found.looks += 1
        ready = one.accepted_at + one.seconds
        if not accepted and ready <= now:
            open_now -= 1
            history[one.model].append(now - one.accepted_at)
            if ready >= after:
                found.delays.append(now - ready)
            continue
        read_at, seconds = usual[one.model]
        if now - read_at > FRESH_SECONDS:
            seconds = [*history[one.model]]
            usual[one.model] = (now, seconds)
        pause = look(now - one.accepted_at, looks[index], PAUSES, usual=seconds, spacing=open_now / per_second)
        heapq.heappush(due, (now + pause, index))
    return found


def main() -> None:
    """Print the table."""
    cases: list[tuple[str, list[Work], float]] = [
        ("10,000 at once", batch(10_000, random.Random(7)), 0),
        ("3,000 at once", batch(3_000, random.Random(7)), 0),
        ("2 a second", flow(2, 3600, random.Random(7)), 1200),
        ("5 a second", flow(5, 3600, random.Random(7)), 1200),
        ("10 a second", flow(10, 3600, random.Random(7)), 1200),
        ("15 a second", flow(15, 3600, random.Random(7)), 1200),
        ("17 a second", flow(17, 3600, random.Random(7)), 1200),
    ]
    print("| load | plan | median | p95 | longest | looks a job |\n|---|---|---|---|---|---|")  # noqa: T201
    for name, work, after in cases:
        for kind, look in (("in turn", in_turn), ("by history", next_look)):
            found = simulate(work, look, after=after)
            figures = " | ".join(f"{found.quantile(share):.0f} s" for share in (0.5, 0.95, 1))
            print(f"| {name} | {kind} | {figures} | {found.looks / len(work):.1f} |")  # noqa: T201


if __name__ == "__main__":
    main()
