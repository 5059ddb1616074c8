"""Local servers that speak Grok's and WaveSpeed's wire formats, keep a ledger of charges, and fail on demand."""
