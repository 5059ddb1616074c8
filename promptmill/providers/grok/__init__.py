"""The client of Grok (xAI)."""
