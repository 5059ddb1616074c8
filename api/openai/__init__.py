"""OpenAI's shape of the API: pictures from a prompt, answered when they are there."""
