import json
import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from promptmill.local import install
from promptmill.local.errors import LocalStackError
from promptmill.local.folder import DataFolder, open_data_folder
from promptmill.local.processes import ProcessMark
from promptmill.local.rotation import old_log


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_is_held_by_one_stack_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with open_data_folder(path) as folder:
        folder.write_marks([])
        with (
            pytest.raises(LocalStackError, match=rf"is already running on .*data \(pid {os.getpid()}\)"),
            open_data_folder(path),
        ):
            pass
    with open_data_folder(path):
        pass


def test_rights_of_a_folder_that_we_did_not_make_stay(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(0o750)

    with open_data_folder(path):
        assert rights(path) == 0o750


def test_what_stands_in_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    with open_data_folder(tmp_path / "data") as folder:
        folder.write_local_env({"A": "b"})
        folder.write_marks([])

        assert rights(folder.local_env) == 0o600
        assert rights(folder.path / "run.json") == 0o600
        assert rights(folder.path / "logs") == 0o700


def test_marks_are_found_again(tmp_path: Path) -> None:
    marks = [ProcessMark("Postgres", 1, 2.5, 2), ProcessMark("API", 3, 4.5)]
    folder = DataFolder(tmp_path)

    folder.write_marks(marks)

    assert folder.read_marks() == marks


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": [{"pid": 1}]}'])
def test_record_that_cannot_be_read_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)

    assert DataFolder(tmp_path).read_marks() == []


def test_local_env_gives_back_what_was_written(tmp_path: Path) -> None:
    values = {"DATABASE_URL": "postgresql://postgres@/promptmill?host=/a b/it's#1", "KEY": "back\\slash"}
    folder = DataFolder(tmp_path)

    folder.write_local_env(values)

    assert dotenv_values(folder.local_env) == values


def test_old_log_is_kept_once(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.log("API").parent.mkdir()
    for text in ("first", "second"):
        folder.set_old_log_aside("API")
        folder.log("API").write_text(text)

    assert folder.log("API").read_text() == "second"
    assert old_log(folder.log("API")).read_text() == "first"


@pytest.mark.parametrize("version", ["2", "later"])
def test_newer_folder_is_refused(tmp_path: Path, version: str) -> None:
    (tmp_path / "version").write_text(version)

    with pytest.raises(LocalStackError, match="newer Promptmill"), open_data_folder(tmp_path):
        pass


def test_run_record_holds_no_address(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_marks([ProcessMark("API", 3, 4.5)])

    assert json.loads((tmp_path / "run.json").read_text()).keys() == {"pid", "parts"}


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, *, made: bool) -> None:
    """A file in its place, because root can write into folders closed to others."""
    (tmp_path / "file").write_text("")
    aim = tmp_path / "file" if made else tmp_path / "file" / "data"

    with pytest.raises(LocalStackError, match=r"is not writable .* PROMPTMILL_DATA_DIR"), open_data_folder(aim):
        pass


def test_a_checkout_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere

    with pytest.raises(install.CannotInstall, match=r"is not writable, but \.venv is created there"):
        install.ensure_venv()
