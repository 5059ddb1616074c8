"""The page: its files, how they are served, and the vocabulary that it shares with the API. No build step."""
