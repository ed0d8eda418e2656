"""Pages of documentation, and what they are made from."""
