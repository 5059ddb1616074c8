"""A job as callers make it, see it and follow it."""
