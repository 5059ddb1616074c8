"""Clients of the two providers. The only place that knows httpx; nothing in it asks twice."""
