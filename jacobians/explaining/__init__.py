"""Derivations: what a careful teacher writes on the board, as lines that can be evaluated."""
