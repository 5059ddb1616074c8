"""Backups of a real record: taken in one snapshot, encrypted, verified, rotated, restored; broken in each way."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr
from typer.testing import CliRunner

from promptmill.backups.errors import BackupUnusable
from promptmill.backups.folder import BackupFolder
from promptmill.checklist.findings import State
from promptmill.checklist.lines import read_checklist
from promptmill.checklist.run import judge
from promptmill.checklist.target import Options, Target
from promptmill.cli import app
from promptmill.commands.backup import create_backup, restore_backup, verify_backup
from promptmill.commands.instance import Instance
from promptmill.config.payload_keys import new_payload_key
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.backups import Manifest
from promptmill.contracts.errors import ConfigurationError, RecordReadOnly
from promptmill.local.postgres import PostgresServer
from promptmill.store import Store, open_store
from promptmill.store.migrations import newest_revision
from tests.fixtures.pgbouncer import Pooler
from tests.fixtures.postgres import databases_of, dump
from tests.fixtures.record import accepted, intent_of_row, new_job
from tests.fixtures.session import ROOT
from tests.support import eventually

KEY = new_payload_key()


@pytest.fixture(scope="module")
def record_url(postgres_server: PostgresServer) -> Iterator[str]:
    """One record for the module, with a job that was paid."""
    with databases_of(postgres_server).lend() as name:
        yield postgres_server.uri(name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def paid(record_url: str) -> None:
    async with open_store(record_url) as store:
        job, _ = await store.jobs.accept(new_job())
        await store.jobs.begin(job.id)
        permit = await store.submissions.permit(await intent_of_row(store, job.id))
        assert permit.submission_id is not None
        await store.submissions.settle(accepted(job.id, permit.submission_id))


@pytest.fixture
def settings(record_url: str, paid: None) -> Settings:
    return load_settings({"DATABASE_URL": record_url, "PROMPTMILL_BACKUP_KEYS": KEY, "PROMPTMILL_ENV_FILE": ""})


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


def say(_: str) -> None:
    """Say nothing."""


async def take(settings: Settings, folder: BackupFolder, *, keep: int | None = None) -> Manifest:
    return await create_backup(settings, folder, keep=keep, say=say)


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def verdicts(store: Store, settings: Settings) -> list[State]:
    """Judge the checklist's lines about backups."""
    target = Target(settings, Instance("http://127.0.0.1:9", None), Options(), store)
    lines = [line for line in read_checklist().lines if line.number in {"12.1", "12.2", "12.5"}]
    return [(await judge(target, line)).state for line in lines]


def made(lines: list[str]) -> Iterator[str]:
    """What a dump makes. Postgres writes a trigger's condition in another way once it has read its own."""
    return (line.partition(" WHEN ")[0] for line in lines if "CREATE" in line or "CONSTRAINT" in line)


async def test_a_backup_is_encrypted_verified_and_restored(
    settings: Settings,
    folder: BackupFolder,
    empty_database_url: str,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The way that every backup goes, in one test: each of its programs takes a while."""
    folder.path.mkdir()
    damaged = folder.path / "promptmill-1.json"
    damaged.write_text("{")
    backup = await take(settings, folder)

    file = folder.path / backup.file
    assert backup.revision == newest_revision()
    assert backup.tables["jobs"].rows == 1
    assert backup.tables["submissions"].highest == {"number": 1}
    assert backup.tables["spending"].amounts["spent_usd"] != "0"
    assert b"PGDMP" not in file.read_bytes()
    assert b"a fox" not in file.read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir() if path != damaged} == {0o600}

    monkeypatch.delenv("PROMPTMILL_SIMULATED_ONLY", raising=False)  # the command calls no provider
    monkeypatch.setenv("DATABASE_URL", settings.require_database_url())
    monkeypatch.setenv("PROMPTMILL_BACKUP_KEYS", KEY)
    verified = await asyncio.to_thread(CliRunner().invoke, app, ["backup", "verify", "--dir", str(folder.path)])
    assert f"{backup.name} was restored, and holds what it should" in verified.output
    assert "promptmill-1.json is not a manifest" in verified.output
    assert verified.exit_code == 1, "somebody must look at it"
    assert folder.find(backup.name).verified_at is not None
    record = settings.require_database_url()
    assert await value(record, "SELECT count(*) FROM pg_database WHERE datname ~ '^promptmill_verify'") == 0
    async with open_store(record) as store:
        figures = await store.monitoring.figures(())
        assert await verdicts(store, settings.model_copy(update={"backup_dir": folder.path})) == [
            "pass",
            "pass",
            "pass",
        ]
        assert await verdicts(store, settings) == ["a person signs", "pass", "pass"], "the folder is elsewhere"
    assert figures.backup_at == figures.verified_backup_at == pytest.approx(backup.taken_at.timestamp())

    elsewhere = settings.model_copy(update={"database_url": _secret(empty_database_url)})
    await restore_backup(elsewhere, folder, backup.name, replace=False, say=say)
    names = [urlsplit(url).path.lstrip("/") for url in (settings.require_database_url(), empty_database_url)]
    was, restored = ([*made(dump(postgres_server, name))] for name in names)
    assert restored == was, "the whole schema"
    async with open_store(empty_database_url) as store:
        assert (await store.operations.submissions_held()) is not None
        assert await store.operations.highest_submission() == 1
    told = "SELECT target FROM audit_log WHERE action = 'record.restore'"
    assert await value(empty_database_url, told) == f"backup:{backup.name}"

    jobs = backup.tables["jobs"].model_copy(update={"rows": 2})
    spending = backup.tables["spending"].model_copy(update={"amounts": {"spent_usd": "7.000000"}})
    folder.write_manifest(backup.model_copy(update={"tables": backup.tables | {"jobs": jobs, "spending": spending}}))
    found = await verify_backup(settings, folder, backup.name, say)
    assert found == ["jobs has 1 rows instead of 2", "spending.spent_usd is 5.000000 instead of 7.000000"]
    assert folder.find(backup.name).verified_at is None


async def test_a_record_that_is_there_is_not_overwritten_but_moved_aside(
    settings: Settings, folder: BackupFolder, database_url: str
) -> None:
    here = settings.model_copy(update={"database_url": _secret(database_url), "backup_keys": ()})
    backup = await take(here, folder)
    await value(database_url, "CREATE TABLE of_a_newer_release ()")
    await value(database_url, "CREATE SCHEMA others")
    await value(database_url, "CREATE TYPE others.mood AS ENUM ('good')")
    folder.write_manifest(backup.model_copy(update={"schema_name": "others"}))
    with pytest.raises(ConfigurationError, match="others of this database is not empty"):
        await restore_backup(here, folder, backup.name, replace=False, say=say)
    folder.write_manifest(backup)

    with pytest.raises(ConfigurationError, match="is not empty"):
        await restore_backup(here, folder, backup.name, replace=False, say=say)
    worker = await asyncpg.connect(database_url, server_settings={"application_name": "promptmill"})
    with pytest.raises(ConfigurationError, match="stop the API and all workers"):
        await restore_backup(here, folder, backup.name, replace=True, say=say)
    await worker.close()
    whole = (folder.path / backup.file).read_bytes()
    (folder.path / backup.file).write_bytes(b"not a dump")
    with pytest.raises(BackupUnusable, match="it is damaged"):
        await restore_backup(here, folder, backup.name, replace=True, say=say)
    lying = backup.model_copy(update={"sha256": hashlib.sha256(b"not a dump").hexdigest()})
    folder.write_manifest(lying)
    with pytest.raises(BackupUnusable, match=r"pg_restore \d+ failed"):
        await restore_backup(here, folder, backup.name, replace=True, say=say)
    assert await value(database_url, "SELECT to_regclass('of_a_newer_release') IS NOT NULL")

    (folder.path / backup.file).write_bytes(whole)
    folder.write_manifest(backup)
    await restore_backup(here, folder, backup.name, replace=True, say=say)

    moved = "SELECT schemaname ~ '^promptmill_before_' FROM pg_tables WHERE tablename = 'of_a_newer_release'"
    assert await value(database_url, moved) is True


async def test_nothing_can_be_paid_for_before_a_restored_record_is_on_hold(
    settings: Settings, folder: BackupFolder, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restore is killed when all of it is there, and a worker that was not stopped goes on."""
    backup = await take(settings, folder)
    elsewhere = settings.model_copy(update={"database_url": _secret(empty_database_url)})

    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("promptmill.commands.backup.hold_restored", killed)
        patch.setattr("promptmill.commands.backup.put_back", killed)
        with pytest.raises(asyncio.CancelledError):
            await restore_backup(elsewhere, folder, backup.name, replace=False, say=say)
    async with open_store(empty_database_url) as store:
        assert await store.operations.submissions_held() is None
        with pytest.raises(RecordReadOnly):
            await store.jobs.accept(new_job())

    await restore_backup(elsewhere, folder, backup.name, replace=True, say=say)
    async with open_store(empty_database_url) as store:
        await store.jobs.accept(new_job())
        assert await store.operations.submissions_held() is not None


async def test_a_killed_process_leaves_nothing_that_counts(settings: Settings, folder: BackupFolder) -> None:
    url = settings.require_database_url()
    blocker = await asyncpg.connect(url)
    await blocker.execute("BEGIN; LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
    environment = {**os.environ, "DATABASE_URL": url, "PROMPTMILL_ENV_FILE": "", "PROMPTMILL_SIMULATED_ONLY": "false"}
    command = [sys.executable, "-m", "promptmill", "backup", "create", "--dir", str(folder.path)]
    process = await asyncio.create_subprocess_exec(*command, env=environment, cwd=ROOT)
    await eventually(lambda: [*folder.path.glob("*.partial")], what="a backup has begun")

    process.send_signal(signal.SIGKILL)
    await process.wait()
    await blocker.close()

    assert folder.all() == []
    with pytest.raises(ConfigurationError, match="There is no backup"):
        folder.find(None)
    backup = await take(settings, folder)
    assert {path.name for path in folder.path.iterdir()} == {backup.file, f"{backup.name}.json"}


async def test_a_pooler_is_refused_with_what_is_needed(
    settings: Settings, folder: BackupFolder, pgbouncer: Pooler
) -> None:
    behind = settings.model_copy(update={"database_url": _secret(pgbouncer.uri(settings.require_database_url()))})

    with pytest.raises(ConfigurationError, match="PROMPTMILL_DATABASE_DIRECT_URL"):
        await take(behind, folder)

    assert [*folder.path.iterdir()] == []


def _secret(url: str) -> SecretStr | None:
    return load_settings({"DATABASE_URL": url, "PROMPTMILL_ENV_FILE": ""}).database_url
