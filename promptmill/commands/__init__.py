"""What each command of the command line does; `promptmill.cli` names them."""
