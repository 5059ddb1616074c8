"""The page: its files, how a browser gets them, and the words that it takes from here. No step builds it."""
