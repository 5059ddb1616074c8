"""Callbacks to URLs given by callers: signed, and sent only to allowed addresses."""
