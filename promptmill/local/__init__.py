"""The one-command local stack: real servers from wheels, simulators where no key is set, and their supervision."""
