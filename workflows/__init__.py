"""What happens, in what order. Deterministic. Imports nothing: the tests' sandbox must see each one's own imports."""
