"""Pure data shared by all packages. Safe inside the workflow sandbox: pydantic and the standard library only."""
