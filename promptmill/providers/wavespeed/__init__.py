"""The clients of WaveSpeed: paid calls, unpaid calls, and the interpretation of responses."""
