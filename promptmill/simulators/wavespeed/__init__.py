"""WaveSpeed AI's API (`/api/v3`), simulated."""
