"""Claimed derivatives against numerical differences, and the mistakes that they may contain."""
