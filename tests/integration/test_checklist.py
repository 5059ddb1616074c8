"""Section 13 of the checklist against an API that asks for keys: what passes, and that nothing is left of the trial."""

from __future__ import annotations

from promptmill.checklist.findings import State
from promptmill.checklist.lines import read_checklist
from promptmill.checklist.run import judge
from promptmill.checklist.target import Options, Target
from promptmill.commands.instance import Instance
from promptmill.config.settings import load_settings
from promptmill.store import Store
from tests.fixtures.api import open_api

TOKEN = "a-token-of-this-test-0123456789"


async def test_who_may_do_what_is_tried_with_a_key_that_is_revoked(
    settings_environment: dict[str, str], store: Store
) -> None:
    settings = load_settings(
        settings_environment | {"PROMPTMILL_API_TOKEN": TOKEN, "PROMPTMILL_REQUESTS_PER_MINUTE": "12"}
    )
    lines = [line for line in read_checklist().lines if line.section == "13"]
    async with open_api(settings) as client:
        url = str(client.base_url)
        target = Target(settings, Instance(url, TOKEN), Options(), store)
        found = [await judge(target, line) for line in lines]
        without_key = await judge(Target(settings, Instance(url, None), Options(), store), read_checklist().lines[12])

    assert {each.number: each for each in found if each.state is not State.PASS} == {}
    assert [(key.name.partition(" ")[0], key.revoked_at is None) for key in await store.access.keys()] == [
        ("checklist", False)
    ]
    assert (without_key.number, without_key.state) == ("4.1", State.FAIL)
    assert without_key.advice == "Set PROMPTMILL_KEY to the key of an operator or an admin."
