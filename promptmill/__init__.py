"""What the rooms share: contracts, settings, the doors to Postgres, Temporal and the providers."""
