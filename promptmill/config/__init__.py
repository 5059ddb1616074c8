"""What is configured: the settings with their values, and the presets of models."""
