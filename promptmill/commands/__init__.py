"""What each command does; `promptmill.cli` declares them."""
