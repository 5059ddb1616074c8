#!/bin/sh
# Upgrades Temporal's two databases to this image's schema. Safe to repeat; run it before a newer server starts.
set -eu

bring_up() { # database, folder of its schema
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
        --db "$1" setup-schema --version 0.0
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
        --db "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

bring_up "$DBNAME" temporal
bring_up "$VISIBILITY_DBNAME" visibility
