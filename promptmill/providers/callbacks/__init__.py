"""Callbacks to addresses that callers gave: signed, and sent only where they may go."""
