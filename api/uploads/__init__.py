"""Pictures that callers upload: read from a form, judged, cleaned of everything but pixels."""
