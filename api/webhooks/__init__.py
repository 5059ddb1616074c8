"""WaveSpeed's webhooks: whether one is genuine."""
