"""From expressions to straight-line code and its exact cost."""
