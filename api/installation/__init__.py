"""The state of this installation for operators and probes, and the switches that operators set."""
