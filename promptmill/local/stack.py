"""Starts the components in order, supervises them, and stops them in reverse order."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from promptmill.formats import duration
from promptmill.local.errors import PartFailed
from promptmill.local.folder import DataFolder
from promptmill.local.interrupts import Interrupts, StopAsked
from promptmill.local.plan import StackPlan
from promptmill.local.ports import LOOPBACK, Address, hidden_address
from promptmill.local.postgres import start_postgres, stop_leftover, stop_postgres
from promptmill.local.processes import Child, start_child, stop_process
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.rotation import rotate
from promptmill.local.screen import Screen
from promptmill.local.tail import LogTail
from promptmill.local.temporal import STOP_SECONDS as TEMPORAL_STOP_SECONDS
from promptmill.local.temporal import start_temporal, temporal_binary, wait_for_temporal

DATABASE = "promptmill"
START_SECONDS = 60.0
API_STOP_SECONDS = 5.0
SIMULATORS_STOP_SECONDS = 3.0
WEB_UI_STOP_SECONDS = 1.0
LEFTOVER_WORKER_SECONDS = 10.0
OVER_GRACE_SECONDS = 3.0
"""What a worker needs beyond its grace period to exit."""

LOOK_EVERY_SECONDS = 0.2

LOG_FILE = "PROMPTMILL_LOG_FILE"
FOLLOWING = ("worker", "API")
"""Components that write to that file, and go on in a new one when it has been renamed. The others write little."""

Migrate = Callable[[str], str]
"""Applies the schema to a database and returns its revision."""


@dataclass
class Stack:
    """The running components of one local stack.

    Args:
        make_plan: Decides what to start, once nothing of an earlier run holds a port any more.
        migrate: Applies the schema.
    """

    make_plan: Callable[[], StackPlan]
    folder: DataFolder
    screen: Screen
    migrate: Migrate
    children: list[Child] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    interrupts: Interrupts = field(init=False)
    plan: StackPlan = field(init=False)

    def __post_init__(self) -> None:
        """Make a second Ctrl-C kill everything at once."""
        self.interrupts = Interrupts(at_once=self.kill_everything)

    def run(self) -> int:
        """Run until a stop is requested or a component exits; return the exit code: 0 for a requested stop.

        Raises:
            LocalStackError: Something could not be started, or a component exited; everything is stopped by then.
        """
        with self.interrupts.handling(), suppress(StopAsked), ExitStack() as parts:
            parts.callback(self.folder.forget_run)
            self._stop_leftovers()
            self.plan = self.make_plan()
            self.plan.require_free_ports()
            try:
                self._start(parts)
                self._watch()
            except PartFailed:
                self.screen.say("A component has failed; stopping the others:", "bold red")
                raise
        return 0

    def kill_everything(self) -> None:
        """Kill every component and this process: interrupted work continues at the next start."""
        for child in reversed(self.children):
            number = signal.SIGQUIT if child.name == "Postgres" else signal.SIGKILL
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, number)
        give_up = time.monotonic() + OVER_GRACE_SECONDS
        while any(child.process.poll() is None for child in self.children) and time.monotonic() < give_up:
            time.sleep(0.02)
        for child in self.children:
            child.kill()
        self.folder.forget_run()
        os._exit(128 + signal.SIGINT)

    def _stop_leftovers(self) -> None:
        """Stop what an earlier run left behind when it was killed."""
        graces = {"API": API_STOP_SECONDS, "worker": LEFTOVER_WORKER_SECONDS}
        stopped = [
            mark.name
            for mark in reversed(self.folder.read_marks())
            if stop_process(mark, graces.get(mark.name, TEMPORAL_STOP_SECONDS))
        ]
        if stop_leftover(self.folder.postgres):
            stopped.append("Postgres")
        self.folder.forget_run()
        if stopped:
            self.screen.say(f"  Stopped leftovers of an earlier run: {', '.join(stopped)}.", "yellow")

    def _start(self, parts: ExitStack) -> None:
        started = time.monotonic()
        if self.plan.starts_postgres:
            self._start_postgres(parts)
        else:
            self.found["DATABASE_URL"] = self.plan.settings.require_database_url()
        if self.plan.starts_temporal:
            self._start_temporal(parts)
        self._start_simulators(parts)
        with self.screen.step("Schema"):
            own = self.plan.starts_postgres
            self.migrate(self.found["DATABASE_URL"] if own else self.plan.settings.require_direct_database_url())
        self.interrupts.check()
        self.folder.write_local_env(self._local_env())
        worker = self._start_python(parts, "worker", "worker", self.plan.settings.shutdown_seconds + OVER_GRACE_SECONDS)
        api = self._start_python(parts, "API", "api", API_STOP_SECONDS)
        self._wait("Worker", worker, f"{self.plan.worker_url}/readyz")
        self._wait("API", api, f"{self.plan.api_url}/readyz")
        self.screen.say(f"  Everything was ready after {duration(time.monotonic() - started)}.")
        lets_everybody_in = answers(f"{self.plan.api_url}/api/jobs?limit=1")
        self.screen.show_addresses(self.plan, self.folder, self.found, key_needed=not lets_everybody_in)

    def _start_postgres(self, parts: ExitStack) -> None:
        self.folder.set_old_log_aside("Postgres")
        with self.screen.step("Postgres"):
            server = start_postgres(self.folder.postgres, log=self.folder.log("Postgres"), version=None, options={})
            self._keep(parts, server.child, stop_postgres)
            self.found["DATABASE_URL"] = server.ensure_database(DATABASE)
        self.interrupts.check()

    def _start_temporal(self, parts: ExitStack) -> None:
        self.folder.set_old_log_aside("Temporal")
        settings = self.plan.settings
        ui = hidden_address()
        with self.screen.step("Temporal"):
            server = start_temporal(
                port=settings.local_temporal_port,
                ui=ui,
                codec=self.plan.codec_url,
                log=self.folder.log("Temporal"),
                database=self.folder.temporal,
                namespace=settings.temporal["TEMPORAL_NAMESPACE"],
                binary=temporal_binary(settings.temporal_cli),
            )
            self._keep(parts, server.child, lambda child: child.stop(TEMPORAL_STOP_SECONDS))
            wait_for_temporal(server)
        self.interrupts.check()
        listen = Address(LOOPBACK, settings.local_temporal_ui_port)
        self._start_python(
            parts, "Web UI", "promptmill", WEB_UI_STOP_SECONDS, ["web-ui", str(ui), "--listen", str(listen)]
        )

    def _start_simulators(self, parts: ExitStack) -> None:
        if not self.plan.starts_simulators:
            return
        arguments = ["simulators", "--keep"]
        wanted = [provider for provider in (self.plan.grok, self.plan.wavespeed) if provider.simulated_by_us]
        if len(wanted) == 1:
            arguments += ["--only", wanted[0].name.lower()]
        child = self._start_python(parts, "simulators", "promptmill", SIMULATORS_STOP_SECONDS, arguments)
        for provider in wanted:
            self._wait(f"{provider.name}'s simulator", child, f"{provider.base}/_simulator/health")

    def _start_python(
        self, parts: ExitStack, name: str, module: str, grace_seconds: float, arguments: Sequence[str] = ()
    ) -> Child:
        """Start `python -m module`, stopped in `grace_seconds` when its turn comes."""
        self.folder.set_old_log_aside(name)
        child = start_child(
            name,
            [sys.executable, "-m", module, *arguments],
            log=self.folder.log(name),
            environment=self.plan.environment(self.found) | {LOG_FILE: str(self.folder.log(name))},
        )
        self._keep(parts, child, lambda child: child.stop(grace_seconds))
        return child

    def _keep(self, parts: ExitStack, child: Child, stop: Callable[[Child], object]) -> None:
        """Record a component, and stop it when its turn comes."""
        self.children.append(child)
        self.folder.write_marks([each.mark for each in self.children])

        def stop_in_turn() -> None:
            with self.screen.step(child.name, "stopped"):
                stop(child)

        parts.callback(stop_in_turn)

    def _wait(self, what: str, child: Child, url: str) -> None:
        """Wait until a component responds, unless a stop is requested or another component exits."""

        def is_ready() -> bool:
            self.interrupts.check()
            self._require_all_alive()
            return answers(url)

        with self.screen.step(what):
            wait_ready(child, is_ready, within=START_SECONDS)

    def _watch(self) -> None:
        """Show the components' logs until a stop is requested or one of them exits."""
        tails = [LogTail(name, self.folder.log(name)) for name in FOLLOWING]
        for tail in tails:
            tail.skip()
        while True:
            for tail in tails:
                for line in tail.lines():
                    self.screen.say(line)
            for child in self.children:
                rotate(child.log, follows=child.name in FOLLOWING)
            self._require_all_alive()
            self.interrupts.wait(LOOK_EVERY_SECONDS)

    def _require_all_alive(self) -> None:
        for child in self.children:
            child.require_alive()

    def _local_env(self) -> Mapping[str, str]:
        """Return what other terminals need, without what they read from `.env` anyway."""
        addresses = self.found if self.plan.starts_postgres else {}
        return self.plan.own | addresses
