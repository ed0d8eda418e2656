"""Tokens, grammar and tree of a formula."""
