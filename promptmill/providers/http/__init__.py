"""Shared by all provider clients: connections, defensive reading of responses, the guarded paid POST, redaction."""
