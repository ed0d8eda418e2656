"""Printing: names, index notation, matrix notation."""
