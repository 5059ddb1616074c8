"""How often a caller may send a wrong token, and how long it waits for each answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import cast

import pytest
from starlette.datastructures import Headers

from api.access.door import Door
from api.access.identities import Identities
from api.http.callers import CallerRules, Refusal
from api.http.wrong_tokens import MOST_CALLERS, MOST_SLOWED, MOST_WRONG, WINDOW_SECONDS, WrongTokens
from promptmill.config.settings import load_settings
from promptmill.store.access import AccessStore
from promptmill.store.audit import AuditStore
from tests.fixtures.access import Told
from tests.support import eventually

RIGHT, RIGHT_TOO, WRONG = "right", "right-too", "wrong"
PROXY = "10.0.0.5"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pauses:
    """The pauses before answers, in seconds: over at once, unless they are held."""

    seconds: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.over.wait()


@dataclass
class Entrance:
    """One installation's rules, asked by callers of many addresses."""

    clock: Clock
    pauses: Pauses
    door: Door

    async def answer(self, token: str | None, peer: str = "192.0.2.1", forwarded: str | None = None) -> str | None:
        """Return the code of the refusal of one call."""
        headers = {"host": "127.0.0.1:3000"}
        headers |= {} if token is None else {"authorization": f"Bearer {token}"}
        headers |= {} if forwarded is None else {"x-forwarded-for": forwarded}
        admitted = await self.door.admit("/api/jobs", Headers(headers), peer)
        return admitted.code if isinstance(admitted, Refusal) else None


@pytest.fixture
def door() -> Entrance:
    clock, pauses = Clock(), Pauses()
    pauses.over.set()
    tokens = {"PROMPTMILL_API_TOKEN": RIGHT, "PROMPTMILL_API_TOKEN_2": RIGHT_TOO}
    # Tokens of the settings are recognized without the record.
    identities = Identities(load_settings({"PROMPTMILL_ENV_FILE": "", **tokens}), cast("AccessStore", None))
    rules = CallerRules(frozenset(), (ip_network("10.0.0.0/8"),))
    door = Door(rules, identities, cast("AuditStore", Told()), WrongTokens(clock, pauses))
    return Entrance(clock, pauses, door)


async def test_after_some_wrong_tokens_further_ones_are_refused_for_a_while(door: Entrance) -> None:
    answers = [await door.answer(WRONG) for _ in range(MOST_WRONG + 2)]
    elsewhere = await door.answer(WRONG, "192.0.2.2")
    door.clock.now += WINDOW_SECONDS
    later = await door.answer(WRONG)

    assert answers == ["unauthorized"] * MOST_WRONG + ["too_many_wrong_tokens"] * 2
    assert (elsewhere, later) == ("unauthorized", "unauthorized")


async def test_each_wrong_token_of_a_caller_is_answered_later_than_the_one_before(door: Entrance) -> None:
    for _ in range(MOST_WRONG - 1):
        await door.answer(WRONG)
    headers = Headers({"host": "127.0.0.1:3000"})
    signed_in = await door.door.sign_in(WRONG, headers, "192.0.2.1")
    refused = [await door.answer(WRONG) for _ in range(2)]
    slowed = list(door.pauses.seconds)
    others = [await door.answer(RIGHT), await door.answer(None), await door.door.sign_in(RIGHT, headers, "192.0.2.1")]

    assert slowed == [0.1, 0.2, 0.4, 0.8, 1.6], "on the page too; those that are refused cost nothing"
    assert (signed_in, refused) == (Refusal("unauthorized"), ["too_many_wrong_tokens"] * 2)
    assert (others[:2], isinstance(others[2], Refusal)) == ([None, "unauthorized"], False)
    assert door.pauses.seconds == slowed, "who comes with the right token, or without one, waits for nothing"
    await door.answer(WRONG, "192.0.2.2")
    door.clock.now += WINDOW_SECONDS
    await door.answer(WRONG)
    assert door.pauses.seconds[len(slowed) :] == [0.1, 0.1]


async def test_guesses_at_once_are_counted_before_any_is_answered(door: Entrance) -> None:
    door.pauses.over.clear()
    guesses = [asyncio.create_task(door.answer(WRONG)) for _ in range(MOST_WRONG)]
    await eventually(lambda: len(door.pauses.seconds) == MOST_WRONG)

    assert await door.answer(WRONG) == "too_many_wrong_tokens"
    door.pauses.over.set()
    assert await asyncio.gather(*guesses) == ["unauthorized"] * MOST_WRONG


async def test_only_so_many_answers_wait_and_right_tokens_pass_them(door: Entrance) -> None:
    door.pauses.over.clear()
    guesses = [asyncio.create_task(door.answer(WRONG, f"198.51.100.{number}")) for number in range(MOST_SLOWED)]
    await eventually(lambda: len(door.pauses.seconds) == MOST_SLOWED)

    assert await door.answer(WRONG) == "unauthorized", "it waits for nothing"
    assert await door.answer(RIGHT, "198.51.100.1") is None
    guesses[0].cancel()
    door.pauses.over.set()
    answers = await asyncio.gather(*guesses[1:])
    await door.answer(WRONG)

    assert answers == ["unauthorized"] * (MOST_SLOWED - 1)
    assert len(door.pauses.seconds) == MOST_SLOWED + 1, "there is room again"


@pytest.mark.parametrize("token", [RIGHT, RIGHT_TOO])
async def test_a_right_token_always_passes_at_once_and_no_token_is_no_guess(door: Entrance, token: str) -> None:
    without = [await door.answer(None) for _ in range(MOST_WRONG + 2)]
    first = await door.answer(WRONG)
    for _ in range(MOST_WRONG + 2):
        await door.answer(WRONG)

    assert (without, first) == (["unauthorized"] * (MOST_WRONG + 2), "unauthorized")
    assert await door.answer(token) is None
    assert await door.answer(WRONG) == "too_many_wrong_tokens"


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.1.1.1", "198.51.100.7"),
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
        ("198.51.100.7:4711", PROXY),
        (None, PROXY),
    ],
)
async def test_behind_a_trusted_proxy_the_caller_is_whom_it_names(
    door: Entrance, forwarded: str | None, caller: str
) -> None:
    for _ in range(MOST_WRONG):
        door.door.wrong_tokens.note(ip_address(caller))

    assert await door.answer(WRONG, PROXY, forwarded) == "too_many_wrong_tokens"


async def test_nobody_else_can_name_another_caller(door: Entrance) -> None:
    answers = [await door.answer(WRONG, "192.0.2.1", f"198.51.100.{number}") for number in range(MOST_WRONG + 1)]

    assert answers[-1] == "too_many_wrong_tokens"


async def test_a_whole_ipv6_network_is_one_caller_and_an_ipv4_address_in_one_is_itself(door: Entrance) -> None:
    for number in range(MOST_WRONG):
        await door.answer(WRONG, f"2001:db8::{number}")
        await door.answer(WRONG, "::ffff:192.0.2.9")

    assert await door.answer(WRONG, "2001:db8::ffff") == "too_many_wrong_tokens"
    assert await door.answer(WRONG, "2001:db8:0:1::1") == "unauthorized"
    assert await door.answer(WRONG, "192.0.2.9") == "too_many_wrong_tokens"


async def test_only_so_many_callers_are_remembered(door: Entrance) -> None:
    for _ in range(MOST_WRONG + 1):
        await door.answer(WRONG)
    for number in range(MOST_CALLERS):
        door.door.wrong_tokens.note(ip_address(0xC6000000 + number))

    assert len(door.door.wrong_tokens._windows) == MOST_CALLERS
    assert await door.answer(WRONG) == "unauthorized", "the oldest was forgotten"
