"""`promptmill backup`: takes backups of the record, shows them, tries them, and restores one.

`pg_dump` and what the manifest tells share one snapshot, so that a restored backup can be compared row by row.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from promptmill.backups.errors import BackupUnusable
from promptmill.backups.folder import PLAIN, PREFIX, SEALED, BackupFolder, Counted
from promptmill.backups.programs import Connection, Programs, connection_of, find_programs
from promptmill.backups.sealing import SealedWriter
from promptmill.commands.backup_report import megabytes
from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.audit import Action
from promptmill.contracts.backups import Manifest, differences
from promptmill.contracts.errors import ConfigurationError, RecordError, cut
from promptmill.formats import duration
from promptmill.store import open_store
from promptmill.store.migrations import knows_revision, migrate
from promptmill.store.restoring import READ_ONLY, hold_restored, make_room, put_back, scratch_database, server_version
from promptmill.store.snapshots import Snapshot, open_snapshot, quoted, read_contents
from promptmill.version import installed_version

_READ_BYTES: Final = 1024 * 1024
_LOCK_WAIT: Final = "60s"

Say = Callable[[str], None]


def backup_folder(settings: Settings, folder: Path | None) -> BackupFolder:
    """Return the folder that was named, or else that of the settings.

    Raises:
        ConfigurationError: There is neither.
    """
    path = folder or settings.backup_dir
    if path is None:
        raise ConfigurationError("Say where backups are kept: set PROMPTMILL_BACKUP_DIR, or give --dir.")
    return BackupFolder(path)


async def create_backup(settings: Settings, folder: BackupFolder, *, keep: int | None, say: Say) -> Manifest:
    """Take a backup, note it in the record, and delete all but the newest `keep`.

    Raises:
        ConfigurationError: The folder or Postgres' programs cannot be used.
        RecordError: Postgres is unavailable, or refused.
        BackupUnusable: `pg_dump` failed.
    """
    began = time.monotonic()
    with folder.writing():
        async with open_snapshot(settings.require_direct_database_url()) as snapshot:
            backup = await _write(settings, folder, snapshot)
        folder.write_manifest(backup)
        say(
            f"{backup.name}: {backup.rows:,} rows in {len(backup.tables)} tables, {megabytes(backup.size)}, in "
            f"{duration(time.monotonic() - began)}."
        )
        if backup.key_id is None:
            say("It is not encrypted: set PROMPTMILL_BACKUP_KEYS to what `promptmill payload-key` prints.")
        await _note(settings, backup, say)
        for old in folder.rotate(keep) if keep is not None else ():
            say(f"{old.name} is deleted.")
    return backup


async def verify_backup(settings: Settings, folder: BackupFolder, name: str | None, say: Say) -> list[str]:
    """Restore a backup (by default the newest) into a scratch database; return in what it differs from its manifest.

    Raises:
        ConfigurationError: There is no such backup, or no way to restore it here.
        RecordError: Postgres is unavailable, or refused.
        BackupUnusable: It is damaged, or `pg_restore` failed.
    """
    backup, url, began = folder.find(name), settings.require_direct_database_url(), time.monotonic()
    folder.require_whole(backup, settings.backup_keys)
    programs = find_programs(max(backup.program_version, await server_version(url)))
    async with scratch_database(url, backup.schema_name) as scratch:
        await _load(programs, connection_of(scratch), backup, folder.chunks(backup, settings.backup_keys))
        found = differences(backup.tables, await read_contents(scratch, backup.schema_name))
    if not found:
        verified = backup.model_copy(update={"verified_at": datetime.now(UTC)})  # noqa: TID251  # a command, not a workflow
        folder.write_manifest(verified)
        say(
            f"{backup.name} was restored, and holds what it should: {backup.rows:,} rows in {len(backup.tables)} "
            f"tables, in {duration(time.monotonic() - began)}."
        )
        await _note(settings, verified, say)
    return found


async def restore_backup(settings: Settings, folder: BackupFolder, name: str, *, replace: bool, say: Say) -> None:
    """Restore a backup into the record's database, which must be empty, and hold submissions.

    Args:
        settings: Where the record is.
        folder: Where the backup is.
        name: Of the backup.
        replace: Move what is there aside into a schema of its own instead.
        say: Is told each step.

    Raises:
        ConfigurationError: It is not empty, in use, or this release cannot use the backup.
        RecordError: Postgres is unavailable, or refused.
        BackupUnusable: It is damaged, or `pg_restore` failed. Then nothing was changed.
    """
    backup, url = folder.find(name), settings.require_direct_database_url()
    if not knows_revision(backup.revision):
        raise ConfigurationError(
            f"{name} is of revision {backup.revision}, which this release ({installed_version()}) does not know: "
            f"restore it with release {backup.release} or a newer one."
        )
    folder.require_whole(backup, settings.backup_keys)
    programs = find_programs(max(backup.program_version, await server_version(url)))
    aside = f"promptmill_before_{datetime.now(UTC):%Y%m%dt%H%M%S}" if replace else None  # noqa: TID251  # a command, not a workflow
    async with _room(url, backup.schema_name, aside) as moved:
        writing = connection_of(url, {READ_ONLY: "off"})
        await _load(programs, writing, backup, folder.chunks(backup, settings.backup_keys))
        if found := differences(backup.tables, await read_contents(url, backup.schema_name)):
            raise BackupUnusable(f"{name} does not hold what its manifest says: {'; '.join(found)}.")
        await hold_restored(url, backup.schema_name, f"The backup {name} is being restored.")
    say(f"{name} is restored: {backup.rows:,} rows, as they were at {backup.taken_at:%F %T} UTC.")
    revision = await migrate(url)
    async with open_store(url, pool_size=1) as store:
        by = operator()
        reason = f"The backup {name} was restored: `promptmill restore-check` finds out what it lacks."
        await store.operations.hold_submissions(reason, by=by)
        await store.audit.note(by, Action.RECORD_RESTORE, target=f"backup:{name}")
    say(f"The schema is at revision {revision}, and submissions are on hold.")
    if moved:
        say(f"What was there is in the schema {aside}: `DROP SCHEMA {aside} CASCADE` once you need it no more.")


async def note_backup(settings: Settings, name: str) -> None:
    """Note that another tool has taken a backup just now.

    Raises:
        RecordError: Postgres is unavailable.
    """
    async with open_record(settings) as store:
        await store.backups.note(name)


async def _write(settings: Settings, folder: BackupFolder, snapshot: Snapshot) -> Manifest:
    """Write the file of a snapshot, and return its manifest."""
    programs = find_programs(snapshot.server_version)
    key = next(iter(settings.backup_keys), None)
    name = f"{PREFIX}{snapshot.taken_at:%Y%m%dT%H%M%S}{snapshot.taken_at.microsecond // 1000:03}Z"
    written = f"{name}{PLAIN if key is None else SEALED}"
    with folder.new_file(written) as file:
        counted = Counted(file)
        writer: Counted | SealedWriter = counted if key is None else SealedWriter(counted, key)
        async for chunk in _dump(programs, connection_of(settings.require_direct_database_url()), snapshot):
            writer.write(chunk)
        if isinstance(writer, SealedWriter):
            writer.close()
        tables = await snapshot.contents()
    return Manifest(
        name=name,
        taken_at=snapshot.taken_at,
        release=installed_version(),
        revision=snapshot.revision,
        schema_name=snapshot.schema_name,
        server_version=snapshot.server_version,
        program_version=programs.version,
        file=written,
        size=counted.size,
        sha256=counted.sha256,
        key_id=None if key is None else key.id,
        tables=tables,
    )


async def _dump(programs: Programs, connection: Connection, snapshot: Snapshot) -> AsyncIterator[bytes]:
    """Yield what `pg_dump` writes: the schema of the record alone, in its custom format."""
    arguments = (
        *("--format=custom", f"--snapshot={snapshot.id}", f"--schema={quoted(snapshot.schema_name)}"),
        *(f"--lock-wait-timeout={_LOCK_WAIT}", "--no-password", f"--dbname={connection.address}"),
    )
    async with _running(programs, "pg_dump", arguments, connection, stdout=asyncio.subprocess.PIPE) as process:
        while chunk := await process.stdout.read(_READ_BYTES):
            yield chunk


async def _load(programs: Programs, connection: Connection, backup: Manifest, chunks: Iterator[bytes]) -> None:
    """Give a backup to `pg_restore`, which restores all of it or nothing."""
    arguments = (
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--schema={backup.schema_name}"),
        *("--no-password", f"--dbname={connection.address}"),
    )
    async with _running(programs, "pg_restore", arguments, connection, stdin=asyncio.subprocess.PIPE) as process:
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
                await process.stdin.drain()
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended, and says why


@asynccontextmanager
async def _running(
    programs: Programs, name: str, arguments: Sequence[str], connection: Connection, **pipes: Any
) -> AsyncIterator[Any]:
    """Run a program, which must succeed, and stop it if whoever talks to it gives up."""
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            programs.program(name), *arguments, env=connection.environment, stderr=errors, **pipes
        )
        try:
            yield process
            code = await process.wait()
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        errors.seek(0)
        told = cut(errors.read().decode(errors="replace"))
    if code != 0:
        raise BackupUnusable(f"{name} {programs.version} failed: {told or f'exit code {code}'}")


@asynccontextmanager
async def _room(url: str, schema_name: str, aside: str | None) -> AsyncIterator[bool]:
    """Make room in the database; where nothing could be restored, it is as it was before."""
    moved = await make_room(url, schema_name, aside=aside)
    try:
        yield moved
    except BaseException:
        await put_back(url, schema_name, aside=aside if moved else None)
        raise


async def _note(settings: Settings, backup: Manifest, say: Say) -> None:
    """Note a backup in the record. It is as good without that, but the alert about old backups does not know it."""
    try:
        async with open_record(settings) as store:
            await store.backups.note(backup.name, taken_at=backup.taken_at, verified_at=backup.verified_at)
    except RecordError as error:
        say(f"It could not be noted in the record, so no alert knows of it: {error}")
