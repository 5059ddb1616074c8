"""What callers may send and what they get, field by field."""
