"""The tools for agents, served over HTTP."""
