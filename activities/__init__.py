"""Everything that touches the outside world: thin, one class per external system."""
