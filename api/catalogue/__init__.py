"""The models that a form offers: the presets, WaveSpeed's own list, and what a run would cost."""
