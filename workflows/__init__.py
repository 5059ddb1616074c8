"""What happens, in what order. Deterministic. Imports nothing: the sandbox must see each workflow's own imports."""
