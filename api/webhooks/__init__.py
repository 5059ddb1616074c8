"""Verification of WaveSpeed's webhooks."""
