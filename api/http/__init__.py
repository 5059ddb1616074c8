"""The HTTP edge: who may call, what may be sent, and the one shape of every refusal."""
