"""Pure data shared by all packages. Safe inside the tests' workflow sandbox: pydantic and the standard library only."""
