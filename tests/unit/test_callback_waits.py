"""How long a callback waits between two attempts, and for a place."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest

from activities.callback_places import CallbackPlaces, NoPlace
from activities.callbacks import postponement, wait_after
from workflows.policies import DELIVER_CALLBACK

POLICY = DELIVER_CALLBACK["retry_policy"]


@pytest.mark.parametrize(
    ("attempts", "asked", "seconds"),
    [
        (1, None, 5),
        (2, None, 10),
        (3, None, 20),
        (10, None, 2560),
        (11, None, 3600),
        (100_000, None, 3600),
        (1, 1, 5),
        (1, 90, 90),
        (4, 90, 90),
        (6, 90, 160),
        (1, 86_400, 3600),
    ],
)
def test_waits_double_from_five_seconds_to_an_hour_and_the_receiver_can_make_them_longer(
    attempts: int, asked: int | None, seconds: int
) -> None:
    retry_after = None if asked is None else timedelta(seconds=asked)

    assert wait_after(attempts, POLICY, retry_after) == timedelta(seconds=seconds)


def test_an_old_server_that_tells_no_policy_gets_growing_waits_too() -> None:
    assert wait_after(1, None, None) < wait_after(2, None, None) < wait_after(50, None, None)


def test_waits_for_a_place_are_short_scattered_and_grow_to_half_a_minute() -> None:
    for attempt, seconds in ((1, 5), (2, 10), (6, 30), (100_000, 30)):
        waits = {postponement(attempt).total_seconds() for _ in range(50)}
        assert len(waits) > 1
        assert all(seconds * 0.5 <= wait <= seconds * 1.5 for wait in waits)


@pytest.mark.parametrize(
    ("owner", "url", "why"),
    [
        ("team-a", "https://other.example/", None),
        ("team-a", "https://HANGS.example.:8443/x", "to the same host"),
        ("team-b", "http://hangs.example", "to the same host"),
        ("team-c", "https://other.example/", "of the same owner"),
        ("team-a", "https://[broken", None),
    ],
)
def test_a_place_is_refused_by_host_and_by_owner(owner: str, url: str, why: str | None) -> None:
    places = CallbackPlaces(in_all=6, per_host=2, per_owner=3)
    with ExitStack() as running:
        for name, taken in (
            ("team-a", "https://hangs.example/1"),
            ("team-b", "https://hangs.example/2"),
            ("team-c", "https://one.example/"),
            ("team-c", "https://two.example/"),
            ("team-c", "https://three.example/"),
        ):
            running.enter_context(places.taken(name, taken))
        if why is None:
            with places.taken(owner, url), pytest.raises(NoPlace, match=r"^other callbacks are"):  # noqa: SIM117
                with places.taken("team-d", "https://four.example/"):
                    pass
        else:
            with pytest.raises(NoPlace, match=why), places.taken(owner, url):
                pass

    with places.taken(owner, url):
        pass
    assert not places._taken, "nothing is remembered of hosts and owners whose callbacks have ended"
