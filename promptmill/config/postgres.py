"""Settings of Postgres, which holds the record."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from promptmill.contracts.errors import ConfigurationError


class PostgresSettings(BaseModel):
    """Where Postgres is, and how many connections to it a process has."""

    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="Postgres, as a libpq connection URL: postgresql://user:password@host:5432/name (?host=/path for a Unix socket).",
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Maximum number of Postgres connections per process.")
    database_direct_url: SecretStr | None = Field(
        None,
        description="Direct connection URL of Postgres, for live streams and migrations: set it if DATABASE_URL points to a transaction pooler. Defaults to DATABASE_URL.",
    )

    def require_database_url(self) -> str:
        """Return the URL of Postgres.

        Raises:
            ConfigurationError: DATABASE_URL is not set.
        """
        if self.database_url is None:
            raise ConfigurationError(
                "DATABASE_URL is not set: set it to a Postgres URL, or start the local stack with `make up`."
            )
        return self.database_url.get_secret_value()

    def require_database_urls(self) -> dict[str, str]:
        """Return the URLs of Postgres by the names of their variables.

        Raises:
            ConfigurationError: DATABASE_URL is not set.
        """
        urls = {"DATABASE_URL": self.require_database_url()}
        if self.database_direct_url is not None:
            urls["PROMPTMILL_DATABASE_DIRECT_URL"] = self.database_direct_url.get_secret_value()
        return urls

    def require_direct_database_url(self) -> str:
        """Return the direct URL of Postgres, for what does not work through a transaction pooler.

        Raises:
            ConfigurationError: Neither PROMPTMILL_DATABASE_DIRECT_URL nor DATABASE_URL is set.
        """
        if self.database_direct_url is None:
            return self.require_database_url()
        return self.database_direct_url.get_secret_value()
