"""Request and response models, field by field."""
