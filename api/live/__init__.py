"""Live streams: who listens, what they are told, and how it goes out as server-sent events."""
