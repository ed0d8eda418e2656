"""Text to expressions, in three steps: syntax, meaning, answers."""
