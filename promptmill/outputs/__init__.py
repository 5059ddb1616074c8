"""Our own copies of outputs: where they are stored, what they are called, and what lies beside each."""
