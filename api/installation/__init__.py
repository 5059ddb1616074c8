"""What operators and probes are told of this installation, and the switches that they set."""
