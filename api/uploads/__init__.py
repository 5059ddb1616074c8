"""Uploaded images: read from a form, validated, stripped of everything but pixels."""
