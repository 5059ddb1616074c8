"""`python -m tests.chaos`: breaks everything that can break while jobs run, then audits what is left.

Exit code 0 if every promise was kept and every kind of fault struck, 1 if not, 2 for a usage error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from promptmill.addresses import is_loopback_url
from promptmill.contracts.errors import PromptmillError
from promptmill.hard_exit import hard_exit
from tests.chaos.installation import open_installation
from tests.chaos.plan import Length, Plan, make_plan
from tests.chaos.report import show
from tests.chaos.run import Outcome, Run
from tests.chaos.sabotage import SABOTAGES, Sabotage, sabotage_record, worker_command
from tests.environment import scrub
from tests.fixtures.session import Session, open_session

INTERRUPTED = 130
ACCOUNT = "chaos-account"
JOBS: dict[Length, int] = {"whole": 1000, "revealing": 200, "short": 60}
SETTLE_SECONDS: dict[Length, float] = {"whole": 150, "revealing": 60, "short": 40}


def main() -> int:
    """Run, print the report and return the exit code."""
    asked = _arguments()
    refused = foreign_base(os.environ)
    if refused:
        sys.stderr.write(f"chaos: {refused}\n")
        return 2
    scrub(os.environ)
    # SIGTERM is handled like Ctrl-C; everything is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console = Console(highlight=False, soft_wrap=True)
    try:
        with open_session() as session:
            plan = make_plan(asked.jobs or JOBS[asked.length], asked.seed, asked.length)
            outcome = run(
                session, console, plan, SETTLE_SECONDS[asked.length], asked.sabotage, encrypted=asked.encrypted
            )
            if asked.logs is not None:
                copy_logs(session, asked.logs)
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        return INTERRUPTED
    except PromptmillError as error:
        console.print(f"chaos: {error}", style="bold red")
        return 1
    return 0 if outcome.passed else 1


def run(
    session: Session,
    console: Console,
    plan: Plan,
    settle_seconds: float,
    sabotage: Sabotage | None = None,
    *,
    encrypted: bool = False,
) -> Outcome:
    """Start everything, play the plan, show the report, stop everything."""
    special = [*([sabotage] if sabotage else []), *(["encrypted payloads"] if encrypted else [])]
    console.print(
        ", ".join([f"Chaos: {len(plan.jobs)} jobs", f"{len(plan.blows)} blows", f"seed {plan.seed}", *special])
    )
    with open_installation(
        session, ACCOUNT, worker_command=worker_command(sabotage), encrypted=encrypted
    ) as installation:
        sabotage_record(sabotage, installation)
        outcome = asyncio.run(Run(plan, installation, console.print, settle_seconds).play())
    show(console, outcome)
    return outcome


def copy_logs(session: Session, target: Path) -> None:
    """Keep the logs of a run; everything else of it is deleted."""
    target.mkdir(parents=True, exist_ok=True)
    for log in session.folder.glob("*.log"):
        shutil.copy(log, target)


def foreign_base(environ: Mapping[str, str]) -> str | None:
    """Return why a run is refused in this environment, which names a provider that is no simulator; else None."""
    for name in ("XAI_API_BASE", "WAVESPEED_API_BASE"):
        if environ.get(name) and not is_loopback_url(environ[name]):
            return f"{name} is {environ[name]}, which is not a loopback address: chaos is for simulators alone."
    return None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, help="how many jobs (whole run 1000, revealing 200, short 60)")
    parser.add_argument("--seed", type=int, default=7, help="what is drawn: jobs, faults, blows (7)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--short", dest="length", action="store_const", const="short", help="one quick blow of a kind")
    length.add_argument(
        "--revealing", dest="length", action="store_const", const="revealing", help="blows where safeguards stand"
    )
    parser.add_argument("--sabotage", choices=SABOTAGES, help="take out one safeguard: the run must fail (--revealing)")
    parser.add_argument(
        "--encrypted", action="store_true", help="encrypt payloads at Temporal, while their key is being changed"
    )
    parser.add_argument("--logs", type=Path, help="a folder for the logs of all processes")
    asked = parser.parse_args()
    asked.length = asked.length or ("revealing" if asked.sabotage else "whole")
    return asked


if __name__ == "__main__":
    hard_exit(main())
