"""Expressions and derivatives as text and LaTeX: index notation, matrix notation, names."""
