#!/bin/sh
# Run by PostgreSQL's image when it makes an empty cluster: our role, our database, and who may read the log.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" \
    --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
-- It makes databases for proofs of backups, and reads the write-ahead log (docs/operations.md, Setting up).
CREATE ROLE howtoai LOGIN CREATEDB REPLICATION PASSWORD :'password';
CREATE DATABASE howtoai OWNER howtoai ENCODING 'UTF8' TEMPLATE template0 LOCALE_PROVIDER builtin LOCALE 'C.UTF-8';
\connect howtoai
CREATE EXTENSION pg_stat_statements;
-- From here on the superuser comes in by the socket inside of the container alone.
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL

# "all" in a line of pg_hba.conf does not mean replication.
echo "host replication howtoai all scram-sha-256" >> "$PGDATA/pg_hba.conf"
