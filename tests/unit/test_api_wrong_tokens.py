"""How often a caller may come with a wrong token."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import pytest
from starlette.datastructures import Headers

from api.http.callers import CallerRules
from api.http.wrong_tokens import MOST_CALLERS, MOST_WRONG, WINDOW_SECONDS, WrongTokens

RIGHT, RIGHT_TOO, WRONG = "right", "right-too", "wrong"
PROXY = "10.0.0.5"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Door:
    """One installation's rules, asked by callers of many addresses."""

    clock: Clock
    rules: CallerRules

    def answer(self, token: str | None, peer: str = "192.0.2.1", forwarded: str | None = None) -> str | None:
        """Return the code of the refusal of one call."""
        headers = {"host": "127.0.0.1:3000"}
        headers |= {} if token is None else {"authorization": f"Bearer {token}"}
        headers |= {} if forwarded is None else {"x-forwarded-for": forwarded}
        refusal = self.rules.refusal("GET", "/api/jobs", Headers(headers), peer)
        return refusal and refusal.code


@pytest.fixture
def door() -> Door:
    clock = Clock()
    tokens = (RIGHT.encode(), RIGHT_TOO.encode())
    return Door(clock, CallerRules(frozenset(), tokens, (ip_network("10.0.0.0/8"),), WrongTokens(clock)))


def test_after_some_wrong_tokens_further_ones_are_refused_for_a_while(door: Door) -> None:
    answers = [door.answer(WRONG) for _ in range(MOST_WRONG + 2)]
    elsewhere = door.answer(WRONG, "192.0.2.2")
    door.clock.now += WINDOW_SECONDS
    later = door.answer(WRONG)

    assert answers == ["unauthorized"] * MOST_WRONG + ["too_many_wrong_tokens"] * 2
    assert (elsewhere, later) == ("unauthorized", "unauthorized")


@pytest.mark.parametrize("token", [RIGHT, RIGHT_TOO])
def test_a_right_token_always_passes_at_once_and_no_token_is_no_guess(door: Door, token: str) -> None:
    without = [door.answer(None) for _ in range(MOST_WRONG + 2)]
    first = door.answer(WRONG)
    for _ in range(MOST_WRONG + 2):
        door.answer(WRONG)

    assert (without, first) == (["unauthorized"] * (MOST_WRONG + 2), "unauthorized")
    assert door.answer(token) is None
    assert door.answer(WRONG) == "too_many_wrong_tokens"


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
def test_behind_a_trusted_proxy_the_caller_is_whom_it_names(door: Door, forwarded: str | None, caller: str) -> None:
    for _ in range(MOST_WRONG):
        door.rules.wrong_tokens.note(ip_address(caller))

    assert door.answer(WRONG, PROXY, forwarded) == "too_many_wrong_tokens"


def test_nobody_else_can_name_another_caller(door: Door) -> None:
    answers = [door.answer(WRONG, "192.0.2.1", f"198.51.100.{number}") for number in range(MOST_WRONG + 1)]

    assert answers[-1] == "too_many_wrong_tokens"


def test_a_whole_ipv6_network_is_one_caller_and_an_ipv4_address_in_one_is_itself(door: Door) -> None:
    for number in range(MOST_WRONG):
        door.answer(WRONG, f"2001:db8::{number}")
        door.answer(WRONG, "::ffff:192.0.2.9")

    assert door.answer(WRONG, "2001:db8::ffff") == "too_many_wrong_tokens"
    assert door.answer(WRONG, "2001:db8:0:1::1") == "unauthorized"
    assert door.answer(WRONG, "192.0.2.9") == "too_many_wrong_tokens"


def test_only_so_many_callers_are_remembered(door: Door) -> None:
    for _ in range(MOST_WRONG + 1):
        door.answer(WRONG)
    for number in range(MOST_CALLERS):
        door.rules.wrong_tokens.note(ip_address(0xC6000000 + number))

    assert len(door.rules.wrong_tokens._windows) == MOST_CALLERS
    assert door.answer(WRONG) == "unauthorized", "the oldest was forgotten"
