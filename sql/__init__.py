"""Everything that Postgres is told: the schema, its functions, its migrations, and the tables as classes."""
