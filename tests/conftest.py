"""Real servers, once a session; a fresh database, queue and provider account per test.

First of all, the machine's own settings are removed from the environment: tests must never spend.
"""

import gc
import os

import pytest

from tests.environment import scrub

scrub(os.environ)

# Python's own values are for small programs: with a session's thousands of tests, collecting garbage that often takes
# a fifth of the CPU time of finding the tests, and 7 % of running them.
gc.set_threshold(50_000, 20, 20)
# The same for Temporal's server, which is written in Go: 9 % of its CPU time.
os.environ.setdefault("GOGC", "400")

pytest_plugins = [
    "tests.fixtures.session",
    "tests.fixtures.postgres",
    "tests.fixtures.pgbouncer",
    "tests.fixtures.temporal",
    "tests.fixtures.simulators",
    "tests.fixtures.simulator_accounts",
    "tests.fixtures.one_test",
    "tests.fixtures.record",
    "tests.fixtures.mill",
    "tests.fixtures.api",
    "tests.fixtures.shop",
    "tests.fixtures.browser",
    "tests.fixtures.local_stack",
    "tests.fixtures.webhooks",
    "tests.fixtures.web_ui",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Never look at what was found again when garbage is collected: it stays until the end."""
    gc.freeze()
