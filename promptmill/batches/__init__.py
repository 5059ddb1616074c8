"""Batches: how the rows of a table become bodies of jobs. Nothing here does I/O."""
