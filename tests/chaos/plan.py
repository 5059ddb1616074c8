"""What a run does, derived from its seed alone: which jobs, which of them meet which fault, and when each blow falls.

The same seed gives the same plan; how processes and network interleave is up to the machine. Faults are tied to a
job by a word in its prompt, so that they hit the same jobs in every run, whatever the order of their progress.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from tests.chaos.faults import CHAT_FAULTS, SUBMIT_FAULTS, WEBHOOK_FAULTS, Order, background_orders

Action = Literal["cancel", "terminate", "resubmit", "abandon"]

BlowKind = Literal[
    "worker killed",
    "worker killed during a POST",
    "worker frozen",
    "worker frozen between intent and POST",
    "API killed",
    "Postgres restarted (immediate)",
    "Temporal restarted",
    "second open submission written by hand",
]

WHOLE: dict[BlowKind, int] = {
    "worker killed": 5,
    "worker killed during a POST": 3,
    "worker frozen": 3,
    "worker frozen between intent and POST": 2,
    "API killed": 3,
    "Postgres restarted (immediate)": 3,
    "Temporal restarted": 3,
    "second open submission written by hand": 2,
}
"""How often each blow falls in a whole run."""

SHORT: dict[BlowKind, int] = {
    "worker killed during a POST": 1,
    "API killed": 1,
    "Postgres restarted (immediate)": 1,
    "Temporal restarted": 1,
    "second open submission written by hand": 1,
}
"""The same for the run in CI: freezing takes longer than the heartbeat timeout, which is too long there."""

REVEALING: dict[BlowKind, int] = {
    "worker killed during a POST": 2,
    "worker frozen between intent and POST": 2,
    "second open submission written by hand": 1,
}
"""Blows aimed at a safeguard: they quickly show that a run without it fails."""

Length = Literal["whole", "short", "revealing"]
BLOWS: dict[Length, dict[BlowKind, int]] = {"whole": WHOLE, "short": SHORT, "revealing": REVEALING}

LASTS: dict[BlowKind, float] = {
    "worker killed": 8,
    "worker killed during a POST": 10,
    "worker frozen": 16,
    "worker frozen between intent and POST": 45,
    "API killed": 5,
    "Postgres restarted (immediate)": 3,
    "Temporal restarted": 6,
    "second open submission written by hand": 1,
}
"""Approximate seconds of each: jobs are spread over the blows by it, so that none hits an idle system."""

LEAD_SECONDS = 5.0
"""What the load has for itself before the first blow, and after the last."""

FAULT_SHARE = 0.4
"""Of the jobs, for each place where they can be hit."""

UNCLEAR = frozenset(
    {
        "connection cut before it was made",
        "connection reset before it was made",
        "connection cut after it was made",
        "500",
        "500 although it was made",
        "502 with HTML",
        "made later than the timeout",
    }
)
"""Faults after which a submission stays unclear long enough for a person to decide."""

SUBJECTS = ("a red fox", "an old lighthouse", "a glass kettle", "two herons", "a paper boat", "a night tram")
SEEDED_MODEL = "wavespeed-ai/flux-dev"
MODELS = (SEEDED_MODEL, SEEDED_MODEL, "bytedance/seedream-v4")


@dataclass(frozen=True)
class PlannedJob:
    """One job, what happens to its requests, and what its caller does with it.

    Attributes:
        tag: A word that occurs in no other prompt except its twin's.
        action_after: Seconds after acceptance, or after its submission was seen to be unclear.
        retried: Whether its caller retries it after it ended without media.
    """

    number: int
    tag: str
    body: dict[str, Any]
    wavespeed: tuple[Order, ...] = ()
    grok: tuple[Order, ...] = ()
    action: Action | None = None
    action_after: float = 0.0
    retried: bool = False


@dataclass(frozen=True)
class Blow:
    """One blow against a process or server. `both` hits all processes of its kind; `hard` kills instead of stopping."""

    kind: BlowKind
    both: bool
    hard: bool
    which: int


@dataclass(frozen=True)
class Plan:
    """The whole run.

    Attributes:
        background: Faults that hit any job's free requests.
    """

    seed: int
    jobs: Sequence[PlannedJob]
    blows: Sequence[Blow]
    background: Sequence[Order]

    def due(self, blow: int) -> int:
        """Return how many jobs must be accepted before a blow."""
        before = sum(LASTS[earlier.kind] for earlier in self.blows[:blow])
        return int(len(self.jobs) * (before + LEAD_SECONDS) / (self._lasts + 2 * LEAD_SECONDS))

    @property
    def jobs_per_second(self) -> float:
        """How fast jobs are created while blows fall."""
        return len(self.jobs) / (self._lasts + 2 * LEAD_SECONDS)

    @property
    def _lasts(self) -> float:
        return sum(LASTS[blow.kind] for blow in self.blows)


def make_plan(jobs: int, seed: int, length: Length = "whole") -> Plan:
    """Draw a plan."""
    dice = Random(seed)
    planned = [_job(number, seed, dice) for number in range(jobs)]
    planned = list(_with_twins(planned, dice))
    _ensure_all(planned, dice)
    blows = _blows(BLOWS[length], dice)
    return Plan(seed, planned, blows, background_orders(jobs, seed, history=length == "whole"))


def _job(number: int, seed: int, dice: Random) -> PlannedJob:
    tag = f"mill{seed}x{number:05d}"
    text = f"{dice.choice(SUBJECTS)} beside the letters {tag} in the first snow"
    body: dict[str, Any] = {
        "model": dice.choice(MODELS),
        "input": {"size": "1024*1024"},
        "priority": dice.randint(1, 10),
        "metadata": {"chaos": f"{number:05d}"},
    }
    ai = dice.random() < 0.35
    body |= {"useAiPrompt": True, "instructions": f"Write about {text}"} if ai else {"prompt": text}
    wavespeed: list[Order] = []
    if dice.random() < FAULT_SHARE:
        wavespeed += dice.choice(list(SUBMIT_FAULTS.values()))(dice)
    if dice.random() < FAULT_SHARE:
        wavespeed += dice.choice(list(WEBHOOK_FAULTS.values()))(dice)
    grok = dice.choice(list(CHAT_FAULTS.values()))(dice) if ai and dice.random() < FAULT_SHARE else []
    action, after = _action(wavespeed, dice)
    ends_badly = action in {"cancel", "terminate"} or any(order.kind == "generation fails" for order in wavespeed)
    retried = ends_badly and dice.random() < 0.4
    return PlannedJob(number, tag, body, _tagged(wavespeed, tag), _tagged(grok, tag), action, after, retried)


def _action(orders: Sequence[Order], dice: Random) -> tuple[Action | None, float]:
    """Draw what a person does with a job. Decisions apply to submissions that are unclear, whatever their outcome."""
    chance, after = dice.random(), dice.uniform(0, 4)
    kinds = {order.kind for order in orders}
    if kinds & UNCLEAR and chance < 0.25:
        return ("resubmit" if chance < 0.15 else "abandon"), after / 2
    if chance < 0.06:
        return "cancel", after
    return ("terminate", after) if chance < 0.08 else (None, after)


def _tagged(orders: Sequence[Order], tag: str) -> tuple[Order, ...]:
    return tuple(Order(order.kind, order.fault | {"contains": tag}) for order in orders)


def _with_twins(jobs: Sequence[PlannedJob], dice: Random) -> Iterator[PlannedJob]:
    """Make some neighbours request exactly the same image with the same seed: the history cannot tell them apart."""
    first: PlannedJob | None = None
    for job in jobs:
        if first is not None:
            yield PlannedJob(job.number, first.tag, first.body | {"metadata": job.body["metadata"]})
            first = None
            continue
        if "prompt" in job.body and job.body["model"] == SEEDED_MODEL and dice.random() < 0.05:
            first = PlannedJob(
                job.number,
                job.tag,
                {**job.body, "input": {**job.body["input"], "seed": job.number}},
                job.wavespeed,
                job.grok,
            )
        yield first or job


def _ensure_all(jobs: list[PlannedJob], dice: Random) -> None:
    """Give every kind of fault at least two jobs, and cancel and terminate some, however few jobs there are.

    Two, because a job that is cancelled at once, or whose worker dies, may never make the request that would be hit.
    """
    have = [order.kind for job in jobs for order in (*job.wavespeed, *job.grok)]
    free = [
        job for job in jobs if not job.wavespeed and not job.grok and not job.action and "seed" not in job.body["input"]
    ]
    free = [job for job in free if sum(other.tag == job.tag for other in jobs) == 1]
    dice.shuffle(free)
    wanted = [(table, name) for table in (SUBMIT_FAULTS, WEBHOOK_FAULTS, CHAT_FAULTS) for name in table]
    for table, name in wanted:
        for _ in range(max(0, 2 - have.count(name))):
            match = next((job for job in free if table is not CHAT_FAULTS or "useAiPrompt" in job.body), None)
            if match is None:
                continue
            free.remove(match)
            orders = _tagged(table[name](dice), match.tag)
            grok = table is CHAT_FAULTS
            jobs[match.number] = PlannedJob(
                match.number, match.tag, match.body, () if grok else orders, orders if grok else ()
            )
    actions: tuple[Action, ...] = ("cancel", "terminate", "resubmit", "abandon")
    for action in actions:
        for _ in range(max(0, 2 - sum(job.action == action for job in jobs))):
            if free:
                job = free.pop()
                decides = action in {"resubmit", "abandon"}
                orders = _tagged(SUBMIT_FAULTS["connection cut before it was made"](dice), job.tag) if decides else ()
                jobs[job.number] = PlannedJob(
                    job.number, job.tag, job.body, orders, action=action, action_after=0.5, retried=not decides
                )


def _blows(counts: dict[BlowKind, int], dice: Random) -> list[Blow]:
    blows = [
        Blow(kind, both=dice.random() < 0.4, hard=dice.random() < 0.5, which=dice.randint(0, 1))
        for kind, count in counts.items()
        for _ in range(count)
    ]
    dice.shuffle(blows)
    return blows
