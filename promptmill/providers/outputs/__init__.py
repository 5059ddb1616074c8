"""Fetches finished outputs from where WaveSpeed keeps them."""
