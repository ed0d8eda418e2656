"""Data, training, and comparisons of orders on real networks."""
