"""The programs of monitoring, as packages install them, and how to install those that are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptmill.local.errors import LocalStackError

_SYSTEM_FOLDERS: Final = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/share/grafana/bin"
_HOMES: Final = ("/usr/share/grafana", "/opt/homebrew/share/grafana", "/usr/local/share/grafana")


@dataclass(frozen=True)
class Programs:
    """How each is called; `grafana` is empty where it is not installed."""

    prometheus: str
    alertmanager: str
    grafana: Sequence[str]


def find_programs(path: str | None = None) -> Programs:
    """Return the programs.

    Args:
        path: Where to look; by default the PATH, and folders that a user's PATH often lacks.

    Raises:
        LocalStackError: Prometheus or Alertmanager is missing; the message says how to install both.
    """
    where = path if path is not None else f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}"
    prometheus = shutil.which("prometheus", path=where)
    # Debian's name, then the project's own.
    alertmanager = shutil.which("prometheus-alertmanager", path=where) or shutil.which("alertmanager", path=where)
    if prometheus is None or alertmanager is None:
        missing = [
            name for name, found in (("Prometheus", prometheus), ("Alertmanager", alertmanager)) if found is None
        ]
        raise LocalStackError(
            f"{' and '.join(missing)} cannot be found: run `apt install prometheus prometheus-alertmanager` (Debian, "
            "Ubuntu), or put the programs of https://prometheus.io/download/ on the PATH."
        )
    return Programs(prometheus, alertmanager, _grafana(where))


def _grafana(where: str) -> Sequence[str]:
    # The first is deprecated, and all that older packages have.
    for name, command in (("grafana", ["server"]), ("grafana-server", [])):
        program = shutil.which(name, path=where)
        if program is not None:
            homes = [*map(Path, _HOMES), Path(program).resolve().parents[1]]
            home = next((each for each in homes if (each / "conf" / "defaults.ini").is_file()), None)
            return [program, *command, *([] if home is None else [f"--homepath={home}"])]
    return ()
