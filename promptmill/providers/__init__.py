"""Clients of the two providers. The only package that uses httpx; nothing in it retries."""
