"""CPU time of whole process trees."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import psutil

THIS_CLIENT = "this client"
"""The name of the measuring process beside the parts that it measures."""


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU time that each part has used since its start, its children and its ended children included.

    Our own process is counted without children: the parts are its children.
    """
    own = psutil.Process().cpu_times()
    return {name: _tree(pid) for name, pid in pids.items()} | {THIS_CLIENT: float(own.user + own.system)}


def cpu_between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the CPU seconds that each part used between two readings."""
    return {name: after[name] - before[name] for name in before if name in after}


def _tree(pid: int) -> float:
    root = psutil.Process(pid)
    return sum(_one(process) for process in (root, *root.children(recursive=True)))


def _one(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        # Postgres's backends come and go: those that ended count towards their parent.
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0
