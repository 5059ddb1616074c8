#!/bin/sh
# Creates two users and three databases in an empty Postgres: Promptmill's record, and Temporal's own two.
# The postgres image runs this once, when its data folder is new. Neither user can read the other's databases.
set -eu

: "${PGPASSWORD:?the password of user promptmill}" "${SQL_PASSWORD:?the password of user temporal}"

psql --username "$POSTGRES_USER" --dbname postgres --no-psqlrc --set ON_ERROR_STOP=1 \
    --set promptmill_password="$PGPASSWORD" --set temporal_password="$SQL_PASSWORD" <<'SQL'
CREATE ROLE promptmill LOGIN PASSWORD :'promptmill_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE promptmill OWNER promptmill;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT, TEMPORARY ON DATABASE promptmill, temporal, temporal_visibility FROM PUBLIC;
SQL
