"""The HTTP facade: accepts jobs, reads the record, asks Temporal to start and to cancel. It never runs an activity."""
