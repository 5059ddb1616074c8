"""Real servers, once a session; a fresh database, queue and provider account per test.

The first thing that happens is that the machine's own settings leave the environment: tests must never spend.
"""

import os

from tests.environment import scrub

scrub(os.environ)

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
    "tests.fixtures.webhooks",
]
