"""The deployment checklist as commands: what each line asks (`docs/checklist.toml`), how it is looked at, the sheet."""
