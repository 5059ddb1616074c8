"""Settings of the API's door for agents."""

from __future__ import annotations

from pydantic import BaseModel, Field


class AgentSettings(BaseModel):
    """Whether agents may use this installation over HTTP."""

    mcp: bool = Field(
        False, description="Serve /mcp, the tools for agents (Model Context Protocol), to callers with a key."
    )
