"""`make drills`: docs/recipes.md's parts, each in a terminal of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import pytest

from promptmill.local.ports import LOOPBACK, is_free
from promptmill.local.readiness import wait_ready
from promptmill.local.system_user import postgres_user
from tests.fixtures.desk import Desk, open_desk, probes_tell
from tests.fixtures.session import Session, WarmPython


@pytest.fixture
def desk(session: Session, warm_python: WarmPython) -> Iterator[Desk]:
    with open_desk(session, warm_python) as opened:
        yield opened


def listens(port: int) -> bool:
    return not is_free(port, LOOPBACK)


def test_the_parts_start_one_by_one(desk: Desk) -> None:
    user = postgres_user(desk.folder / "parts")
    if user is not None:
        os.chown(desk.folder, user.uid, user.gid)
    uid = user.uid if user else None
    desk.run("sh parts-settings")
    desk.run("sh parts-postgres-data", uid)
    servers = {
        "5433": desk.open("sh terminal parts-postgres", uid),
        "7233": desk.open("sh terminal parts-temporal"),
        "3900": desk.open("sh terminal parts-simulators"),
    }
    for port, child in servers.items():
        wait_ready(child, partial(listens, int(desk.places[port])), within=120)
    desk.run("sh parts-init")
    desk.open_ready("sh terminal parts-worker", "9464")
    desk.open_ready("sh terminal parts-api", "3000")

    tried = desk.run("sh parts-try")
    assert tried.count("✗") == 0

    probes_tell(desk)
