"""Rewrites of terms: other terms for the same sum, taken where they are cheaper."""
