"""Files of backups: sealed so that any change is noticed, and kept so that the last good one stays."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from promptmill.backups.errors import BackupUnusable
from promptmill.backups.folder import BackupFolder
from promptmill.backups.programs import connection_of, find_programs
from promptmill.backups.sealing import CHUNK_BYTES, SALT_BYTES, TAG_BYTES, SealedWriter, read_sealed
from promptmill.cli import app
from promptmill.config.payload_keys import PayloadKey
from promptmill.contracts.backups import Manifest, TableContents, differences
from promptmill.contracts.errors import ConfigurationError

KEY = PayloadKey("first", bytes(range(32)))
OTHER = PayloadKey("second", bytes(32))
LONG = b"".join(bytes([number]) * CHUNK_BYTES for number in range(3))
"""Three chunks, and not a byte more."""

TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


def sealed(content: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY)
    for start in range(0, len(content), 700_001):
        writer.write(content[start : start + 700_001])
    writer.close()
    return file.getvalue()


def opened(content: bytes, *keys: PayloadKey) -> bytes:
    return b"".join(read_sealed(io.BytesIO(content), keys or (OTHER, KEY)))


@pytest.mark.parametrize("content", [b"", b"a fox", LONG, LONG + b"1"])
def test_what_was_sealed_is_opened_again(content: bytes) -> None:
    assert opened(sealed(content)) == content


def test_every_change_is_noticed() -> None:
    whole = sealed(LONG)
    start = whole.index(b"\n") + 1 + SALT_BYTES
    second, third = (start + number * (CHUNK_BYTES + TAG_BYTES) for number in (1, 2))
    changed = {
        "a bit": whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:],
        "cut at a chunk": whole[:second],
        "cut within one": whole[:-1],
        "chunks swapped": whole[:start] + whole[second:third] + whole[start:second] + whole[third:],
        "another salt": whole[: start - 1] + bytes([whole[start - 1] ^ 1]) + whole[start:],
        "nothing left": whole[:start],
        "more": whole + b"1",
    }
    for how, content in changed.items():
        with pytest.raises(BackupUnusable, match="damaged"):
            opened(content)
        assert content != whole, how


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BackupUnusable, match="the key first, which is not in PROMPTMILL_BACKUP_KEYS"):
        opened(sealed(b"a fox"), OTHER)


def manifest(day: int, *, verified: bool = False) -> Manifest:
    name = f"promptmill-{day}"
    return Manifest(
        name=name,
        taken_at=TAKEN + timedelta(days=day),
        release="0.2.0",
        revision="0018",
        schema_name="public",
        server_version=18,
        program_version=18,
        file=f"{name}.dump",
        size=5,
        sha256="",
        key_id=None,
        tables={},
        verified_at=TAKEN if verified else None,
    )


def kept(folder: BackupFolder) -> list[str]:
    return [one.name.removeprefix("promptmill-") for one in folder.all()]


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    """Five backups, of which the second was verified."""
    folder = BackupFolder(tmp_path)
    for day in range(5):
        (tmp_path / f"promptmill-{day}.dump").write_bytes(b"PGDMP")
        folder.write_manifest(manifest(day, verified=day == 1))
    return folder


def test_the_newest_are_kept_and_the_last_that_is_known_to_be_good(folder: BackupFolder) -> None:
    deleted = folder.rotate(2)

    assert kept(folder) == ["4", "3", "1"]
    assert [one.name for one in deleted] == ["promptmill-2", "promptmill-0"]
    assert len([*folder.path.iterdir()]) == 6


def test_what_killed_processes_left_counts_for_nothing_and_is_removed(folder: BackupFolder) -> None:
    left = ["promptmill-7.dump.partial", "promptmill-8.dump", "promptmill-9.json.partial"]
    for name in left:
        (folder.path / name).write_bytes(b"PG")
    (folder.path / "notes.txt").write_text("of a person")
    (folder.path / "promptmill-0.dump").unlink()

    assert kept(folder) == ["4", "3", "2", "1"], "a manifest alone is no backup either"
    with folder.writing():
        there = {path.name for path in folder.path.iterdir()}
        with pytest.raises(ConfigurationError, match="Another backup"), folder.writing():
            pass

    assert there & {*left, "notes.txt"} == {"notes.txt"}


@pytest.mark.parametrize(
    "lie",
    [
        *({"file": "../notes.dump"}, {"file": "promptmill-1.dump\n"}, {"size": 10**400}),
        *({"name": "promptmill-1/../2"}, {"name": "promptmill-2"}),
    ],
)
def test_a_manifest_that_names_what_is_not_its_own_is_not_believed(
    folder: BackupFolder, lie: dict[str, object]
) -> None:
    path = folder.path / "promptmill-1.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | lie))

    assert "promptmill-1.json is" in folder.contents().unreadable["promptmill-1"]
    assert [one.name for one in folder.rotate(1)] == [f"promptmill-{day}" for day in (3, 2, 0)]


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"name": "promptmill-3"}', None])
def test_a_manifest_that_cannot_be_read_hides_no_other_and_keeps_its_file(
    folder: BackupFolder, damage: bytes | None
) -> None:
    path = folder.path / "promptmill-3.json"
    path.unlink()
    path.write_bytes(damage) if damage is not None else path.mkdir()
    (folder.path / "promptmill-3.dump.sealed").write_bytes(b"sealed")

    assert kept(folder) == ["4", "2", "1", "0"]
    assert [*folder.contents().unreadable] == ["promptmill-3"]
    with folder.writing():
        folder.rotate(1)
    there = {each.name for each in folder.path.iterdir()}
    assert there >= {"promptmill-3.json", "promptmill-3.dump", "promptmill-3.dump.sealed"}
    assert kept(folder) == ["4", "1"]
    with pytest.raises(BackupUnusable, match=r"promptmill-3\.json"):
        folder.find("promptmill-3")


def test_the_list_names_what_cannot_be_read(folder: BackupFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPTMILL_SIMULATED_ONLY", raising=False)  # the command reads every setting, and calls nobody
    (folder.path / "promptmill-2.json").write_text("{")

    shown = CliRunner().invoke(app, ["backup", "list", "--dir", str(folder.path)])
    listed = CliRunner().invoke(app, ["backup", "list", "--json", "--dir", str(folder.path)])

    assert shown.exit_code == listed.exit_code == 0
    assert "promptmill-2.json is not a manifest" in shown.output
    assert [one["name"][-1] for one in json.loads(listed.output)] == ["4", "3", "1", "0", "2"]


def test_what_a_killed_verification_left_is_written_over(folder: BackupFolder) -> None:
    (folder.path / "promptmill-4.json.partial").write_text("{")

    folder.write_manifest(manifest(4, verified=True))

    assert folder.find("promptmill-4").verified_at == TAKEN


def test_a_file_that_fails_while_it_is_written_does_not_appear(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path)

    with pytest.raises(ConfigurationError, match="cannot be written"), folder.new_file("promptmill-1.dump"):
        raise OSError(28, "No space left on device")

    assert [*tmp_path.iterdir()] == []


def test_no_password_is_on_a_command_line() -> None:
    url = (
        "postgresql://mill:p%40ss@db-1:5432,db-2:5433/record?sslmode=require&statement_timeout=0"
        "&options=-c%20work_mem%3D4MB&pool_max_conns=3&database=other"
    )

    connection = connection_of(url)

    address = urlsplit(connection.address)
    assert address.netloc == "mill@db-1:5432,db-2:5433"
    assert connection.environment["PGPASSWORD"] == "p@ss"
    assert parse_qs(address.query) == {
        "sslmode": ["require"],
        "dbname": ["other"],
        "application_name": ["promptmill backup"],
        "options": ["-c statement_timeout=0 -c work_mem=4MB"],
        "connect_timeout": ["5"],
    }
    assert "+" not in address.query, "libpq knows no other blank than %20"


def test_programs_that_are_too_old_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"version 99 or newer are needed.*postgresql-client-99"):
        find_programs(99)
    assert find_programs(16).version >= 16


def test_differences_are_told_one_by_one() -> None:
    empty = TableContents(rows=0, hash="a")
    told = {"jobs": TableContents(rows=2, hash="a", amounts={"usd": "1.5"}), "bills": empty, "owners": empty}
    found = {"jobs": TableContents(rows=2, hash="b", amounts={"usd": "1.4"}), "owners": empty, "new": empty}

    assert differences(told, found) == [
        "bills is missing",
        "new should not be there",
        "jobs.usd is 1.4 instead of 1.5",
        "jobs has other contents",
    ]
