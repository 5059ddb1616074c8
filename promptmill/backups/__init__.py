"""Backups of the record: files in a folder, each with a manifest, written and read by Postgres' own programs."""
