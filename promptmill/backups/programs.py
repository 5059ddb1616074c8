"""Postgres' own programs: where they are, whether they are new enough, and how they are told where the record is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from promptmill.contracts.errors import ConfigurationError
from promptmill.local.errors import LocalStackError
from promptmill.local.postgres import programs_by_version
from promptmill.store.address import parse_address

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Programs:
    """`pg_dump` and `pg_restore` of one major version."""

    version: int
    folder: Path

    def program(self, name: str) -> str:
        """Return the path of one of them."""
        return str(self.folder / name)


def find_programs(at_least: int) -> Programs:
    """Return the oldest programs that are new enough: newer ones write what an older server does not understand.

    Those on the PATH are taken before the wheel's, which know no TLS.

    Raises:
        ConfigurationError: There are none.
    """
    found = [*_on_the_path(), *_of_the_wheel()]
    enough = [programs for programs in found if programs.version >= at_least]
    if not enough:
        have = ", ".join(str(programs.version) for programs in found)
        raise ConfigurationError(
            f"Postgres' programs of version {at_least} or newer are needed, as pg_dump must not be older than the "
            f"server; here {f'is {have}' if have else 'are none'}. Install postgresql-client-{at_least}, or put its "
            "folder first on the PATH."
        )
    return min(enough, key=lambda programs: programs.version)


def _on_the_path() -> list[Programs]:
    path = shutil.which("pg_dump")
    if path is None:
        return []
    # The folder of the PATH, not of the file behind its links: Debian's is a wrapper that goes by its own name.
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  # from the PATH
    version = _VERSION.search(told.stdout)
    return [Programs(int(version[1]), Path(path).parent)] if version else []


def _of_the_wheel() -> list[Programs]:
    try:
        return [Programs(version, folder) for version, folder in sorted(programs_by_version().items())]
    except LocalStackError:
        return []  # a container has no wheel


@dataclass(frozen=True)
class Connection:
    """How a program of libpq is told where to connect.

    Attributes:
        address: The URL for its command line, which everybody on the machine can read: without a password.
        environment: The environment, with the password.
    """

    address: str
    environment: Mapping[str, str]


def connection_of(database_url: str, settings: Mapping[str, str] | None = None) -> Connection:
    """Return how to connect to the database of a URL, with more settings of the server's.

    Raises:
        ConfigurationError: It is not a Postgres URL, or has a passphrase, which libpq takes from nowhere else.
    """
    address = parse_address(database_url)
    parts = urlsplit(address.dsn)
    given = dict(parse_qsl(parts.query))
    if "sslpassword" in given:
        raise ConfigurationError(
            "The URL has sslpassword, which pg_dump would have to be told on its command line, for everybody to read: "
            "use a client key without a passphrase, readable by this user alone."
        )
    user, at, hosts = parts.netloc.rpartition("@")
    name, colon, in_front = user.partition(":")
    password = given.pop("password", None) or (unquote(in_front) if colon else None)
    if database := given.pop("database", None):  # libpq knows one name only
        given.setdefault("dbname", database)
    given["application_name"] = f"{address.application_name} backup"
    if options := " ".join(_options({**address.server_settings, **(settings or {})})):
        given["options"] = options
    given["connect_timeout"] = str(max(2, round(address.connect_seconds)))
    return Connection(
        urlunsplit(parts._replace(netloc=f"{name}{at}{hosts}", query=urlencode(given, quote_via=quote))),
        {**os.environ, **({"PGPASSWORD": password} if password is not None else {})},
    )


def _options(server_settings: Mapping[str, str]) -> Iterator[str]:
    """Yield what libpq's `options` hold: those of the URL, and its other settings, whose blanks are escaped there."""
    for name, value in server_settings.items():
        yield value if name == "options" else "-c " + re.sub(r"([\\ ])", r"\\\1", f"{name}={value}")
