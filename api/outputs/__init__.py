"""Serves stored outputs: files with ranges, archives, and signed addresses."""
