"""The clients of WaveSpeed: the paid side, the unpaid side, and how its answers are read."""
