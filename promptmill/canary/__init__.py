"""The canary: one paid request to each real provider, whose every answer is compared with what we rely on."""
