"""Lines of the checklist that need an API which asks for keys, or a record."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from promptmill.backups.folder import BackupFolder
from promptmill.checklist.findings import State
from promptmill.checklist.lines import read_checklist
from promptmill.checklist.run import judge
from promptmill.checklist.target import Options, Target
from promptmill.commands.instance import Instance
from promptmill.config.settings import load_settings
from promptmill.contracts.access import BY_ITSELF
from promptmill.contracts.audit import Action
from promptmill.contracts.backups import Manifest, TableContents
from promptmill.store import Store
from tests.fixtures.api import open_api

LINES = {line.number: line for line in read_checklist().lines}
TOKEN = "a-token-of-this-test-0123456789"


async def test_who_may_do_what_is_tried_with_a_key_that_is_revoked(
    settings_environment: dict[str, str], store: Store
) -> None:
    settings = load_settings(
        settings_environment | {"PROMPTMILL_API_TOKEN": TOKEN, "PROMPTMILL_REQUESTS_PER_MINUTE": "12"}
    )
    lines = [line for line in read_checklist().lines if line.number.startswith("13.")]
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


async def test_backups_are_judged_by_their_folder_and_by_what_the_record_knows(store: Store, tmp_path: Path) -> None:
    settings = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_BACKUP_DIR": str(tmp_path)})
    target = Target(settings, Instance("http://127.0.0.1:9", None), Options(), store)

    async def judged(*numbers: str) -> list[tuple[State, str]]:
        found = [await judge(target, LINES[number]) for number in numbers]
        return [(each.state, each.detail) for each in found]

    none = f"there is no backup in {tmp_path}"
    assert (await judged("12.1", "12.5")) == [(State.FAIL, none), (State.FAIL, none)]
    assert (await judged("12.2"))[0][0] is State.PERSON

    folder = BackupFolder(tmp_path)
    written = b"what pg_dump wrote"
    with folder.new_file("promptmill-1.dump") as file:
        file.write(written)
    tables = dict.fromkeys(await store.catalogue.tables() - {"up_minutes"}, TableContents(rows=0, hash=""))
    now = datetime.now(UTC)  # noqa: TID251  # not in a workflow
    manifest = Manifest(
        name="promptmill-1",
        file="promptmill-1.dump",
        sha256=hashlib.sha256(written).hexdigest(),
        taken_at=now,
        release="0.2.0",
        revision="0025",
        schema_name="public",
        key_id=None,
        server_version=18,
        program_version=18,
        size=len(written),
        tables=tables,
    )
    folder.write_manifest(manifest)
    await store.backups.note(manifest.name, taken_at=now)
    assert await judged("12.1") == [(State.FAIL, "promptmill-1, of revision 0025, lacks up_minutes")]
    assert (await judged("12.2", "12.5"))[1] == (State.FAIL, "none was ever verified")
    assert (await judged("12.2"))[0][0] is State.FAIL
    elsewhere = replace(target, settings=load_settings({"PROMPTMILL_ENV_FILE": ""}))
    for number in ("12.1", "12.2", "12.5"):
        assert (await judge(elsewhere, LINES[number])).state is State.PERSON, "another tool's backups"

    await store.backups.note(manifest.name, verified_at=now - timedelta(days=9))
    assert (await judged("12.2"))[0][0] is State.PASS
    assert await judged("12.5") == [(State.FAIL, "9 d ago: more than 8 days")]
    (tmp_path / manifest.file).write_bytes(b"damaged")
    assert "it is damaged" in (await judged("12.5"))[0][1]


async def test_what_was_tried_lately_is_in_the_audit_log_and_what_was_left_in_postgres(store: Store) -> None:
    target = Target(load_settings({"PROMPTMILL_ENV_FILE": ""}), Instance("http://127.0.0.1:9", None), Options(), store)

    async def state(number: str) -> State:
        return (await judge(target, LINES[number])).state

    assert [await state(number) for number in ("17.2", "17.3", "17.5", "20.2")] == [State.PERSON] * 4
    await store.operations.set_drain("a drill")
    assert [await state("17.2"), await state("17.5")] == [State.PASS, State.PERSON]
    await store.audit.note(BY_ITSELF, Action.BRAKE_SET, target="queue:mill-wavespeed")
    assert [await state("17.3"), await state("17.5")] == [State.PERSON, State.PASS]
    database = store.catalogue.database
    await database.run("CREATE SCHEMA promptmill_before_20261128t010203")
    left = await judge(target, LINES["20.2"])
    assert (left.state, left.detail) == (
        State.FAIL,
        "Postgres still has the schema promptmill_before_20261128t010203",
    )
