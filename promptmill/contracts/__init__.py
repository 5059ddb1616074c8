"""Pure data that every room speaks in. Safe inside the workflow sandbox: pydantic and the standard library only."""
