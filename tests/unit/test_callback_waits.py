"""How long a callback waits between two attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.callbacks import wait_after
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
