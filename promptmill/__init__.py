"""Shared by all packages: contracts, settings, and access to Postgres, Temporal and the providers."""
