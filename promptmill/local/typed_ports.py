"""The ports that people type, and the message if they are in use: `python -I promptmill/local/typed_ports.py`.

`make up` runs this before anything is installed, so it uses the standard library alone, and it is run by path with
`-I`, so that this folder is not on the import path. All other ports of a local stack are chosen automatically.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
API_PORT, WEB_UI_PORT = 3000, 8233
"""The defaults of PROMPTMILL_PORT and PROMPTMILL_LOCAL_TEMPORAL_UI_PORT; a test keeps them equal to the settings."""

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class BusyPort:
    """A port in use, the component that needs it, the variable that changes it, and ` by whom` if known."""

    part: str
    variable: str
    port: int
    holder: str = ""


def main() -> int:
    """Report which of the typed ports are in use, unless this is not the first start; return the exit code.

    Later starts know what an earlier one left running, and check for themselves.
    """
    if (_ROOT / ".venv").exists():
        return 0
    found = busy_typed_ports(_env_file(os.environ) | {name: value for name, value in os.environ.items() if value})
    if found:
        sys.stderr.write(busy_sentence(found) + "\n")
    return 1 if found else 0


def busy_typed_ports(environment: Mapping[str, str]) -> list[BusyPort]:
    """Return which of the typed ports cannot be bound."""
    wanted = [("the API and its page", "PROMPTMILL_PORT", API_PORT, environment.get("PROMPTMILL_HOST") or LOOPBACK)]
    if not {"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"} & environment.keys():
        wanted.append(("Temporal's Web UI", "PROMPTMILL_LOCAL_TEMPORAL_UI_PORT", WEB_UI_PORT, LOOPBACK))
    found = []
    for part, variable, default, host in wanted:
        given = environment.get(variable) or str(default)
        # The settings reject what is not a number.
        port = int(given) if given.isascii() and given.isdigit() and int(given) < 2**16 else 0
        if not is_free(port, host):
            found.append(BusyPort(part, variable, port))
    return found


def busy_sentence(busy: Sequence[BusyPort]) -> str:
    """Return which ports are in use, all at once, and the lines for `.env` that would help."""
    named = ", ".join(f"{each.port} for {each.part}{each.holder}" for each in busy)
    taken: set[int] = set()
    lines = []
    for each in busy:
        taken.add(port := next_free(each.port, besides=taken))
        lines.append(f"{each.variable}={port}")
    title = "Port in use" if len(busy) == 1 else "Ports in use"
    return "\n".join([f"{title}: {named}. Stop what uses them, or add to .env:", "", *lines])


def next_free(port: int, *, besides: set[int] | frozenset[int] = frozenset()) -> int:
    """Return the first port above this one that nobody listens on; or this one if there is none."""
    return next(
        (each for each in range(port + 1, min(port + 200, 2**16)) if each not in besides and is_free(each)), port
    )


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port in TIME_WAIT can be used.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _env_file(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the plain lines of the settings file; other syntax is read later."""
    file = _ROOT / environment.get("PROMPTMILL_ENV_FILE", ".env")
    if not file.is_file():
        return {}
    lines = re.findall(r"(?m)^\s*(?:export\s+)?([A-Z_]+)\s*=\s*['\"]?([^\s'\"#]+)", file.read_text(encoding="utf-8"))
    return dict(lines)


if __name__ == "__main__":
    sys.exit(main())
