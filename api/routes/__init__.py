"""The routes, one module per resource: parse, call, respond."""
