"""What all provider clients share: connections, answers read defensively, the guarded paid POST, redaction."""
