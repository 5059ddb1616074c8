"""xAI's API (`/v1`), simulated."""
