"""The HTTP edge: who may call, what may be sent, and the one format of every error."""
