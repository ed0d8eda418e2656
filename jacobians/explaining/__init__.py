"""Derivations, line by line."""
