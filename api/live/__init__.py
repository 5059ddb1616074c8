"""Live streams: who subscribes, what each stream is sent, and how it is sent as server-sent events."""
